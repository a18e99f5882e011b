// SPDX-License-Identifier: BSD-2-Clause
#include <string>

#include "core/units.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const Result<std::uint64_t> count = parse_count(fuzz::as_text(data, size));
  if (!count) {
    fuzz::require_refusal(count.error());
    return 0;
  }
  const Result<std::uint64_t> again = parse_count(std::to_string(*count));
  fuzz::require(again.has_value() && *again == *count, "round trip");
  return 0;
}
