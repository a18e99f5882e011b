// SPDX-License-Identifier: BSD-2-Clause
// A plain model of filter matching: the reference for xtg/abi/rx_match.h and for the kernel
// program. Shares only the parsed filter with them. Also random frames and filters, from few
// values, so that many match.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "packet/bytes.h"
#include "packet/filter.h"

namespace xtg::test {

/// A parsed frame.
struct Taken {
  std::size_t length = 0;
  std::optional<packet::Mac> src_mac, dst_mac;
  std::vector<unsigned> tags; ///< VLAN identifiers, two at most
  unsigned type = 0;          ///< EtherType after the tags
  std::optional<packet::Ip> src, dst;
  std::optional<unsigned> proto, behind_fragment;
  std::optional<unsigned> src_port, dst_port;
};

inline Taken take_apart(std::span<const std::uint8_t> frame) {
  const auto number = [&](std::size_t at, std::size_t size) {
    return static_cast<unsigned>(packet::load_be(frame.subspan(at, size)));
  };
  const auto address = [&](std::size_t at, packet::Family family) {
    packet::Ip ip{family, {}};
    std::copy_n(frame.begin() + static_cast<long>(at), ip.size(), ip.bytes.begin());
    return ip;
  };
  Taken t;
  t.length = frame.size();
  if (frame.size() < 14) return t;
  t.dst_mac.emplace();
  t.src_mac.emplace();
  std::copy_n(frame.begin(), 6, t.dst_mac->bytes.begin());
  std::copy_n(frame.begin() + 6, 6, t.src_mac->bytes.begin());
  t.type = number(12, 2);
  std::size_t at = 14;
  while (t.tags.size() < 2 && (t.type == 0x8100 || t.type == 0x88a8 || t.type == 0x9100) &&
         frame.size() >= at + 4) {
    t.tags.push_back(number(at, 2) % 4096);
    t.type = number(at + 2, 2);
    at += 4;
  }
  bool whole = true; // not a fragment
  if (t.type == 0x0800) {
    if (frame.size() < at + 20 || frame[at] / 16 != 4 || frame[at] % 16 < 5) return t;
    t.src = address(at + 12, packet::Family::V4);
    t.dst = address(at + 16, packet::Family::V4);
    t.proto = frame[at + 9];
    whole = number(at + 6, 2) % 0x4000 == 0;
    at += frame[at] % 16 * std::size_t{4};
  } else if (t.type == 0x86dd) {
    if (frame.size() < at + 40 || frame[at] / 16 != 6) return t;
    t.src = address(at + 8, packet::Family::V6);
    t.dst = address(at + 24, packet::Family::V6);
    t.proto = frame[at + 6];
    at += 40;
    if (t.proto == 44U && frame.size() >= at + 8) t.behind_fragment = frame[at];
  } else {
    return t;
  }
  const bool ports = t.proto == 6U || t.proto == 17U || t.proto == 132U;
  if (!whole || !ports || frame.size() < at + 4) return t;
  t.src_port = number(at, 2);
  t.dst_port = number(at + 2, 2);
  return t;
}

/// Compares one side or either, as requested.
template <class T, class Fits>
bool on_side(packet::Primitive::Side side, const std::optional<T>& src, const std::optional<T>& dst,
             Fits fits) {
  using Side = packet::Primitive::Side;
  return (side != Side::Destination && src && fits(*src)) ||
         (side != Side::Source && dst && fits(*dst));
}

inline bool in_net(const packet::Ip& ip, const packet::Ip& net, unsigned prefix) {
  if (ip.family != net.family) return false;
  for (unsigned bit = 0; bit < prefix; bit++)
    if (((ip.bytes[bit / 8] ^ net.bytes[bit / 8]) >> (7 - bit % 8)) % 2 != 0) return false;
  return true;
}

/// `tag`: number of preceding vlan primitives.
inline bool fits(const Taken& t, const packet::Primitive& p, unsigned tag) {
  using Kind = packet::Primitive::Kind;
  const auto carries = [&](unsigned proto) {
    return t.proto && (t.proto == proto || t.behind_fragment == proto);
  };
  const auto is = [&](Kind kind) {
    switch (kind) {
    case Kind::Ip:
      return t.type == 0x0800;
    case Kind::Ip6:
      return t.type == 0x86dd;
    case Kind::Arp:
      return t.type == 0x0806;
    case Kind::Udp:
      return carries(17);
    case Kind::Tcp:
      return carries(6);
    case Kind::Icmp:
      return t.type == 0x0800 && carries(1);
    default:
      return t.type == 0x86dd && carries(58);
    }
  };
  switch (p.kind) {
  case Kind::Vlan:
    return t.tags.size() > tag && (!p.numbered || t.tags[tag] == p.low);
  case Kind::Proto:
    return carries(p.low) && (!p.of || is(*p.of));
  case Kind::Host:
    return on_side(p.side, t.src, t.dst, [&](const auto& ip) { return ip == p.address; });
  case Kind::Net:
    return on_side(p.side, t.src, t.dst,
                   [&](const auto& ip) { return in_net(ip, p.address, p.prefix); });
  case Kind::Port:
    return (!p.of || is(*p.of)) && on_side(p.side, t.src_port, t.dst_port, [&](unsigned port) {
             return port >= p.low && port <= p.high;
           });
  case Kind::Ether:
    return on_side(p.side, t.src_mac, t.dst_mac, [&](const auto& mac) { return mac == p.mac; });
  case Kind::Less:
    return t.length <= p.low;
  case Kind::Greater:
    return t.length >= p.low;
  default:
    return is(p.kind);
  }
}

inline bool fits(std::span<const std::uint8_t> frame, const packet::Filter& filter) {
  const Taken taken = take_apart(frame);
  unsigned tag = 0;
  return std::ranges::all_of(filter.primitives, [&](const packet::Primitive& p) {
    const bool good = fits(taken, p, tag);
    if (p.kind == packet::Primitive::Kind::Vlan) tag++;
    return good;
  });
}

/// Random frames and filters with related values.
class MatchDice {
public:
  explicit MatchDice(std::uint64_t seed) : dice_(seed) {}

