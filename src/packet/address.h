// SPDX-License-Identifier: BSD-2-Clause
// Link-layer and IP addresses, and the inclusive ranges of them that a stream may sweep. Pure
// values: parse functions accept exactly the notations named here and never look anything up.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/values.h"

namespace xtg::packet {

struct Mac {
  std::array<std::uint8_t, 6> bytes{}; ///< wire order
  auto operator<=>(const Mac&) const = default;
  /// "02:00:00:00:00:01" or with dashes; case-insensitive; six groups of one or two hex digits.
  static Result<Mac> parse(std::string_view text);
  static Mac from_u64(std::uint64_t value); ///< low 48 bits, the first byte most significant
  [[nodiscard]] std::uint64_t to_u64() const;
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool is_group() const { return (bytes[0] & 1) != 0; } ///< multicast or broadcast
};

enum class Family : std::uint8_t { V4, V6 };

struct Ip {
  Family family = Family::V4;
  std::array<std::uint8_t, 16> bytes{}; ///< wire order; an IPv4 address fills the first four
  auto operator<=>(const Ip&) const = default;
  /// Dotted quad (no leading zeros, all four parts) or RFC 4291 text; no zone, no prefix, no
  /// brackets.
  static Result<Ip> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const; ///< RFC 5952 for IPv6
  [[nodiscard]] bool is_v4() const { return family == Family::V4; }
  [[nodiscard]] std::size_t size() const { return is_v4() ? 4 : 16; }
  [[nodiscard]] bool is_multicast() const;
  [[nodiscard]] bool is_link_local() const; ///< 169.254/16, fe80::/10
  [[nodiscard]] bool is_unspecified() const;
  [[nodiscard]] bool is_loopback() const; ///< 127/8, ::1
  /// Exists on every link, so it needs an interface to identify one host or group (RFC 4007:
  /// fe80::/10, and multicast of interface and link scope).
  [[nodiscard]] bool needs_zone() const;
  /// Private, link-local, loopback, documentation and benchmark ranges (RFC 1918, 3927, 4193, 5737,
  /// 3849, 9637, 2544 = 198.18.0.0/15, 5180 = 2001:2::/48), CGN (RFC 6598), and multicast below
  /// global scope (239/8, 224.0.0/24, ff0x:: with x < e). Everything else is public and needs an
  /// explicit option.
  [[nodiscard]] bool is_non_public() const;
  /// The low 32 bits (IPv4) or low 64 bits (IPv6), host order.
  [[nodiscard]] std::uint64_t low() const;
  /// Same address with the low part replaced.
  [[nodiscard]] Ip with_low(std::uint64_t value) const;
};

/// first, first + step, ... or a list, as Values. 1 <= count <= kMaxRangeCount; a range never
/// wraps. An IPv6 range stays within one /64, and a list holds its low 64 bits.
struct MacRange {
  Mac first;
  std::uint64_t count = 1;
  std::uint64_t step = 1;
  std::vector<std::uint64_t> list{};
  bool operator==(const MacRange&) const = default;
  /// "MAC", "MAC-MAC" or "MAC-MAC/STEP" (colon notation in ranges), or several with commas.
  static Result<MacRange> parse(std::string_view text);
  [[nodiscard]] Values values() const { return {first.to_u64(), count, step, list}; }
  [[nodiscard]] Mac at(std::uint64_t i) const;
  [[nodiscard]] std::string to_string() const; ///< in the notation of parse()
};

struct IpRange {
  Ip first;
  std::uint64_t count = 1;
  std::uint64_t step = 1;
  std::vector<std::uint64_t> list{};
  bool operator==(const IpRange&) const = default;
  /// "A", "A-B" (same family, B >= A), "A-B/STEP", "A/len", or several of one family separated by
  /// commas. A prefix means all its addresses, starting at the network address; host bits are
  /// cleared: 10.0.0.7/24 is 10.0.0.0-10.0.0.255.
  static Result<IpRange> parse(std::string_view text);
  [[nodiscard]] Values values() const { return {first.low(), count, step, list}; }
  [[nodiscard]] Ip at(std::uint64_t i) const;
  [[nodiscard]] Ip last() const { return at(count - 1); }
  /// The smallest contiguous range that contains all of them.
  [[nodiscard]] IpRange hull() const;
  /// Removes the network and broadcast addresses of an IPv4 prefix of this length (1 to 30).
  [[nodiscard]] IpRange without_edges(unsigned length) const;
  [[nodiscard]] std::string to_string() const;
};

/// The MAC of a multicast group: RFC 1112 6.4 and RFC 2464 7.
Mac multicast_mac(const Ip& group);

struct PortRange {
  std::uint16_t first = 0;
  std::uint32_t count = 1; ///< 1 to 65536
  std::uint32_t step = 1;
  std::vector<std::uint64_t> list{};
  bool operator==(const PortRange&) const = default;
  /// "N", "A-B" or "A-B/STEP", 0 to 65535, or several with commas.
  static Result<PortRange> parse(std::string_view text);
  [[nodiscard]] Values values() const { return {first, count, step, list}; }
  [[nodiscard]] std::uint16_t at(std::uint64_t i) const;
  [[nodiscard]] std::string to_string() const;
};

} // namespace xtg::packet
