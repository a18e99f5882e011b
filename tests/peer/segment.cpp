// SPDX-License-Identifier: BSD-2-Clause
#include "segment.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "packet/checksum.h"

namespace xtg::peer {

namespace {

constexpr std::size_t kEth = 14, kIpv4 = 20, kIpv6 = 40, kTcp = 20;
constexpr std::uint8_t kProtocol = 6;

using Bytes = std::span<const std::uint8_t>;

std::uint16_t get16(Bytes b, std::size_t at) {
  return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]);
}
std::uint32_t get32(Bytes b, std::size_t at) {
  return std::uint32_t{get16(b, at)} << 16 | get16(b, at + 2);
}
void put16(std::vector<std::uint8_t>& b, std::uint32_t v) {
  b.push_back(static_cast<std::uint8_t>(v >> 8));
  b.push_back(static_cast<std::uint8_t>(v));
}
void put32(std::vector<std::uint8_t>& b, std::uint32_t v) {
  put16(b, v >> 16);
  put16(b, v & 0xffff);
}
void set16(std::vector<std::uint8_t>& b, std::size_t at, std::uint32_t v) {
  b[at] = static_cast<std::uint8_t>(v >> 8);
  b[at + 1] = static_cast<std::uint8_t>(v);
}
void append(std::vector<std::uint8_t>& b, Bytes more) {
  b.insert(b.end(), more.begin(), more.end());
}
Bytes address(const packet::Ip& ip) {
  return {ip.bytes.data(), ip.size()};
}

std::vector<std::uint8_t> make_options(const Segment& s) {
  std::vector<std::uint8_t> out;
  if (s.mss) {
    out.insert(out.end(), {2, 4});
    put16(out, *s.mss);
  }
  if (s.sack_permitted) out.insert(out.end(), {1, 1, 4, 2});
  if (s.wscale) out.insert(out.end(), {1, 3, 3, *s.wscale});
  if (s.ts) {
    out.insert(out.end(), {1, 1, 8, 10});
    put32(out, s.ts->value);
    put32(out, s.ts->echo);
  }
  if (!s.sack.empty()) {
    out.insert(out.end(), {1, 1, 5, static_cast<std::uint8_t>(2 + 8 * s.sack.size())});
    for (const auto& [from, to] : s.sack) {
      put32(out, from);
      put32(out, to);
    }
  }
  return out;
}

std::string read_options(Segment& s) {
  const Bytes o = s.options;
  for (std::size_t at = 0; at < o.size() && o[at] != 0;) {
    if (o[at] == 1) {
      ++at;
      continue;
    }
    const std::size_t length = at + 1 < o.size() ? o[at + 1] : 0;
    if (length < 2 || at + length > o.size()) return "an option does not fit";
    if (o[at] == 2 && length == 4) s.mss = get16(o, at + 2);
    if (o[at] == 3 && length == 3) s.wscale = o[at + 2];
    if (o[at] == 4 && length == 2) s.sack_permitted = true;
    if (o[at] == 5)
      for (std::size_t b = at + 2; b + 8 <= at + length; b += 8)
        s.sack.emplace_back(get32(o, b), get32(o, b + 4));
    if (o[at] == 8 && length == 10) s.ts = Timestamps{get32(o, at + 2), get32(o, at + 6)};
    at += length;
  }
  return "";
}

/// The network header: where TCP begins and what is wrong; nullopt for something else than TCP.
std::optional<std::size_t> read_ip(Bytes frame, const Ends& ends, Parsed& out) {
  const bool v4 = ends.src.is_v4();
  const std::size_t header = v4 ? kIpv4 : kIpv6;
  if (frame.size() < kEth + header || get16(frame, 12) != (v4 ? 0x0800 : 0x86dd))
    return std::nullopt;
  const Bytes ip = frame.subspan(kEth);
  if (ip[v4 ? 9 : 6] != kProtocol) return std::nullopt;
  const auto expect = [&out](bool right, std::string_view problem) {
    if (!right && out.problem.empty()) out.problem = problem;
  };
  out.relevant = true;
  const std::size_t length = v4 ? get16(ip, 2) : get16(ip, 4) + kIpv6;
  expect(length == ip.size(), "the IP length is not the frame's");
  expect(std::ranges::equal(frame.first(6), ends.dst_mac.bytes), "wrong destination MAC");
  expect(std::ranges::equal(frame.subspan(6, 6), ends.src_mac.bytes), "wrong source MAC");
  if (v4) {
    expect(ip[0] == 0x45, "not a plain IPv4 header");
    expect(packet::internet_checksum(ip.first(kIpv4)) == 0, "wrong IPv4 checksum");
    expect((get16(ip, 6) & 0xbfff) == 0, "a fragment");
    out.segment.dont_fragment = (ip[6] & 0x40) != 0;
    out.segment.ip_id = get16(ip, 4);
    out.segment.ecn = ip[1] & 3;
    out.segment.tos = ip[1] & 0xfc;
    out.segment.hop_limit = ip[8];
  } else {
    expect(ip[0] >> 4 == 6, "not IPv6");
    out.segment.ecn = static_cast<std::uint8_t>(ip[1] >> 4 & 3);
    out.segment.tos = static_cast<std::uint8_t>(get16(ip, 0) >> 4 & 0xfc);
    out.segment.flow_label = get32(ip, 0) & 0xfffff;
    out.segment.hop_limit = ip[7];
  }
  const std::size_t source = v4 ? 12 : 8, size = ends.src.size();
  expect(std::ranges::equal(ip.subspan(source, size), address(ends.src)), "wrong source address");
  expect(std::ranges::equal(ip.subspan(source + size, size), address(ends.dst)),
         "wrong destination address");
  return kEth + header;
}

} // namespace

