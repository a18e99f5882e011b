// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::Mac>(text);
  fuzz::round_trip<packet::MacRange>(text);
  if (const Result<packet::MacRange> range = packet::MacRange::parse(text)) {
    fuzz::require(range->count >= 1 && range->count <= packet::kMaxRangeCount, "count");
    fuzz::require(range->first <= range->at(range->count - 1), "range does not wrap");
  }
  return 0;
}
