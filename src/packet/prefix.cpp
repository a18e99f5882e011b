// SPDX-License-Identifier: BSD-2-Clause
#include "packet/prefix.h"

#include <array>

#include <fmt/format.h>

#include "core/text.h"
#include "packet/bytes.h"

namespace xtg::packet {

namespace {

Ip v4(std::uint8_t a, std::uint8_t b, std::uint8_t c = 0) {
  return Ip{Family::V4, {a, b, c}};
}

Ip v6(std::uint16_t a, std::uint16_t b = 0, std::uint16_t c = 0) {
  Ip ip{Family::V6, {}};
  const std::span<std::uint8_t> bytes(ip.bytes);
  store_be(bytes.subspan(0, 2), a);
  store_be(bytes.subspan(2, 2), b);
  store_be(bytes.subspan(4, 2), c);
  return ip;
}

/// Mask of byte i for a prefix of this length.
std::uint8_t mask_of(unsigned length, std::size_t i) {
  const std::size_t before = 8 * i;
  if (length >= before + 8) return 0xff;
  return length <= before ? std::uint8_t{0}
                          : static_cast<std::uint8_t>(0xff00U >> (length - before));
}

} // namespace

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto ip = Ip::parse(text.substr(0, slash));
  if (ip) {
    const auto bits = static_cast<unsigned>(8 * ip->size());
    const auto length = slash == std::string_view::npos
                            ? bits
                            : parse_unsigned<unsigned>(text.substr(slash + 1)).value_or(bits + 1);
    if (length <= bits) {
      IpPrefix out{*ip, length};
      for (std::size_t i = 0; i < ip->size(); i++)
        out.network.bytes[i] &= mask_of(length, i);
      return out;
    }
  }
  return fail(Errc::InvalidArgument,
              fmt::format("{} is not an address or a prefix: say \"192.0.2.1\", "
                          "\"192.0.2.0/24\" or \"2001:db8::/32\"",
                          quoted(text)));
}

bool IpPrefix::contains(const Ip& ip) const {
  if (ip.family != network.family) return false;
  for (std::size_t i = 0; i < ip.size(); i++)
    if (((ip.bytes[i] ^ network.bytes[i]) & mask_of(length, i)) != 0) return false;
  return true;
}

std::string IpPrefix::to_string() const {
  return fmt::format("{}/{}", network.to_string(), length);
}

std::span<const IpPrefix> non_public_blocks() {
  static const std::array<IpPrefix, 16> kBlocks{{
      {v4(10, 0), 8},           // RFC 1918
      {v4(172, 16), 12},        //
      {v4(192, 168), 16},       //
      {v4(127, 0), 8},          // loopback
      {v4(169, 254), 16},       // link-local: RFC 3927
      {v4(192, 0, 2), 24},      // documentation: RFC 5737
      {v4(198, 51, 100), 24},   //
      {v4(203, 0, 113), 24},    //
      {v4(198, 18), 15},        // benchmarks: RFC 2544
      {v4(100, 64), 10},        // carrier-grade NAT: RFC 6598
      {v6(0xfc00), 7},          // RFC 4193
      {v6(0xfe80), 10},         // link-local: RFC 4291
      {v6(0x2001, 0xdb8), 32},  // documentation: RFC 3849
      {v6(0x3fff), 20},         // documentation: RFC 9637
      {v6(0x2001, 2), 48},      // benchmarks: RFC 5180
      {v6(0).with_low(1), 128}, // loopback
  }};
  return kBlocks;
}

} // namespace xtg::packet