std::vector<std::uint8_t> build(const Segment& s, const Ends& ends) {
  auto options = s.options.empty() ? make_options(s) : s.options;
  options.resize((options.size() + 3) / 4 * 4);
  const std::size_t length = kTcp + options.size() + s.payload.size();

  std::vector<std::uint8_t> f;
  append(f, ends.dst_mac.bytes);
  append(f, ends.src_mac.bytes);
  if (ends.src.is_v4()) {
    put16(f, 0x0800);
    f.insert(f.end(), {0x45, s.ecn});
    put16(f, static_cast<std::uint32_t>(kIpv4 + length));
    put16(f, s.ip_id);
    put16(f, s.dont_fragment ? 0x4000 : 0);
    f.insert(f.end(), {s.hop_limit, kProtocol, 0, 0});
  } else {
    put16(f, 0x86dd);
    put32(f, 0x60000000U | std::uint32_t{s.ecn} << 20);
    put16(f, static_cast<std::uint32_t>(length));
    f.insert(f.end(), {kProtocol, s.hop_limit});
  }
  append(f, address(ends.src));
  append(f, address(ends.dst));
  if (ends.src.is_v4())
    set16(f, kEth + 10, packet::internet_checksum(Bytes(f).subspan(kEth, kIpv4)));

  const std::size_t tcp = f.size();
  put16(f, s.src_port);
  put16(f, s.dst_port);
  put32(f, s.seq);
  put32(f, s.ack);
  f.push_back(static_cast<std::uint8_t>((kTcp + options.size()) / 4 << 4));
  f.push_back(s.flags);
  put16(f, s.window);
  put32(f, 0);
  append(f, options);
  append(f, s.payload);
  set16(f, tcp + 16,
        packet::transport_checksum(address(ends.src), address(ends.dst), kProtocol,
                                   Bytes(f).subspan(tcp)));
  return f;
}

void spoil_checksum(std::vector<std::uint8_t>& frame) {
  frame[kEth + (frame[12] == 0x08 ? kIpv4 : kIpv6) + 16] ^= 0x55;
}

Parsed parse(Bytes frame, const Ends& ends) {
  Parsed out;
  const auto begin = read_ip(frame, ends, out);
  if (!begin) return out;
  if (!out.problem.empty()) return out;
  const Bytes tcp = frame.subspan(*begin);
  Segment& s = out.segment;
  const std::size_t header = tcp.size() < kTcp ? 0 : std::size_t{tcp[12]} >> 4 << 2;
  if (header < kTcp || header > tcp.size()) {
    out.problem = "the TCP header does not fit";
    return out;
  }
  s.src_port = get16(tcp, 0);
  s.dst_port = get16(tcp, 2);
  s.seq = get32(tcp, 4);
  s.ack = get32(tcp, 8);
  s.flags = tcp[13];
  s.window = get16(tcp, 14);
  s.options.assign(tcp.begin() + kTcp, tcp.begin() + static_cast<std::ptrdiff_t>(header));
  s.payload.assign(tcp.begin() + static_cast<std::ptrdiff_t>(header), tcp.end());
  out.problem = read_options(s);
  if (packet::transport_checksum(address(ends.src), address(ends.dst), kProtocol, tcp) != 0)
    out.problem = "wrong TCP checksum";
  else if ((tcp[12] & 0x0f) != 0)
    out.problem = "reserved TCP bits are set";
  else if ((s.flags & kUrg) != 0 || get16(tcp, 18) != 0)
    out.problem = "an urgent pointer";
  return out;
}

} // namespace xtg::peer