  /// Mostly valid frames; some are truncated, some have a false header.
  std::vector<std::uint8_t> frame() {
    bytes_.clear();
    put(mac());
    put(mac());
    for (std::uint64_t tags = one_in(3) ? 1 + roll(3) : 0; tags > 0; tags--) {
      put_be(one_in(2) ? 0x8100 : one_in(2) ? 0x88a8 : 0x9100, 2);
      put_be(roll(8) << 13 | vlan(), 2);
    }
    switch (roll(9)) {
    case 0:
      put_be(one_in(2) ? 0x0806 : roll(0x10000), 2);
      break;
    case 1:
    case 2:
    case 3:
    case 4:
      put_v4();
      break;
    default:
      put_v6();
      break;
    }
    put_be(port(), 2);
    put_be(port(), 2);
    bytes_.resize(bytes_.size() + (one_in(2) ? roll(10) : roll(1400)));
    if (one_in(10)) bytes_.resize(14 + roll(bytes_.size() - 13));
    return bytes_;
  }

  std::string filter() {
    std::string text = primitive();
    for (std::uint64_t more = roll(4); more > 0; more--)
      text += " and " + primitive();
    return text;
  }

private:
  std::uint64_t roll(std::uint64_t sides) { return dice_() % sides; }
  bool one_in(std::uint64_t sides) { return roll(sides) == 0; }
  template <class T>
  const T& any(const std::vector<T>& of) {
    return of[roll(of.size())];
  }

