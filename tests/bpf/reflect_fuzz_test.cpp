// SPDX-License-Identifier: BSD-2-Clause
// Frames by chance: whole ones, damaged ones and noise. Each must pass as it came, or go back as a
// plainly written reflector says.
#include <algorithm>
#include <random>
#include <span>

#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "packet/frame.h"
#include "program.h"
#include "reflect_program.h"
#include "support/sample_spec.h"
#include "xtg/abi/signature.h"

namespace xtg::test {
namespace {

constexpr std::uint32_t kFuzzRunId = 0x12345678;
constexpr int kFrames = 20'000;

class Dice {
public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  bool once_in(std::uint64_t n) { return below(n) == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }

private:
  std::mt19937_64 engine_;
};

/// A frame that mostly is a right one.
Bytes whole(Dice& dice) {
  const bool v4 = !dice.once_in(3);
  packet::FrameSpec spec = sample_spec(v4 ? packet::Family::V4 : packet::Family::V6);
  if (dice.once_in(8)) spec.dst_mac = *packet::Mac::parse("02:00:00:00:00:03");
  if (dice.once_in(8)) spec.src_addr = *packet::Ip::parse(v4 ? "9.9.9.9" : "2600::9");
  spec.dst_port = dice.once_in(8) ? 1001 : 1000;
  spec.src_port = static_cast<std::uint16_t>(dice.below(65536));
  const auto least = packet::min_frame_size(spec.src_addr.family);
  spec.frame_size = static_cast<std::uint32_t>(
      least + dice.below(dice.once_in(4) ? packet::max_frame_size() - least : 160));
  spec.payload = packet::Payload::Random;
  spec.payload_seed = dice.below(1000);
  spec.udp_checksum = !v4 || !dice.once_in(4);
  spec.run_id = dice.once_in(8) ? kFuzzRunId ^ 0x8000 : kFuzzRunId;
  spec.stream = static_cast<std::uint16_t>(dice.below(6));
  spec.signature_flags = static_cast<std::uint8_t>(dice.once_in(8) ? dice.byte() : dice.below(8));
  Bytes out = packet::render(*packet::build(spec, {}), dice.below(1U << 30), dice.byte(),
                             dice.below(std::uint64_t{1} << 60));
  if (dice.once_in(8)) { // an announcement
    out[out.size() - 6] = static_cast<std::uint8_t>(dice.below(4));
    refresh(out);
  }
  if (dice.once_in(6)) out.insert(out.end(), dice.below(40), dice.byte());
  for (std::uint64_t tags = dice.once_in(4) ? dice.below(4) : 0; tags > 0; tags--)
    out.insert(out.begin() + 12, {0x81, 0x00, dice.byte(), dice.byte()});
  return out;
}

void damage(Bytes& frame, Dice& dice) {
  const auto place = [&](std::size_t within) {
    return frame.begin() + static_cast<long>(dice.below(std::max<std::size_t>(within, 1)));
  };
  switch (dice.below(7)) {
  case 0: // some bits
    for (std::uint64_t i = dice.below(4) + 1; i > 0; i--)
      *place(frame.size()) ^= static_cast<std::uint8_t>(1U << dice.below(8));
    break;
  case 1: // a byte of the headers
    *place(std::min<std::size_t>(frame.size(), 62)) = dice.byte();
    break;
  case 2: // a byte of the signature, or of what the reflector writes
    *(frame.end() - 1 - static_cast<long>(dice.below(std::min<std::size_t>(frame.size(), 56)))) =
        dice.byte();
    break;
  case 3: // cut
    frame.resize(std::max<std::size_t>(14, dice.below(frame.size())));
    break;
  case 4: // something in between
    frame.insert(place(frame.size()), dice.below(20), dice.byte());
    break;
  case 5: { // a length
    const std::size_t at = std::size_t{16} + 2 * dice.below(22);
    if (at + 1 < frame.size())
      frame[at + 1] = static_cast<std::uint8_t>(frame[at + 1] + dice.below(5) - 2);
    break;
  }
  default: // the wrong checksums set right again
    *place(frame.size()) ^= dice.byte();
    refresh(frame);
    break;
  }
}

Bytes noise(Dice& dice) {
  Bytes out(14 + dice.below(300));
  for (std::uint8_t& byte : out)
    byte = dice.byte();
  if (dice.once_in(2) && out.size() > 50) { // that ends as a test frame does
    const Bytes end = whole(dice);
    std::copy_n(end.end() - 32, 32, out.end() - 32);
    if (dice.once_in(2)) std::copy_n(end.begin(), 34, out.begin());
  }
  return out;
}

struct Tally {
  std::uint64_t back = 0, passed = 0;
};

Tally fuzz(const ReflectSetup& setup, std::uint64_t seed, int frames) {
  ReflectProgram program(setup);
  PlainReflector plain(setup);
  Dice dice(seed);
  Tally tally;
  for (int i = 0; i < frames; i++) {
    Bytes in = dice.once_in(10) ? noise(dice) : whole(dice);
    for (std::uint64_t times = dice.once_in(2) ? dice.below(3) : 0; times > 0; times--)
      damage(in, dice);
    if (setup.by_tc && in.size() < 54) continue; // the kernel makes no skb of half an IP header
    const Reflected out = program.run(in);
    const auto expected = plain.reflect(in, out.bytes);
    const std::string what = fmt::format("frame {}: {}", i, to_hex(in));
    if (expected) {
      tally.back++;
      EXPECT_EQ(out.action, XDP_TX) << what;
      EXPECT_EQ(to_hex(out.bytes), to_hex(*expected)) << what;
      EXPECT_EQ(packet::checksums_valid(out.bytes), packet::checksums_valid(in)) << what;
    } else {
      tally.passed++;
      EXPECT_EQ(out.action, XDP_PASS) << what;
      EXPECT_EQ(out.bytes, in) << what;
    }
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_EQ(program.counters().sent, tally.back);
  return tally;
}

class ReflectFuzz : public BpfTest {};

TEST_F(ReflectFuzz, OneSession) {
  const Tally tally = fuzz({.run_id = kFuzzRunId, .n_streams = XTG_REFLECT_STREAMS}, 1, kFrames);
  EXPECT_GT(tally.back, kFrames / 5);
  EXPECT_GT(tally.passed, kFrames / 5);
}

TEST_F(ReflectFuzz, ByTc) {
  const Tally tally =
      fuzz({.run_id = kFuzzRunId, .by_tc = true, .n_streams = XTG_REFLECT_STREAMS}, 3, kFrames);
  EXPECT_GT(tally.back, kFrames / 5);
  EXPECT_GT(tally.passed, kFrames / 5);
}

TEST_F(ReflectFuzz, OnePortOfAnyHost) {
  const Tally tally = fuzz({.run_id = kFuzzRunId,
                            .port = 1000,
                            .mac = std::nullopt,
                            .sources = std::nullopt,
                            .n_streams = XTG_REFLECT_STREAMS},
                           2, kFrames);
  EXPECT_GT(tally.back, kFrames / 5);
  EXPECT_GT(tally.passed, kFrames / 5);
}

} // namespace
} // namespace xtg::test
