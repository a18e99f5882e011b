// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/address.h"
#include "values.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::IpRange>(text);
  if (const Result<packet::IpRange> range = packet::IpRange::parse(text)) {
    // An IPv6 range stays within one /64.
    fuzz::require_values(range->values(), range->first.is_v4() ? 0xffff'ffff : ~std::uint64_t{0});
  }
  return 0;
}