  void put_be(std::uint64_t value, std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    packet::store_be(std::span(bytes_).last(size), value);
  }
  void put(const std::string& mac) {
    const auto parsed = *packet::Mac::parse(mac);
    bytes_.insert(bytes_.end(), parsed.bytes.begin(), parsed.bytes.end());
  }
  void put_ip(const std::string& text) {
    const auto ip = *packet::Ip::parse(text);
    bytes_.insert(bytes_.end(), ip.bytes.begin(), ip.bytes.begin() + static_cast<long>(ip.size()));
  }

  std::string mac() { return any<std::string>({"02:00:00:00:00:01", "02:00:00:00:00:02"}); }
  std::uint64_t vlan() { return any<std::uint64_t>({0, 5, 4095}); }
  std::uint64_t port() { return any<std::uint64_t>({0, 53, 1000, 10'000, 65'535}); }
  std::uint64_t proto() { return any<std::uint64_t>({17, 17, 17, 6, 6, 1, 58, 132, 44, 50, 0}); }
  std::string v4() {
    return any<std::string>({"198.18.0.1", "198.18.0.2", "198.19.255.255", "0.0.0.0"});
  }
  std::string v6() { return any<std::string>({"2001:2::1", "2001:2::2", "2001:3::1", "::"}); }

  void put_v4() {
    const std::uint64_t words = one_in(4) ? roll(16) : 5;
    put_be(0x0800, 2);
    put_be((one_in(20) ? 6 : 4) << 4 | words, 1);
    put_be(0, 5);
    put_be(one_in(6) ? any<std::uint64_t>({0x2000, 0x2001, 0x0001, 0x4000, 0x8000, 0x1fff}) : 0, 2);
    put_be(64, 1);
    put_be(proto(), 1);
    put_be(0, 2);
    put_ip(v4());
    put_ip(v4());
    for (std::uint64_t i = 5; i < words; i++)
      put_be(dice_(), 4);
  }
  void put_v6() {
    const std::uint64_t next = proto();
    put_be(0x86dd, 2);
    put_be(one_in(20) ? 0x45 : 0x60, 1);
    put_be(0, 5);
    put_be(next, 1);
    put_be(64, 1);
    put_ip(v6());
    put_ip(v6());
    if (next != 44) return;
    put_be(proto(), 1);
    put_be(one_in(2) ? 0 : dice_(), 7);
  }

  std::string side() { return any<std::string>({"", "src ", "dst "}); }
  std::string primitive() {
    switch (roll(14)) {
    case 0:
      return any<std::string>({"ip", "ip6", "arp", "udp", "tcp", "icmp", "icmp6"});
    case 1:
      return any<std::string>({"", "ip ", "ip6 "}) + "proto " + std::to_string(proto());
    case 2:
      return side() + "host " + (one_in(2) ? v4() : v6());
    case 3:
      return side() + "net " +
             any<std::string>({"198.18.0.0/15", "198.18.0.0/31", "198.18.0.2/32", "0.0.0.0/0",
                               "0.0.0.0/1", "2001:2::/48", "2001:2::/15", "2001:2::2/127", "::/0",
                               "2001:3::1/128"});
    case 4:
    case 5:
    case 6:
      return any<std::string>({"", "udp ", "tcp "}) + side() + "port " + std::to_string(port());
    case 7:
      return any<std::string>({"", "udp ", "tcp "}) + side() +
             any<std::string>({"portrange 53-1000", "portrange 0-65535", "portrange 54-65534"});
    case 8:
    case 9:
      return one_in(2) ? "vlan" : "vlan " + std::to_string(vlan());
    case 10:
      return "ether " + side() + "host " + mac();
    case 11:
      return "less " + std::to_string(roll(700));
    case 12:
      return "greater " + std::to_string(roll(700));
    default:
      return any<std::string>({"ip", "ip6", "udp"});
    }
  }

  std::mt19937_64 dice_;
  std::vector<std::uint8_t> bytes_;
};

} // namespace xtg::test
