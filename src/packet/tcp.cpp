// SPDX-License-Identifier: BSD-2-Clause
#include "packet/tcp.h"

#include <algorithm>
#include <cstring>

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "xtg/abi/csum.h"

namespace xtg::packet {

namespace {

constexpr std::uint32_t kEth = 14;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::size_t kShortest = 60; // Ethernet's minimum without its FCS
constexpr std::uint8_t kEct0 = 2;

using Bytes = std::span<std::uint8_t>;

std::uint32_t l4_offset(Family family) {
  return kEth + (family == Family::V4 ? 20 : 40);
}

std::span<const std::uint8_t> address(const Ip& ip) {
  return std::span(ip.bytes).first(ip.size());
}

void put_ip(Bytes ip, const TcpHeaderSpec& spec, std::size_t l4_bytes, bool ect) {
  const auto tos = static_cast<std::uint8_t>((spec.tos & 0xfc) | (ect ? kEct0 : 0));
  if (spec.src_addr.is_v4()) {
    ip[0] = 0x45;
    ip[1] = tos;
    store_be(ip.subspan(2, 2), 20 + l4_bytes);
    store_be(ip.subspan(6, 2), 0x4000); // do not fragment; the identification stays 0 (RFC 6864)
    ip[8] = spec.hop_limit;
    ip[9] = kProtocolTcp;
    std::ranges::copy(address(spec.src_addr), ip.begin() + 12);
    std::ranges::copy(address(spec.dst_addr), ip.begin() + 16);
    store_be(ip.subspan(10, 2), internet_checksum(ip.first(20)));
    return;
  }
  store_be(ip.first(4), 0x60000000U | static_cast<std::uint32_t>(tos) << 20);
  store_be(ip.subspan(4, 2), l4_bytes);
  ip[6] = kProtocolTcp;
  ip[7] = spec.hop_limit;
  std::ranges::copy(address(spec.src_addr), ip.begin() + 8);
  std::ranges::copy(address(spec.dst_addr), ip.begin() + 24);
}

} // namespace

std::uint32_t tcp_header_len(Family family, bool timestamps) {
  return l4_offset(family) + 20 + (timestamps ? 12 : 0);
}

std::vector<std::uint8_t> render_tcp(const TcpHeaderSpec& spec, const TcpSegment& segment) {
  const Family family = spec.src_addr.family;
  const std::uint32_t header = tcp_header_len(family, spec.timestamps), l4 = l4_offset(family);
  std::vector<std::uint8_t> frame(header + segment.payload.size());
  const Bytes all(frame);
  std::ranges::copy(spec.dst_mac.bytes, all.begin());
  std::ranges::copy(spec.src_mac.bytes, all.begin() + 6);
  store_be(all.subspan(12, 2), family == Family::V4 ? 0x0800 : 0x86dd);
  put_ip(all.subspan(kEth), spec, frame.size() - l4, spec.ecn && segment.new_data);

  const Bytes tcp = all.subspan(l4);
  store_be(tcp.first(2), segment.src_port);
  store_be(tcp.subspan(2, 2), spec.dst_port);
  store_be(tcp.subspan(4, 4), segment.seq);
  store_be(tcp.subspan(8, 4), segment.ack);
  tcp[12] = static_cast<std::uint8_t>((header - l4) / 4 << 4);
  tcp[13] = segment.flags;
  store_be(tcp.subspan(14, 2), segment.window);
  if (spec.timestamps) {
    store_be(tcp.subspan(20, 4), 0x0101080a); // NOP, NOP, kind 8, length 10
    store_be(tcp.subspan(24, 4), segment.tsval);
    store_be(tcp.subspan(28, 4), segment.tsecr);
  }
  std::ranges::copy(segment.payload, all.begin() + header);
  store_be(tcp.subspan(16, 2),
           transport_checksum(address(spec.src_addr), address(spec.dst_addr), kProtocolTcp, tcp));
  if (frame.size() < kShortest) frame.resize(kShortest);
  return frame;
}

void encode_tcp_header(const TcpHeaderSpec& spec, xtg_tcp_config& config) {
  const Family family = spec.src_addr.family;
  const std::uint32_t l4 = l4_offset(family);
  TcpSegment blank;
  blank.flags = 0;
  std::vector<std::uint8_t> frame = render_tcp(spec, blank);
  frame.resize(XTG_TCP_HEADER);
  const Bytes all(frame);
  config.header_len = tcp_header_len(family, spec.timestamps);
  config.l4_off = l4;
  config.ipv6 = family == Family::V6 ? 1 : 0;
  config.timestamps = spec.timestamps ? 1 : 0;
  config.ecn = spec.ecn ? 1 : 0;

  store_be(all.subspan(l4 + 12, 2), 0); // each burst sets offset and flags
  store_be(all.subspan(l4 + 16, 2), 0);
  std::array<std::uint8_t, 2> protocol{0, kProtocolTcp};
  config.l4_csum_base = csum_accumulate(address(spec.src_addr)) +
                        csum_accumulate(address(spec.dst_addr)) + csum_accumulate(protocol) +
                        csum_accumulate(all.subspan(l4, config.header_len - l4));
  if (family == Family::V4) {
    store_be(all.subspan(kEth + 2, 2), 0);
    store_be(all.subspan(kEth + 10, 2), 0);
    // Without the first word, which holds the ToS: pure ACKs have a different one.
    config.ip_csum_base = csum_accumulate(all.subspan(kEth + 2, 18));
  } else {
    store_be(all.subspan(kEth + 4, 2), 0);
  }
  std::memcpy(config.header, frame.data(), sizeof config.header);
}

std::vector<std::uint8_t> repeated_payload(std::span<const std::uint8_t> data) {
  // At least some dozens of segments: a tiny file would be sent in tiny bursts.
  constexpr std::size_t kEnough = 256 * 1024;
  std::vector<std::uint8_t> out;
  const std::size_t times = data.empty() ? 0 : std::max<std::size_t>(1, kEnough / data.size());
  out.reserve(times * data.size());
  for (std::size_t i = 0; i < times; i++)
    out.insert(out.end(), data.begin(), data.end());
  return out;
}

std::vector<std::uint8_t> pattern_payload() {
  std::vector<std::uint8_t> out(kPatternPeriod);
  for (std::size_t at = 0; at < out.size(); at += 8) {
    std::uint64_t z = (at / 8 + 1) * 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    for (std::size_t i = 0; i < 8 && at + i < out.size(); i++)
      out[at + i] = static_cast<std::uint8_t>(z >> (8 * i));
  }
  return out;
}

std::vector<std::uint32_t> segment_sums(std::span<const std::uint8_t> payload, std::uint32_t mss) {
  std::vector<std::uint32_t> out;
  out.reserve(payload.size() / mss + 1);
  for (std::size_t at = 0; at < payload.size(); at += mss) {
    const std::size_t take = std::min<std::size_t>(mss, payload.size() - at);
    out.push_back(xtg_csum_fold(csum_accumulate(payload.subspan(at, take))));
  }
  return out;
}

} // namespace xtg::packet
