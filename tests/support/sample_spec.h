// SPDX-License-Identifier: BSD-2-Clause
// The frames of most tests: UDP between two addresses of the benchmarking range (RFC 2544, 5180).
#pragma once

#include <cstdint>

#include "packet/frame.h"

namespace xtg::test {

/// `size`: with FCS.
inline packet::FrameSpec sample_spec(packet::Family family = packet::Family::V4,
                                     std::uint32_t size = 64) {
  const bool v4 = family == packet::Family::V4;
  packet::FrameSpec spec;
  spec.dst_mac = packet::Mac::parse("02:00:00:00:00:02").value();
  spec.src_mac = packet::Mac::parse("02:00:00:00:00:01").value();
  spec.dst_addr = packet::Ip::parse(v4 ? "198.18.0.2" : "2001:2::2").value();
  spec.src_addr = packet::Ip::parse(v4 ? "198.18.0.1" : "2001:2::1").value();
  spec.dst_port = 1000;
  spec.src_port = 1;
  spec.frame_size = size;
  spec.run_id = 0x12345678;
  spec.stream = 3;
  return spec;
}

} // namespace xtg::test
