// SPDX-License-Identifier: BSD-2-Clause
// What the send programs write: every byte against packet::render(), for many shapes of streams.
#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>
#include <linux/bpf.h>

#include "packet/checksum.h"
#include "program.h"
#include "xtg/abi/signature.h"

namespace xtg::test {
namespace {

using packet::Family;
using packet::FieldKind;
using packet::Frame;
using packet::FrameSpec;
using packet::Payload;
using packet::Sweep;
using packet::Vary;

constexpr std::array kKinds = {FieldKind::DstPort, FieldKind::SrcPort, FieldKind::DstAddr,
                               FieldKind::SrcAddr, FieldKind::DstMac,  FieldKind::SrcMac};
// Without, with compact and with full signature; each with the signature at even and odd offsets,
// and with the header ending where the frame has and has not room for a last whole word.
constexpr std::array<std::uint32_t, 10> kSizes4 = {64, 65, 77, 78, 79, 102, 103, 128, 1518, 3412};
constexpr std::array<std::uint32_t, 12> kSizes6 = {66, 67, 68,  81,  82,   97,
                                                   98, 99, 122, 123, 1518, 3412};

constexpr std::array kPrograms = {Which::Single, Which::Any, Which::Multi, Which::NoPerfmon};

struct Shape {
  FrameSpec spec;
  Sweep sweep;

  [[nodiscard]] bool stamps_each() const { return spec.signature_flags != 0; }
  [[nodiscard]] std::string text() const {
    std::string out = fmt::format(
        "{} {} bytes, {}, {} fields{}{}{}{}", spec.dst_addr.to_string(),
        spec.frame_size.to_string(), static_cast<int>(sweep.vary), sweep.fields.size(),
        spec.udp_checksum ? "" : ", no checksum", spec.signature ? "" : ", no signature",
        stamps_each() ? ", stamp each" : "", spec.reflector ? ", mirror" : "");
    for (const packet::Field& f : sweep.fields)
      out += fmt::format(" {}={:#x}+{}", to_string(f.kind), f.first, f.count);
    return out;
  }
};

class Maker {
public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  std::uint64_t any() { return random_(); }

  Shape shape(Family family, std::uint32_t size, Vary vary_mode, bool each) {
    Shape out;
    out.spec = plain_spec(family, size);
    out.spec.dst_addr = out.spec.dst_addr.with_low(any());
    out.spec.src_mac = packet::Mac::from_u64(any());
    out.spec.src_port = static_cast<std::uint16_t>(any());
    out.spec.tos = static_cast<std::uint8_t>(any());
    out.spec.hop_limit = static_cast<std::uint8_t>(any());
    out.spec.payload = static_cast<Payload>(below(4));
    out.spec.run_id = static_cast<std::uint32_t>(any());
    out.spec.stream = static_cast<std::uint16_t>(any());
    out.spec.udp_checksum = family == Family::V6 || below(4) != 0;
    out.spec.signature = below(6) != 0;
    out.spec.reflector =
        out.spec.signature && size >= packet::min_reflector_frame_size(family) && below(2) != 0;
    out.spec.signature_flags = each ? XTG_SIG_F_STAMP_EACH : 0;
    out.sweep.vary = vary_mode;
    out.sweep.seed = any();
    auto kinds = kKinds;
    std::shuffle(kinds.begin(), kinds.end(), random_);
    const std::size_t fields = below(kKinds.size() + 1);
    for (std::size_t i = 0; i < fields; i++)
      out.sweep.fields.push_back(field(kinds[i], family));
    return out;
  }

private:
  packet::Field field(FieldKind kind, Family family) {
    unsigned bits = 16;
    if (kind == FieldKind::DstMac || kind == FieldKind::SrcMac) bits = 48;
    if (kind == FieldKind::DstAddr || kind == FieldKind::SrcAddr)
      bits = family == Family::V4 ? 32 : 64;
    const std::uint64_t space = bits == 64 ? ~std::uint64_t{0} : std::uint64_t{1} << bits;
    // Few values mostly, so that odometers turn; sometimes as many as a field may have.
    std::uint64_t count = 2 + below(4);
    if (below(4) == 0) count = 2 + below(200);
    if (below(6) == 0) count = std::min(space, packet::kMaxRangeCount);
    return vary(kind, below(space - count + 1), count);
  }

