// SPDX-License-Identifier: BSD-2-Clause
// Frames for the reflector's tests, and the reflector beside its reference.
#pragma once

#include <cstdint>
#include <span>

#include <gtest/gtest.h>

#include "core/clock.h"
#include "packet/bytes.h"
#include "packet/frame.h"
#include "program.h"
#include "reflect_program.h"
#include "support/sample_spec.h"
#include "xtg/abi/signature.h"

namespace xtg::test {

using packet::Family;

inline constexpr std::uint32_t kRunId = 0x12345678;
inline constexpr std::uint32_t kFcs = packet::kFcsBytes;

struct Kind {
  Family family = Family::V4;
  std::uint32_t size = 128; ///< with FCS
  std::uint8_t flags = 0;
  std::uint16_t stream = 3;
  std::uint16_t port = 1000;
  bool checksum = true;
  std::uint32_t run_id = kRunId;
  const char* from = nullptr;
};

inline Bytes frame(const Kind& kind, std::uint64_t seq = 0) {
  packet::FrameSpec spec = sample_spec(kind.family, kind.size);
  if (kind.from != nullptr) spec.src_addr = *packet::Ip::parse(kind.from);
  spec.dst_port = kind.port;
  spec.payload = packet::Payload::Random; // what the reflector writes over is not zero
  spec.payload_seed = kind.size;
  spec.udp_checksum = kind.checksum;
  spec.run_id = kind.run_id;
  spec.stream = kind.stream;
  spec.signature_flags = kind.flags;
  return packet::render(*packet::build(spec, {}), seq, 1, monotonic_ns());
}

/// An announcement: the type is patched into a frame.
inline Bytes announcement(const Kind& kind, std::uint8_t type) {
  Bytes out = frame(kind);
  out[out.size() - 6] = type;
  refresh(out);
  return out;
}

inline std::uint32_t smallest_compact(Family family) {
  return family == Family::V4 ? 64 : 82;
}

/// So many bytes more of payload.
inline Bytes stretched(const Bytes& from, std::size_t more) {
  Bytes out = from;
  const bool v4 = from[12] == 0x08;
  const std::size_t udp = v4 ? 34 : 54;
  out.insert(out.begin() + static_cast<long>(udp) + 8, more, 0x5a);
  const std::span<std::uint8_t> all(out);
  const auto raise = [&](std::size_t at) {
    packet::store_be(all.subspan(at, 2), packet::load_be(all.subspan(at, 2)) + more);
  };
  raise(v4 ? 16 : 18);
  raise(udp + 4);
  refresh(out);
  return out;
}

inline Bytes tagged(Bytes frame, unsigned tags) {
  for (unsigned i = 0; i < tags; i++)
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, static_cast<std::uint8_t>(7 + i)});
  return frame;
}

class ReflectTest : public BpfTest, public testing::WithParamInterface<Family> {
protected:
  [[nodiscard]] Kind full(std::uint32_t size = 128, std::uint8_t flags = 0) const {
    return {.family = GetParam(), .size = size, .flags = flags};
  }
  [[nodiscard]] Kind compact() const {
    return {.family = GetParam(), .size = smallest_compact(GetParam())};
  }
};
/// A reflector and its reference, side by side.
struct Pair {
  explicit Pair(const ReflectSetup& setup = {}) : program(setup), plain(setup) {}

  testing::AssertionResult sends_back(const Bytes& in) {
    const Reflected out = program.run(in);
    if (out.action != XDP_TX) return testing::AssertionFailure() << "action " << out.action;
    const auto expected = plain.reflect(in, out.bytes);
    if (!expected) return testing::AssertionFailure() << "sent back, and should not";
    if (out.bytes != *expected)
      return testing::AssertionFailure() << "\n in  " << to_hex(in) << "\n out "
                                         << to_hex(out.bytes) << "\n not " << to_hex(*expected);
    return testing::AssertionSuccess();
  }
  testing::AssertionResult passes(const Bytes& in) {
    const Reflected out = program.run(in);
    if (out.action != XDP_PASS) return testing::AssertionFailure() << "action " << out.action;
    if (out.bytes != in) return testing::AssertionFailure() << "was changed";
    return testing::AssertionSuccess();
  }

  ReflectProgram program;
  PlainReflector plain;
};

} // namespace xtg::test
