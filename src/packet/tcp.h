// SPDX-License-Identifier: BSD-2-Clause
// TCP segments: the header template and sums that the kernel program starts from, a plain renderer
// of whole segments to check it, and payloads with the sums of their segments.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "packet/address.h"
#include "xtg/abi/tcp.h"

namespace xtg::packet {

/// What all segments of a run have in common.
struct TcpHeaderSpec {
  Mac dst_mac, src_mac;
  Ip dst_addr, src_addr; ///< of one family
  std::uint16_t dst_port = 0;
  std::uint8_t hop_limit = 64;
  std::uint8_t tos = 0;    ///< without its ECN bits
  bool ecn = false;        ///< data segments are ECN-capable (ECT(0), RFC 3168)
  bool timestamps = false; ///< RFC 7323: NOP, NOP and a ten-byte option on every segment
};

/// Length from the Ethernet header to the last TCP option: 54 to 86.
std::uint32_t tcp_header_len(Family family, bool timestamps);

/// Fills the header part of `config`: template, offsets, sums.
void encode_tcp_header(const TcpHeaderSpec& spec, xtg_tcp_config& config);

/// One segment.
struct TcpSegment {
  std::uint16_t src_port = 0;
  std::uint32_t seq = 0, ack = 0;
  std::uint8_t flags = XTG_TCP_ACK;
  std::uint16_t window = 0; ///< as in the header
  std::uint32_t tsval = 0, tsecr = 0;
  std::span<const std::uint8_t> payload;
  bool new_data = true; ///< only new data is ECN-capable
};

/// The whole frame, with every checksum computed anew. Frames below 60 bytes are padded.
std::vector<std::uint8_t> render_tcp(const TcpHeaderSpec& spec, const TcpSegment& segment);

/// A repeating payload: bytes of one period, at most XTG_TCP_CHUNK * 1024. If it may repeat, `data`
/// is repeated until it fills full segments.
std::vector<std::uint8_t> repeated_payload(std::span<const std::uint8_t> data);

/// The stream of --payload pattern: 64-bit little-endian values splitmix64(0), splitmix64(1) ...
/// cut at kPatternPeriod bytes, a prime, so that every shift by a power of two is noticed.
inline constexpr std::uint32_t kPatternPeriod = 4'194'301;
std::vector<std::uint8_t> pattern_payload();

/// The ones' complement sum of each segment of `mss` bytes; the last one may be shorter.
std::vector<std::uint32_t> segment_sums(std::span<const std::uint8_t> payload, std::uint32_t mss);

} // namespace xtg::packet
