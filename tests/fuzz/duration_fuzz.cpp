// SPDX-License-Identifier: BSD-2-Clause
#include "core/units.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const Result<Nanoseconds> duration = parse_duration(fuzz::as_text(data, size));
  if (!duration) {
    fuzz::require_refusal(duration.error());
    return 0;
  }
  fuzz::require(duration->count() >= 0, "durations are not negative");
  const Result<Nanoseconds> again = parse_duration(format_duration(*duration));
  fuzz::require(again.has_value() && *again == *duration, "round trip");
  return 0;
}
