// SPDX-License-Identifier: BSD-2-Clause
// TCP segments in Ethernet frames: what a scripted peer reads and writes. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "packet/address.h"

namespace xtg::peer {

enum Flag : std::uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,
  kCwr = 0x80,
};

struct Timestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
};

struct Segment {
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
  std::uint8_t tos = 0; ///< or traffic class, without the ECN bits
  std::uint32_t flow_label = 0;
  std::uint8_t ecn = 0; ///< of the IP header: 0 not ECT, 2 ECT(0), 3 CE
  std::uint8_t hop_limit = 64;
  bool dont_fragment = true; ///< always, over IPv6
  std::uint16_t ip_id = 0;   ///< always 0, over IPv6
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> wscale;
  bool sack_permitted = false;
  std::optional<Timestamps> ts;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sack;
  std::vector<std::uint8_t> options; ///< as read; build() sends these when there are any, and else
                                     ///< makes them of the fields above
  std::vector<std::uint8_t> payload;
};

/// The two ends of a direction.
struct Ends {
  packet::Mac src_mac, dst_mac;
  packet::Ip src, dst;
};

/// The frame, with right lengths and checksums.
std::vector<std::uint8_t> build(const Segment& segment, const Ends& ends);

/// Adds to the TCP checksum of a frame that build() made, so that it is wrong.
void spoil_checksum(std::vector<std::uint8_t>& frame);

/// Something else than TCP between these ends is not `relevant`; `problem` is what is wrong with a
/// frame that is, else empty.
struct Parsed {
  bool relevant = false;
  std::string problem;
  Segment segment;
};
Parsed parse(std::span<const std::uint8_t> frame, const Ends& ends);

} // namespace xtg::peer
