// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::IpRange>(text);
  if (const Result<packet::IpRange> range = packet::IpRange::parse(text)) {
    fuzz::require(range->count >= 1 && range->count <= packet::kMaxRangeCount, "count");
    fuzz::require(range->first <= range->last(), "range does not wrap");
    fuzz::require(range->last().low() - range->first.low() + 1 == range->count,
                  "count fits the ends");
  }
  return 0;
}
