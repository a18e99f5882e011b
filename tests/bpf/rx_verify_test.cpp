// SPDX-License-Identifier: BSD-2-Clause
// The receiving program verifies checksums: what is corrupt is counted as such and nowhere else,
// and what cannot be verified is counted, too.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "rx_frames.h"
#include "rx_program.h"

namespace xtg::test {
namespace {

using packet::Family;
using packet::load_be;
using packet::store_be;

constexpr std::size_t kIp = 14;

RxSetup verifying(RxSetup setup = {}) {
  setup.sampling.verify = 1;
  setup.sampling.why = XTG_RX_SHOW_CORRUPT;
  return setup;
}

/// What the program made of one frame.
struct Counted {
  std::uint64_t packets, corrupt, unverified;
  bool operator==(const Counted&) const = default;
  friend void PrintTo(const Counted& c, std::ostream* out) {
    *out << c.packets << " packets, " << c.corrupt << " corrupt, " << c.unverified << " unverified";
  }
};
constexpr Counted kSound{1, 0, 0}, kCorrupt{0, 1, 0}, kUnverified{1, 0, 1}, kNotOurs{0, 0, 0};

class Verifier {
public:
  explicit Verifier(const RxSetup& setup = verifying()) : program_(setup) {}

  Counted receive(const Bytes& bytes) {
    const Counted before = now();
    const bool taken = program_.takes(bytes);
    const Counted after = now(), out{after.packets - before.packets, after.corrupt - before.corrupt,
                                     after.unverified - before.unverified};
    EXPECT_EQ(taken, out.packets + out.corrupt != 0);
    const auto shown = program_.shown();
    EXPECT_EQ(shown.size(), out.corrupt);
    for (const Shown& one : shown) {
      EXPECT_EQ(one.about.why, XTG_RX_SHOW_CORRUPT);
      const std::size_t most = std::min(bytes.size(), std::size_t{XTG_RX_SAMPLE_MOST});
      EXPECT_EQ(one.bytes, Bytes(bytes.begin(), bytes.begin() + static_cast<long>(most)));
    }
    return out;
  }
  RxProgram& program() { return program_; }

private:
  Counted now() {
    return {program_.queue().packets, program_.samples().corrupt, program_.samples().unverified};
  }
  RxProgram program_;
};

std::span<std::uint8_t> part(Bytes& bytes, std::size_t at, std::size_t length) {
  return std::span(bytes).subspan(at, length);
}

/// A frame's UDP checksum, and the IPv4 header's, as its bytes now need them.
void seal(Bytes& bytes, std::size_t ip = kIp) {
  const bool v4 = bytes[ip] >> 4 == 4;
  const std::size_t header = v4 ? std::size_t{4} * (bytes[ip] & 15U) : 40;
  const std::size_t udp = ip + header, length = load_be(part(bytes, udp + 4, 2));
  const std::size_t size = v4 ? 4 : 16, src = ip + (v4 ? 12 : 8);
  store_be(part(bytes, udp + 6, 2), 0);
  store_be(part(bytes, udp + 6, 2),
           packet::transport_checksum(part(bytes, src, size), part(bytes, src + size, size), 17,
                                      part(bytes, udp, length)));
  if (!v4) return;
  store_be(part(bytes, ip + 10, 2), 0);
  store_be(part(bytes, ip + 10, 2), packet::internet_checksum(part(bytes, ip, header)));
}

class RxVerify : public testing::TestWithParam<Family> {
protected:
  [[nodiscard]] Bytes sound(std::uint32_t size = 128, std::uint64_t seq = 7) const {
    return frame(stream(GetParam(), size), seq);
  }
  [[nodiscard]] bool v4() const { return GetParam() == Family::V4; }
  [[nodiscard]] std::size_t udp() const { return kIp + (v4() ? 20 : 40); }

