// SPDX-License-Identifier: BSD-2-Clause
// Address blocks: a network and its prefix length.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "packet/address.h"

namespace xtg::packet {

struct IpPrefix {
  Ip network; ///< host bits are zero
  unsigned length = 0;
  bool operator==(const IpPrefix&) const = default;
  /// "192.0.2.0/24", "2001:db8::/32", or an address, which is a block of one. Host bits are
  /// cleared.
  static Result<IpPrefix> parse(std::string_view text);
  [[nodiscard]] bool contains(const Ip& ip) const;
  [[nodiscard]] std::string to_string() const; ///< always with the prefix length
};

/// Blocks that no public host sends from: private, link-local, loopback, documentation and
/// benchmark ranges, and carrier-grade NAT. Ip::is_non_public() adds multicast below global scope.
std::span<const IpPrefix> non_public_blocks();

} // namespace xtg::packet
