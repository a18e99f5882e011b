// SPDX-License-Identifier: BSD-2-Clause
#include "core/units.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const Result<Rate> rate = parse_rate(fuzz::as_text(data, size));
  if (!rate) {
    fuzz::require_refusal(rate.error());
    return 0;
  }
  fuzz::require(rate->unit == Rate::Unit::Max || (rate->value >= 1e-3 && rate->value <= 1e15),
                "rate is within its bounds");
  const Result<Rate> again = parse_rate(format_rate(*rate));
  fuzz::require(again.has_value() && *again == *rate, "round trip");
  return 0;
}
