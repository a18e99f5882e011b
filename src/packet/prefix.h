// SPDX-License-Identifier: BSD-2-Clause
// Blocks of addresses: a network and how many of its bits count.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "packet/address.h"

namespace xtg::packet {

struct IpPrefix {
  Ip network; ///< its other bits are zero
  unsigned length = 0;
  bool operator==(const IpPrefix&) const = default;
  /// "192.0.2.0/24", "2001:db8::/32", or an address, which is a block of its own. Bits beyond the
  /// length are cut.
  static Result<IpPrefix> parse(std::string_view text);
  [[nodiscard]] bool contains(const Ip& ip) const;
  [[nodiscard]] std::string to_string() const; ///< always with its length
};

/// Blocks from which no public host sends: private, link-local, loopback, documentation and
/// benchmark ranges, carrier-grade NAT. Ip::is_non_public() is these and multicast of a scope below
/// global.
std::span<const IpPrefix> non_public_blocks();

} // namespace xtg::packet
