// SPDX-License-Identifier: BSD-2-Clause
// Encodes filters for the kernel program, and checks whether any frame can match.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include "core/text.h"
#include "packet/filter.h"

namespace xtg::packet {

namespace {

using Kind = Primitive::Kind;
using Side = Primitive::Side;

std::uint32_t has_kind(Kind kind) {
  switch (kind) {
  case Kind::Ip:
    return XTG_RX_HAS_IP;
  case Kind::Ip6:
    return XTG_RX_HAS_IP6;
  case Kind::Arp:
    return XTG_RX_HAS_ARP;
  case Kind::Udp:
    return XTG_RX_HAS_HEADER | XTG_RX_HAS_UDP;
  case Kind::Tcp:
    return XTG_RX_HAS_HEADER | XTG_RX_HAS_TCP;
  case Kind::Icmp:
    return XTG_RX_HAS_HEADER | XTG_RX_HAS_IP | XTG_RX_HAS_ICMP;
  case Kind::Icmp6:
    return XTG_RX_HAS_HEADER | XTG_RX_HAS_IP6 | XTG_RX_HAS_ICMP6;
  case Kind::Port:
    return XTG_RX_HAS_HEADER | XTG_RX_HAS_PORTS;
  case Kind::Proto:
  case Kind::Host:
  case Kind::Net:
    return XTG_RX_HAS_HEADER;
  default:
    return 0;
  }
}

std::uint32_t needs(const Primitive& p, unsigned tag) {
  std::uint32_t has = has_kind(p.kind);
  if (p.of) has |= has_kind(*p.of);
  if (p.kind == Kind::Host || p.kind == Kind::Net)
    has |= p.address.is_v4() ? XTG_RX_HAS_IP : XTG_RX_HAS_IP6;
  if (p.kind == Kind::Vlan) has |= tag == 0 ? XTG_RX_HAS_VLAN : XTG_RX_HAS_VLAN2;
  return has;
}

/// `bytes`, and a mask of its first `bits` bits, as they lie in the frame.
void set_bytes(xtg_rx_term& term, std::span<const std::uint8_t> bytes, std::size_t bits) {
  std::array<std::uint8_t, sizeof term.mask> mask{};
  for (std::size_t bit = 0; bit < bits; ++bit)
    mask[bit / 8] |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
  std::memcpy(term.value, bytes.data(), bytes.size());
  std::memcpy(term.mask, mask.data(), mask.size());
}

bool has_value(const Primitive& p) {
  switch (p.kind) {
  case Kind::Vlan:
    return p.numbered;
  case Kind::Proto:
  case Kind::Host:
  case Kind::Net:
  case Kind::Port:
  case Kind::Ether:
    return true;
  default:
    return false;
  }
}

xtg_rx_term term_of(const Primitive& p, unsigned tag) {
  xtg_rx_term term{};
  term.sides = p.side == Side::Source        ? XTG_RX_SOURCE
               : p.side == Side::Destination ? XTG_RX_DESTINATION
                                             : XTG_RX_SOURCE | XTG_RX_DESTINATION;
  term.value[0] = p.low;
  switch (p.kind) {
  case Kind::Host:
  case Kind::Net:
    term.field = XTG_RX_ADDRESS;
    set_bytes(term, p.address.bytes, p.kind == Kind::Net ? p.prefix : 8 * p.address.size());
    break;
  case Kind::Ether:
    term.field = XTG_RX_MAC;
    set_bytes(term, p.mac.bytes, 8 * p.mac.bytes.size());
    break;
  case Kind::Port:
    term.field = XTG_RX_PORT;
    term.value[1] = p.high;
    break;
  case Kind::Vlan:
    term.field = tag == 0 ? XTG_RX_OUTER_VLAN : XTG_RX_INNER_VLAN;
    break;
  default:
    term.field = XTG_RX_PROTO;
    break;
  }
  return term;
}

/// Terms of one primitive; `tag`: index of the VLAN tag it matches.
xtg_rx_match encode(const Primitive& primitive, unsigned tag) {
  xtg_rx_match match{};
  match.has = needs(primitive, tag);
  match.length_max = ~std::uint32_t{0};
  if (primitive.kind == Kind::Less) match.length_max = primitive.low;
  if (primitive.kind == Kind::Greater) match.length_min = primitive.low;
  if (has_value(primitive)) match.terms[match.n_terms++] = term_of(primitive, tag);
  return match;
}

/// Whether no frame can match all of these.
bool exclude_each_other(std::uint32_t has) {
  constexpr std::uint32_t kNetwork = XTG_RX_HAS_IP | XTG_RX_HAS_IP6 | XTG_RX_HAS_ARP;
  constexpr std::uint32_t kTransport =
      XTG_RX_HAS_UDP | XTG_RX_HAS_TCP | XTG_RX_HAS_ICMP | XTG_RX_HAS_ICMP6;
  constexpr std::uint32_t kNoPorts = XTG_RX_HAS_ICMP | XTG_RX_HAS_ICMP6;
  return std::popcount(has & kNetwork) > 1 || std::popcount(has & kTransport) > 1 ||
         ((has & XTG_RX_HAS_ARP) != 0 && (has & XTG_RX_HAS_HEADER) != 0) ||
         ((has & XTG_RX_HAS_PORTS) != 0 && (has & kNoPorts) != 0);
}

bool exclude_each_other(const Primitive& a, const Primitive& b) {
  const xtg_rx_match x = encode(a, 0), y = encode(b, 0);
  return exclude_each_other(x.has | y.has) || x.length_min > y.length_max ||
         y.length_min > x.length_max;
}

} // namespace

Status check(const Filter& filter) {
  const auto& all = filter.primitives;
  const auto valued = std::ranges::count_if(all, has_value);
  if (valued > XTG_RX_TERMS)
    return fail(Errc::InvalidArgument,
                fmt::format("{} primitives with a value: at most {}", valued, XTG_RX_TERMS));
  const auto tags =
      std::ranges::count_if(all, [](const Primitive& p) { return p.kind == Kind::Vlan; });
  if (tags > XTG_RX_TAGS)
    return fail(Errc::InvalidArgument,
                fmt::format("\"vlan\" {} times: {} tags are looked at", tags, XTG_RX_TAGS));
  for (auto b = all.begin(); b != all.end(); ++b)
    for (auto a = all.begin(); a != b; ++a)
      if (exclude_each_other(*a, *b))
        return fail(Errc::InvalidArgument,
                    fmt::format("no frame matches both {} and {}: give each alternative a --match "
                                "of its own",
                                quoted(a->to_string()), quoted(b->to_string())));
  return {};
}

xtg_rx_match encode(const Filter& filter) {
  xtg_rx_match all{};
  all.length_max = ~std::uint32_t{0};
  unsigned tag = 0;
  for (const Primitive& primitive : filter.primitives) {
    const xtg_rx_match one = encode(primitive, tag);
    if (primitive.kind == Kind::Vlan) tag++;
    all.has |= one.has;
    all.length_min = std::max(all.length_min, one.length_min);
    all.length_max = std::min(all.length_max, one.length_max);
    if (one.n_terms != 0 && all.n_terms < XTG_RX_TERMS) all.terms[all.n_terms++] = one.terms[0];
  }
  return all;
}

xtg_rx_filters encode(const std::vector<Filter>& filters, bool take) {
  xtg_rx_filters all{};
  all.take = take ? 1 : 0;
  for (const Filter& filter : filters)
    if (all.count < XTG_RX_MATCHES) all.match[all.count++] = encode(filter);
  return all;
}

} // namespace xtg::packet
