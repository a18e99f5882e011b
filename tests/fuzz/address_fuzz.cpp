// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz.h"
#include "packet/address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace xtg;
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::round_trip<packet::Ip>(text);
  if (const Result<packet::Ip> ip = packet::Ip::parse(text)) {
    fuzz::require(ip->with_low(ip->low()) == *ip, "low part");
    fuzz::require(!ip->is_link_local() || ip->is_non_public(), "link-local is not public");
  }
  return 0;
}