  std::mt19937_64 random_;
};

/// Sends the first packets in order in batches of three, then jumps about as other threads' claims
/// do.
void check_shape(const Shape& shape, const Frame& frame, Program& program, Maker& maker) {
  SCOPED_TRACE(shape.text());
  program.worker().batch = 3;
  std::uint64_t batch_began = 0, last = 0;
  for (std::uint64_t k = 0; k < 24; k++) {
    const Outcome out = program.run();
    if (k % 3 == 0 || shape.stamps_each()) batch_began = out.before_ns;
    ASSERT_TRUE(sends(out, frame, k, 0, batch_began));
    // Without --stamp each a batch has one send time.
    if (k % 3 != 0 && !shape.stamps_each()) {
      ASSERT_EQ(sent_at(out), last);
    }
    last = sent_at(out);
  }
  program.worker().batch = 1;
  for (int jump = 0; jump < 8; jump++) {
    const std::uint64_t k = maker.any() >> maker.below(60);
    program.progress().next = k;
    ASSERT_TRUE(sends(program.run(), frame, k));
    ASSERT_TRUE(sends(program.run(), frame, k + 1));
  }
}

void check_shapes(const std::vector<Shape>& shapes, Which which, Maker& maker) {
  for (const Shape& shape : shapes) {
    const auto frame = packet::build(shape.spec, shape.sweep);
    ASSERT_TRUE(frame) << frame.error().message();
    Program program({.frames = {*frame}, .which = which});
    ASSERT_TRUE(program.ok()) << program.error() << " with " << shape.text();
    check_shape(shape, *frame, program, maker);
    if (testing::Test::HasFatalFailure()) return;
  }
}

/// Family, program, --stamp each.
class FramesTest : public BpfTest,
                   public testing::WithParamInterface<std::tuple<Family, Which, bool>> {};

TEST_P(FramesTest, AreWhatRenderMakes) {
  const auto [family, which, each] = GetParam();
  Maker maker((family == Family::V4 ? 4 : 6) + (each ? 10 : 0));
  std::vector<std::uint32_t> sizes(kSizes4.begin(), kSizes4.end());
  if (family == Family::V6) sizes.assign(kSizes6.begin(), kSizes6.end());
  for (int random_sizes = 0; random_sizes < 4; random_sizes++)
    sizes.push_back(static_cast<std::uint32_t>(66 + maker.below(400)));
  std::vector<Shape> shapes;
  for (const std::uint32_t size : sizes) {
    for (const Vary mode : {Vary::Together, Vary::Product, Vary::Random})
      shapes.push_back(maker.shape(family, size, mode, each));
  }
  check_shapes(shapes, which, maker);
}

/// All six fields with and without UDP checksum and signature: the corners that chance may leave
/// out.
TEST_P(FramesTest, AreWhatRenderMakesWithAllFields) {
  const auto [family, which, each] = GetParam();
  Maker maker(1);
  std::vector<Shape> shapes;
  for (const Vary mode : {Vary::Together, Vary::Product, Vary::Random}) {
    for (const bool signature : {false, true}) {
      for (const bool checksum : {true, false}) {
        if (!checksum && family == Family::V6) continue;
        Shape shape;
        shape.spec = plain_spec(family, 131);
        shape.spec.reflector = signature && mode != Vary::Random;
        shape.spec.udp_checksum = checksum;
        shape.spec.signature = signature;
        shape.spec.signature_flags = each ? XTG_SIG_F_STAMP_EACH : 0;
        shape.sweep.vary = mode;
        shape.sweep.seed = 99;
        shape.sweep.fields = {vary(FieldKind::DstPort, 65'530, 6),
                              vary(FieldKind::SrcPort, 0, 2),
                              vary(FieldKind::DstAddr, 0xfffffffd, 3),
                              vary(FieldKind::SrcAddr, 0, std::uint64_t{1} << 32),
                              vary(FieldKind::DstMac, 0x0200fffffffe, 4),
                              vary(FieldKind::SrcMac, 0xfffffffffffe, 2)};
        shapes.push_back(shape);
      }
    }
  }
  check_shapes(shapes, which, maker);
}

/// Groups' MACs are made of their addresses, hosts' are listed; both go with the address on the
/// wire, whatever else varies.
TEST_P(FramesTest, DestinationMacFollowsTheAddress) {
  const auto [family, which, each] = GetParam();
  if (which == Which::NoPerfmon) return; // has none: see write_frame() in bpf/tx.bpf.h
  Maker maker(3);
  std::vector<Shape> shapes;
  for (const Vary mode : {Vary::Together, Vary::Product, Vary::Random}) {
    for (const packet::HopLaw law : {packet::HopLaw::Group, packet::HopLaw::Listed}) {
      Shape shape;
      shape.spec = plain_spec(family, 131);
      shape.spec.signature_flags = each ? XTG_SIG_F_STAMP_EACH : 0;
      shape.sweep.vary = mode;
      shape.sweep.seed = 9;
      shape.sweep.fields = {vary(FieldKind::DstPort, 10, 3),
                            vary(FieldKind::DstAddr, 0xef7ffffd, 5), // over the group's 23 bits
                            vary(FieldKind::SrcMac, 0xfffffffffffe, 2)};
      shape.sweep.hop_law = law;
      if (law == packet::HopLaw::Listed)
        shape.sweep.next_hops = {0x0200deadbee1, 0x0200deadbee9, 0x0200deadbee5, 0xffffffffffff,
                                 0x0200deadbee1 + shapes.size()};
      shapes.push_back(shape);
    }
  }
  check_shapes(shapes, which, maker);
}

std::string name_of(const testing::TestParamInfo<FramesTest::ParamType>& info) {
  static constexpr std::array kNames = {"Single", "Each", "Multi", "Modest"};
  const auto [family, which, each] = info.param;
  return fmt::format("{}{}{}", family == Family::V4 ? "V4" : "V6",
                     kNames[static_cast<std::size_t>(which)], each ? "StampEach" : "");
}

INSTANTIATE_TEST_SUITE_P(Programs, FramesTest,
                         testing::Combine(testing::Values(Family::V4, Family::V6),
                                          testing::ValuesIn(kPrograms), testing::Bool()),
                         name_of);

class FrameTest : public BpfTest {};

TEST_F(FrameTest, CompactSequenceWrapsAt32Bits) {
  const Frame frame = plain_frame(64, {.fields = {vary(FieldKind::DstPort, 1, 7)}});
  ASSERT_EQ(frame.signature, packet::SignatureForm::Compact);
  Program program({.frames = {frame}});
  ASSERT_TRUE(program.ok()) << program.error();
  const std::uint64_t start = (std::uint64_t{1} << 32) - 3;
  program.progress().next = start;
  for (std::uint64_t i = 0; i < 6; i++) {
    const Outcome out = program.run();
    ASSERT_TRUE(sends(out, frame, start + i));
    EXPECT_EQ(packet::find_signature(out.bytes)->seq, (start + i) & 0xffffffff);
  }
}

TEST_F(FrameTest, FullSequenceGoesOnAbove32Bits) {
  const Frame frame = plain_frame(128);
  Program program({.frames = {frame}});
  ASSERT_TRUE(program.ok()) << program.error();
  const std::uint64_t start = (std::uint64_t{1} << 32) - 1;
  program.progress().next = start;
  for (std::uint64_t i = 0; i < 3; i++) {
    const Outcome out = program.run();
    ASSERT_TRUE(sends(out, frame, start + i));
    EXPECT_EQ(packet::find_signature(out.bytes)->seq, start + i);
  }
}

/// A UDP checksum that comes out as 0 is sent as 0xffff: 0 would say that there is none.
TEST_F(FrameTest, ChecksumIsNeverZero) {
  FrameSpec spec = plain_spec();
  spec.signature = false;
  const Frame frame =
      packet::build(spec, {.fields = {vary(FieldKind::DstPort, 0, 65'536)}}).value();
  const auto checksum = [&](const std::vector<std::uint8_t>& bytes) {
    return bytes[frame.checksums.back().offset] << 8 | bytes[frame.checksums.back().offset + 1U];
  };
  std::uint64_t k = 0;
  while (k < 65'536 && checksum(packet::render(frame, k, 0, 0)) != 0xffff)
    k++;
  ASSERT_LT(k, 65'536U);
  Program program({.frames = {frame}});
  ASSERT_TRUE(program.ok()) << program.error();
  program.progress().next = k;
  const Outcome out = program.run();
  ASSERT_TRUE(sends(out, frame, k));
  EXPECT_EQ(checksum(out.bytes), 0xffff);
}

TEST_F(FrameTest, PageShorterThanTheFrameIsDropped) {
  for (const Which which : kPrograms) {
    for (const std::uint32_t size : {64U, 65U, 131U, 3412U}) {
      SCOPED_TRACE(fmt::format("{} {}", size, static_cast<int>(which)));
      const Frame frame = plain_frame(size, {.fields = {vary(FieldKind::DstPort, 1, 7)}});
      Program program({.frames = {frame}, .which = which});
      ASSERT_TRUE(program.ok()) << program.error();
      for (const std::size_t page :
           {std::size_t{14}, std::size_t{34}, std::size_t{42}, frame.bytes.size() - 1}) {
        EXPECT_EQ(program.run(0, page).action, std::uint32_t{XDP_DROP}) << page;
        EXPECT_EQ(program.attempts(), 0U);
      }
      // No packet of the sequence is lost by it.
      EXPECT_TRUE(sends(program.run(), frame, 0, 0, 0));
      EXPECT_EQ(program.attempts(), 1U);
    }
  }
}

TEST_F(FrameTest, EachWorkerSendsItsOwnStream) {
  const auto zeros = [](Family family, std::uint32_t size) {
    FrameSpec spec = plain_spec(family, size);
    spec.payload = Payload::Zeros;
    return spec;
  };
  const std::vector<Frame> frames = {
      packet::build(zeros(Family::V4, 64), {.fields = {vary(FieldKind::DstPort, 1, 7)}}).value(),
      packet::build(zeros(Family::V6, 131),
                    {.fields = {vary(FieldKind::SrcAddr, 5, 3), vary(FieldKind::SrcMac, 9, 5)},
                     .vary = Vary::Product})
          .value(),
      packet::build(zeros(Family::V6, 66),
                    {.fields = {vary(FieldKind::DstMac, 5, 3)}, .vary = Vary::Random, .seed = 2})
          .value()};
  for (const Which which : {Which::Multi, Which::NoPerfmon}) {
    Program program({.frames = frames, .which = which, .worker_streams = {0, 1, 2, 1}});
    ASSERT_TRUE(program.ok()) << program.error();
    std::vector<std::uint64_t> next(frames.size());
    std::mt19937 random(5);
    for (int i = 0; i < 60; i++) {
      const std::size_t worker_id = random() % 4;
      const std::size_t stream = worker_id == 3 ? 1 : worker_id;
      ASSERT_TRUE(sends(program.run(worker_id), frames[stream], next[stream]++,
                        static_cast<std::uint8_t>(worker_id)));
    }
    for (std::size_t s = 0; s < frames.size(); s++)
      EXPECT_EQ(program.progress(s).next, next[s]);
  }
}

/// Live mode before Linux 6.3 puts a frame right that the driver changed only where the program
/// changed the packet's bounds (bpf/renew.bpf.h); whatever that does to the bytes is not to be
/// seen.
TEST_F(FrameTest, RenewingChangesTheBoundsOfEveryFrameAndNoByte) {
  for (const Which which : {Which::Single, Which::Renew, Which::Multi, Which::NoPerfmon}) {
    const bool renew = which != Which::Single;
    const std::vector<Frame> frames = {plain_frame(64), plain_frame(131), plain_frame(3412)};
    const bool together = which == Which::Multi || which == Which::NoPerfmon;
    for (std::size_t i = 0; i < frames.size(); i++) {
      SCOPED_TRACE(fmt::format("{} {}", static_cast<int>(which), i));
      Program program({.frames = {frames[i]}, .which = which, .renew = renew});
      ASSERT_TRUE(program.ok()) << program.error();
      for (std::uint64_t k = 0; k < 3; k++) {
        const Outcome out = program.run();
        ASSERT_TRUE(sends(out, frames[i], k));
        EXPECT_EQ(out.metadata, renew ? 4U : 0U) << k;
      }
      if (together) break; // the verifier takes long over these; the length is nothing to them
    }
  }
}

TEST_F(FrameTest, WorkersOfOneStreamShareItsSequence) {
  const Frame frame =
      plain_frame(131, {.fields = {vary(FieldKind::DstPort, 1, 10), vary(FieldKind::SrcAddr, 7, 3)},
                        .vary = Vary::Product});
  Program program({.frames = {frame}, .worker_streams = {0, 0, 0}});
  ASSERT_TRUE(program.ok()) << program.error();
  std::mt19937 random(6);
  for (std::uint64_t k = 0; k < 60; k++) {
    const std::size_t worker_id = random() % 3;
    ASSERT_TRUE(sends(program.run(worker_id), frame, k, static_cast<std::uint8_t>(worker_id)));
  }
}

} // namespace
} // namespace xtg::test