  /// What is to become of a frame with a wrong bit in this byte.
  [[nodiscard]] Counted expected(const Bytes& flipped, std::size_t at) const {
    if (at >= flipped.size() - 4) return kNotOurs;                  // the magic
    if (v4() && at == kIp + 9 && flipped[at] == 1) return kNotOurs; // ICMP, which may quote us
    if (at < 12) return kSound;                     // a MAC address, which no checksum covers
    if (at < 14) return kUnverified;                // no IP packet any more
    if (!v4() && at == kIp + 6) return kUnverified; // no UDP any more
    return packet::checksums_valid(flipped) ? kSound : kCorrupt;
  }
};
INSTANTIATE_TEST_SUITE_P(, RxVerify, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

TEST_P(RxVerify, SoundFramesOfAllSizesAndOneWrongBitInEach) {
  Verifier all;
  std::mt19937_64 dice(1);
  for (std::uint32_t size = 98; size <= packet::max_frame_size(); size += size < 300 ? 1 : 61) {
    Bytes bytes = sound(size, size);
    ASSERT_EQ(all.receive(bytes), kSound) << size;
    const std::size_t at = udp() + dice() % (bytes.size() - 4 - udp());
    bytes[at] ^= static_cast<std::uint8_t>(1U << dice() % 8);
    ASSERT_EQ(all.receive(bytes), kCorrupt) << size << " bytes, a bit in " << at;
  }
}

TEST_P(RxVerify, EverySingleBit) {
  for (const std::uint32_t size : {128U, 129U}) {
    Verifier all;
    ASSERT_EQ(all.receive(sound(size)), kSound);
    for (std::size_t at = 0; at < size - 4; at++)
      for (unsigned bit = 0; bit < 8; bit++) {
        Bytes bytes = sound(size);
        bytes[at] ^= static_cast<std::uint8_t>(1U << bit);
        ASSERT_EQ(all.receive(bytes), expected(bytes, at)) << at << ", bit " << bit;
      }
  }
}

TEST_P(RxVerify, NumbersOfCorruptFramesCountNowhere) {
  Verifier all;
  EXPECT_EQ(all.receive(sound(128, 0)), kSound);
  Bytes bytes = sound(128, 1);
  bytes[bytes.size() - 32 + 4] ^= 0x40; // far ahead
  EXPECT_EQ(all.receive(bytes), kCorrupt);
  bytes = sound(128, 1);
  bytes[bytes.size() - 16] ^= 1; // of another session
  EXPECT_EQ(all.receive(bytes), kCorrupt);
  bytes = sound(128, 1);
  bytes[bytes.size() - 5] ^= 2; // of another version
  EXPECT_EQ(all.receive(bytes), kCorrupt);
  EXPECT_EQ(all.receive(sound(128, 1)), kSound);
  EXPECT_EQ(all.program().slot(0).packets, 2U);
  EXPECT_EQ(all.program().slot(0).next, 2U);
  EXPECT_EQ(all.program().control().slots, 1U);
  EXPECT_EQ(all.program().queue().unknown, 0U);
}

TEST_P(RxVerify, CompactSignaturesAreCorruptWhereTheirStreamIsKnown) {
  const auto of = stream(GetParam(), compact_size(GetParam()));
  const auto corrupt = [&](std::uint64_t seq) {
    Bytes bytes = frame(of, seq);
    bytes[udp()] ^= 1;
    return bytes;
  };
  Verifier all;
  EXPECT_EQ(all.receive(corrupt(0)), kNotOurs);
  EXPECT_EQ(all.program().queue().passed, 1U);
  EXPECT_EQ(all.program().control().candidates, 0U);
  EXPECT_EQ(all.receive(frame(of, 0)), kNotOurs); // not yet
  EXPECT_EQ(all.receive(frame(of, 1)), (Counted{2, 0, 0}));
  EXPECT_EQ(all.receive(corrupt(2)), kCorrupt);
  EXPECT_EQ(all.receive(frame(of, 2)), kSound);

  Verifier named(verifying({.by_run_id = 1, .run_id = kRunId}));
  EXPECT_EQ(named.receive(corrupt(0)), kCorrupt);
}

TEST_P(RxVerify, OthersFramesAreTheirs) {
  Verifier all(verifying({.by_run_id = 1, .run_id = kRunId ^ 1}));
  Bytes bytes = sound();
  EXPECT_EQ(all.receive(bytes), kNotOurs);
  bytes[60] ^= 1;
  EXPECT_EQ(all.receive(bytes), kNotOurs);
  EXPECT_EQ(all.program().queue().filtered, 2U);
}

TEST_P(RxVerify, Tags) {
  Verifier all;
  const Bytes tag{0x81, 0x00, 0x00, 0x07}, outer{0x88, 0xa8, 0x00, 0x08};
  const Bytes old{0x91, 0x00, 0x00, 0x09}; // before 802.1ad
  for (const Bytes& tags : {tag, outer, old}) {
    Bytes bytes = sound();
    bytes.insert(bytes.begin() + 12, tags.begin(), tags.end());
    EXPECT_EQ(all.receive(bytes), kSound);
    bytes.insert(bytes.begin() + 12, outer.begin(), outer.end());
    EXPECT_EQ(all.receive(bytes), kSound);
    Bytes wrong = bytes;
    wrong[60] ^= 1;
    EXPECT_EQ(all.receive(wrong), kCorrupt);
    for (int i = 0; i < 2; i++) {
      bytes.insert(bytes.begin() + 12, outer.begin(), outer.end());
      EXPECT_EQ(all.receive(bytes), kSound);
    }
    bytes.insert(bytes.begin() + 12, outer.begin(), outer.end()); // one too many
    EXPECT_EQ(all.receive(bytes), kUnverified);
  }
}

TEST_P(RxVerify, Padding) {
  Verifier all;
  for (std::size_t pad = 1; pad < 40; pad++) {
    Bytes bytes = sound();
    bytes.insert(bytes.end(), pad, 0x5a);
    EXPECT_EQ(all.receive(bytes), kSound) << pad;
    bytes[70] ^= 0x10;
    EXPECT_EQ(all.receive(bytes), kCorrupt) << pad;
  }
}

TEST_P(RxVerify, NoChecksumIsNotWrong) {
  Verifier all;
  Bytes bytes = sound();
  store_be(part(bytes, udp() + 6, 2), 0);
  EXPECT_EQ(all.receive(bytes), kUnverified);
  bytes[70] ^= 1;
  EXPECT_EQ(all.receive(bytes), kUnverified);
  // A worker that cannot be is told all the same.
  bytes[bytes.size() - 10] = XTG_MAX_WORKERS;
  EXPECT_EQ(all.receive(bytes), kCorrupt);
}

TEST_P(RxVerify, WhatIsLongerThanTheProgramLooks) {
  Verifier all;
  const std::size_t most = XTG_RX_SAMPLE_MOST;
  for (const std::size_t length : {most - 1, most, most + 1, std::size_t{8900}}) {
    Bytes bytes = sound();
    const std::size_t more = length - (bytes.size() - udp());
    bytes.insert(bytes.begin() + static_cast<long>(udp()) + 8, more, 0x5a);
    store_be(part(bytes, udp() + 4, 2), length);
    const std::size_t at = kIp + (v4() ? 2 : 4);
    store_be(part(bytes, at, 2), length + (v4() ? 20 : 0));
    seal(bytes);
    EXPECT_EQ(all.receive(bytes), length <= most ? kSound : kUnverified) << length;
    if (length > most) continue;
    bytes[1000] ^= 1;
    EXPECT_EQ(all.receive(bytes), kCorrupt) << length;
  }
}

TEST_P(RxVerify, LengthsThatCannotBe) {
  Verifier all;
  for (const int by : {-119, -1, 1, 100}) { // of UDP
    Bytes bytes = sound();
    const auto length = static_cast<int>(load_be(part(bytes, udp() + 4, 2)));
    store_be(part(bytes, udp() + 4, 2), static_cast<std::uint64_t>(length + by));
    EXPECT_EQ(all.receive(bytes), kCorrupt) << by;
  }
  Bytes bytes = sound(); // beyond the frame's end, with a header that says so
  store_be(part(bytes, udp() + 4, 2), load_be(part(bytes, udp() + 4, 2)) + 10);
  const std::size_t at = kIp + (v4() ? 2 : 4);
  store_be(part(bytes, at, 2), load_be(part(bytes, at, 2)) + 10);
  if (v4()) {
    store_be(part(bytes, kIp + 10, 2), 0);
    store_be(part(bytes, kIp + 10, 2), packet::internet_checksum(part(bytes, kIp, 20)));
  }
  EXPECT_EQ(all.receive(bytes), kCorrupt);
}

TEST_P(RxVerify, Tunnels) {
  Verifier all;
  Bytes bytes = sound();
  const std::size_t inner = bytes.size() - 14;
  Bytes header = from_hex("4500 0000 0000 0000 4004 0000 c6120001 c6120002"); // IP in IP
  if (!v4()) header[9] = 41;
  store_be(part(header, 2, 2), header.size() + inner);
  store_be(part(header, 10, 2), packet::internet_checksum(header));
  bytes.insert(bytes.begin() + 14, header.begin(), header.end());
  store_be(part(bytes, 12, 2), 0x0800);
  EXPECT_EQ(all.receive(bytes), kUnverified);
  bytes[kIp + 8]--; // the outer header is as good a witness
  EXPECT_EQ(all.receive(bytes), kCorrupt);
}

TEST(RxVerifyV4, OptionsAndFragments) {
  Verifier all;
  Bytes bytes = frame(stream(Family::V4, 128), 0);
  for (unsigned words = 1; words <= 10; words++) {
    bytes.insert(bytes.begin() + kIp + 20, 4, 0x01);
    bytes[kIp] = static_cast<std::uint8_t>(0x45 + words);
    store_be(part(bytes, kIp + 2, 2), bytes.size() - kIp);
    seal(bytes);
    EXPECT_EQ(all.receive(bytes), kSound) << words;
    Bytes wrong = bytes;
    wrong[kIp + 20] ^= 1;
    EXPECT_EQ(all.receive(wrong), kCorrupt) << words;
  }
  for (const std::uint16_t fragment : {0x2000, 0x0001, 0x1fff}) {
    bytes = frame(stream(Family::V4, 128), 0);
    store_be(part(bytes, kIp + 6, 2), fragment);
    seal(bytes);
    EXPECT_EQ(all.receive(bytes), kUnverified) << fragment;
  }
}

TEST(RxVerifyV4, ObservedCorruptFramesPass) {
  RxProgram program(verifying({.observe = 1}));
  Bytes bytes = frame(stream(Family::V4, 128), 0);
  bytes[60] ^= 1;
  EXPECT_TRUE(program.passes(bytes));
  EXPECT_EQ(program.samples().corrupt, 1U);
}

TEST(RxVerifyV4, CorruptFramesAreShownAsSuchOnly) {
  RxSetup setup = verifying();
  setup.sampling.why |= XTG_RX_SHOW_EVERY | XTG_RX_SHOW_FIRST;
  setup.sampling.every = 1;
  setup.sampling.first = 1;
  RxProgram program(setup);
  Bytes bytes = frame(stream(Family::V4, 128), 0);
  bytes[60] ^= 1;
  EXPECT_TRUE(program.takes(bytes));
  EXPECT_TRUE(program.takes(frame(stream(Family::V4, 128), 0)));
  const auto shown = program.shown();
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].about.why, XTG_RX_SHOW_CORRUPT);
  EXPECT_EQ(shown[1].about.why, XTG_RX_SHOW_EVERY | XTG_RX_SHOW_FIRST);
}

TEST(RxVerifyV4, NothingIsVerifiedThatNobodyAskedFor) {
  RxProgram program;
  Bytes bytes = frame(stream(Family::V4, 128), 0);
  bytes[60] ^= 1;
  for (int i = 0; i < 2; i++)
    EXPECT_TRUE(program.takes(bytes));
  EXPECT_EQ(program.queue().packets, 2U);
  EXPECT_EQ(program.samples().corrupt, 0U);
}

} // namespace
} // namespace xtg::test
