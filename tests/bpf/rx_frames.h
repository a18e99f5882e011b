// SPDX-License-Identifier: BSD-2-Clause
// Test frames for the receiving program.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "packet/frame.h"
#include "rx_program.h"
#include "support/sample_spec.h"

namespace xtg::test {

inline constexpr std::uint32_t kRunId = 0x12345678;

inline packet::Frame stream(packet::Family family, std::uint32_t size,
                            std::uint32_t run_id = kRunId, std::uint16_t number = 3,
                            std::uint16_t port = 1000) {
  packet::FrameSpec spec = sample_spec(family, size);
  spec.dst_port = port;
  spec.run_id = run_id;
  spec.stream = number;
  return *packet::build(spec, {});
}

inline Bytes frame(const packet::Frame& of, std::uint64_t seq, std::uint8_t worker = 0,
                   std::uint64_t ago_ns = 1000) {
  return packet::render(of, seq, worker, monotonic_ns() - ago_ns);
}

/// The smallest frame with a short signature.
inline std::uint32_t compact_size(packet::Family family) {
  return family == packet::Family::V4 ? 64 : 82;
}

} // namespace xtg::test
