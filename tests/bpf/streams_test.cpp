// SPDX-License-Identifier: BSD-2-Clause
// Several streams in one thread, and streams of several sizes: which batch is whose, what each
// frame holds, and how pages go from one to another.
#include <algorithm>
#include <array>
#include <map>
#include <string>

#include <fmt/format.h>
#include <linux/bpf.h>

#include "core/clock.h"
#include "program.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/sweep.h"

namespace xtg::test {
namespace {

using packet::EncodedStream;
using packet::Family;
using packet::FieldKind;
using packet::Frame;
using packet::FrameSpec;
using packet::Payload;

constexpr std::array kSeveral = {Which::Multi, Which::NoPerfmon};
constexpr std::uint64_t kHour = 3'600'000'000'000;

Frame stream_of(Family family, std::uint32_t size, std::uint16_t number, packet::Sweep sweep = {}) {
  FrameSpec spec = plain_spec(family, size);
  spec.payload = Payload::Zeros;
  spec.stream = number;
  return packet::build(spec, std::move(sweep)).value();
}

/// Runs, and names the stream that each run sent a frame of; '.' where it sent none.
std::string turns(Program& program, int runs, std::size_t worker_id = 0) {
  std::string out;
  for (int i = 0; i < runs; i++) {
    const bool sent = program.run(worker_id).action == XDP_REDIRECT;
    out += sent ? static_cast<char>('a' + program.worker(worker_id).stream) : '.';
  }
  return out;
}

ProgramSetup several(std::size_t streams, Which which,
                     std::vector<std::uint32_t> worker_streams = {0}) {
  ProgramSetup setup{
      .frames = {}, .which = which, .worker_streams = std::move(worker_streams), .every = true};
  for (std::size_t i = 0; i < streams; i++)
    setup.frames.push_back(stream_of(Family::V4, 64, static_cast<std::uint16_t>(i)));
  return setup;
}

void set_weights(ProgramSetup& setup, std::vector<std::uint32_t> weights) {
  setup.edit = [weights](std::vector<EncodedStream>& streams) {
    for (std::size_t i = 0; i < weights.size(); i++) {
      streams[i].stream.weight = weights[i];
      streams[i].stream.paced = weights[i] == 0 ? 1 : 0;
    }
  };
}

class StreamsTest : public BpfTest, public testing::WithParamInterface<Which> {};
INSTANTIATE_TEST_SUITE_P(Programs, StreamsTest, testing::ValuesIn(kSeveral), [](const auto& info) {
  return std::string(info.param == Which::Multi ? "Multi" : "Modest");
});

TEST_P(StreamsTest, UnpacedOnesTakeTurnsByWeight) {
  ProgramSetup setup = several(3, GetParam());
  set_weights(setup, {1, 1, 2});
  Program program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  program.worker().batch = 2;
  const std::string order = turns(program, 800);
  std::map<char, int> frames;
  for (const char c : order)
    frames[c]++;
  EXPECT_EQ(frames, (std::map<char, int>{{'a', 200}, {'b', 200}, {'c', 400}}));
  EXPECT_EQ(order.substr(0, 8), "aabbcccc");
}

TEST_P(StreamsTest, AmountsAreExactOverThreads) {
  Program program(several(3, GetParam(), {0, 0, 0}));
  ASSERT_TRUE(program.ok()) << program.error();
  const std::array<std::uint64_t, 3> totals = {20, 7, 1};
  for (std::size_t i = 0; i < totals.size(); i++)
    program.progress(i).total = totals[i];
  for (const std::size_t worker_id : {0, 1, 2})
    program.worker(worker_id).batch = 3 + static_cast<std::uint32_t>(worker_id);
  std::map<char, std::uint64_t> sent;
  for (int turn = 0; turn < 100; turn++)
    for (const std::size_t worker_id : {0, 1, 2})
      sent[turns(program, 1, worker_id)[0]]++;
  EXPECT_EQ(sent['a'], 20U);
  EXPECT_EQ(sent['b'], 7U);
  EXPECT_EQ(sent['c'], 1U);
  for (std::size_t i = 0; i < totals.size(); i++) {
    std::uint64_t claimed = 0;
    for (const std::size_t worker_id : {0, 1, 2})
      claimed += program.cursor(worker_id, i).claimed;
    EXPECT_EQ(claimed, totals[i]);
  }
  for (const std::size_t worker_id : {0, 1, 2})
    EXPECT_EQ(program.worker(worker_id).done, 1U);
}

/// Slots go in the order of their deadlines, whatever stream they are of.
TEST_P(StreamsTest, TheEarliestDeadlineIsNext) {
  ProgramSetup setup = several(3, GetParam());
  set_weights(setup, {0, 0, 0});
  Program program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  const std::array<std::uint64_t, 3> intervals = {1'000, 2'500, 7'300};
  const std::array<std::uint64_t, 3> phases = {10, 5, 7};
  const std::uint64_t start = monotonic_ns() - 1'000'000'000;
  std::vector<std::pair<std::uint64_t, char>> slots;
  for (std::size_t i = 0; i < 3; i++) {
    program.cursor(0, i).interval_ns = intervals[i];
    program.cursor(0, i).deadline_ns = start + phases[i];
    program.cursor(0, i).catch_up_ns = kHour;
    for (std::uint64_t slot = 0; slot < 100; slot++)
      slots.emplace_back(phases[i] + slot * intervals[i], static_cast<char>('a' + i));
  }
  std::ranges::sort(slots);
  std::string expected;
  for (const auto& [due, stream] : slots)
    expected += stream;
  EXPECT_EQ(turns(program, 100), expected.substr(0, 100));
}

/// A flood fills the time until a slot is due, and no more.
TEST_P(StreamsTest, ASlotThatIsDueGoesBeforeAFlood) {
  ProgramSetup setup = several(2, GetParam());
  set_weights(setup, {1, 0});
  Program program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  program.worker().batch = 4;
  program.cursor(0, 1).interval_ns = kHour;
  program.cursor(0, 1).catch_up_ns = 2 * kHour;
  program.cursor(0, 1).deadline_ns = monotonic_ns() + kHour;
  EXPECT_EQ(turns(program, 10), "aaaaaaaaaa");
  program.cursor(0, 1).deadline_ns = monotonic_ns();
  EXPECT_EQ(turns(program, 10), "aab...aaaa") << "the rest of its batch passes";
  EXPECT_EQ(program.cursor(0, 1).claimed, 1U);
}

/// A slow stream whose amount is used up does not hold up the end until its next slot.
TEST_P(StreamsTest, AnAmountUsedUpEndsAtOnce) {
  ProgramSetup setup = several(2, GetParam());
  set_weights(setup, {1, 0});
  Program program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  program.progress(0).total = program.progress(1).total = 2;
  program.cursor(0, 1).interval_ns = kHour;
  program.cursor(0, 1).catch_up_ns = 4 * kHour;
  program.cursor(0, 1).deadline_ns = monotonic_ns() - kHour - kHour / 2;
  EXPECT_EQ(turns(program, 6), "bb.aa.") << "a batch finds out that nothing is left";
  EXPECT_EQ(program.worker().done, 1U);
}

/// One stream's refused frames wait for their time; the other goes on meanwhile.
TEST_P(StreamsTest, RefusalsHoldUpTheirOwnStreamOnly) {
  ProgramSetup setup = several(2, GetParam());
  setup.resend = true;
  Program program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  program.worker().batch = 2;
  xtg_tx_cursor& held = program.cursor(0, 0);
  program.progress(0).next = 8;
  held.resend_seq = 5;
  held.resend_end = 6;
  held.rest_seq = 6;
  held.rest_end = 8;
  held.resend_u64 = packet::worker_u64(setup.frames[0].signature, 32);
  held.retry_ns = monotonic_ns() + kHour;
  EXPECT_EQ(turns(program, 6), "bbbbbb");
  held.retry_ns = monotonic_ns();
  ASSERT_TRUE(sends(program.run(), setup.frames[0], 5, 32));
  EXPECT_EQ(turns(program, 1), ".");
  ASSERT_TRUE(sends(program.run(), setup.frames[0], 6, 0));
  ASSERT_TRUE(sends(program.run(), setup.frames[0], 7, 0, 0));
  EXPECT_EQ(program.cursor(0, 1).resent, 0U);
  EXPECT_EQ(held.resent, 1U);
  EXPECT_EQ(turns(program, 4).find('a'), 2U) << "new numbers again, in turn";
}

TEST_P(StreamsTest, StopEndsAll) {
  ProgramSetup setup = several(3, GetParam());
  set_weights(setup, {1, 0, 0});
  Program program(setup);
  ASSERT_TRUE(program.ok()) << program.error();
  for (const std::size_t i : {1, 2})
    program.cursor(0, i).deadline_ns = monotonic_ns() + kHour;
  program.control().stop = 1;
  EXPECT_EQ(turns(program, 3), "...");
  EXPECT_EQ(program.worker().done, 1U);
}

/// Streams of many lengths of header and frame in one thread: nothing that one leaves in a page is
/// in the next one's frame. Also where there are more lengths than a list of places holds.
TEST_P(StreamsTest, PagesGoFromStreamToStream) {
  for (const bool many : {false, true}) {
    ProgramSetup setup = several(0, GetParam());
    std::vector<std::uint32_t> sizes = {60 + 4, 1'518, 131, 594};
    for (std::uint32_t size = 200; many && size < 220; size++)
      sizes.push_back(size);
    for (std::size_t i = 0; i < sizes.size(); i++) {
      const Family family = i % 2 == 0 ? Family::V4 : Family::V6;
      setup.frames.push_back(
          stream_of(family, sizes[i], static_cast<std::uint16_t>(i),
                    {.fields = {vary(FieldKind::DstPort, 1, 7), vary(FieldKind::SrcAddr, 3, 5)}}));
    }
    Program program(setup);
    ASSERT_TRUE(program.ok()) << program.error();
    EXPECT_EQ(program.tables().places.empty(), many);
    EXPECT_NE(program.tables().clean_from, 0U);
    std::vector<std::uint64_t> next(sizes.size());
    for (int i = 0; i < 200; i++) {
      const Outcome out = program.run();
      const std::size_t stream = program.worker().stream;
      ASSERT_TRUE(sends(out, setup.frames[stream], next[stream]++)) << i << " stream " << stream;
    }
    for (const std::uint64_t n : next)
      EXPECT_NE(n, 0U);
  }
}

TEST_F(BpfTest, PayloadsThatDifferAreNoRun) {
  std::vector<EncodedStream> streams;
  for (const Payload payload : {Payload::Zeros, Payload::Pattern}) {
    FrameSpec spec = plain_spec(Family::V4, 200);
    spec.payload = payload;
    streams.push_back(packet::encode(packet::build(spec, {}).value()));
  }
  EXPECT_FALSE(packet::assemble(streams));
}

/// Which programs can send streams of several sizes, and fields of every law.
class LawsTest : public BpfTest, public testing::WithParamInterface<Which> {};
INSTANTIATE_TEST_SUITE_P(Programs, LawsTest,
                         testing::Values(Which::Single, Which::Any, Which::Multi, Which::NoPerfmon),
                         [](const auto& info) {
                           if (info.param == Which::Single) return std::string("Single");
                           if (info.param == Which::Any) return std::string("Any");
                           return std::string(info.param == Which::Multi ? "Multi" : "Modest");
                         });

/// Packets 0 to 59 and some far away are those that render() makes.
void expect_as_rendered(const Frame& frame, Which which) {
  Program program({.frames = {frame}, .which = which});
  ASSERT_TRUE(program.ok()) << program.error();
  program.worker().batch = 5;
  for (std::uint64_t k = 0; k < 60; k++)
    ASSERT_TRUE(sends(program.run(), frame, k, 0, 0)) << k;
  for (const std::uint64_t k : {1'000ULL, 7ULL, 123'456'789ULL}) {
    program.progress().next = k;
    for (std::uint64_t i = 0; i < 5; i++)
      ASSERT_TRUE(sends(program.run(), frame, k + i, 0, 0)) << k + i;
  }
}

/// The sizes of one stream, in turn or drawn, with the full signature, the compact one and none.
TEST_P(LawsTest, SizesAreExactAndFramesRight) {
  for (const char* sizes :
       {"imix", "imix:random", "78:7,594:4,1518:1", "78-99", "78-1518/7:random"})
    for (const Family family : {Family::V4, Family::V6}) {
      SCOPED_TRACE(fmt::format("{} IPv{}", sizes, family == Family::V4 ? 4 : 6));
      FrameSpec spec = plain_spec(family, 128);
      spec.frame_size = packet::SizeLaw::parse(sizes).value();
      auto frame = packet::build(
          spec, {.fields = {vary(FieldKind::DstPort, 5, 3), vary(FieldKind::SrcAddr, 9, 4)},
                 .vary = packet::Vary::Product});
      // The smallest have no room for IPv6's headers.
      if (family == Family::V6 && std::string_view(sizes).starts_with("imix")) {
        EXPECT_FALSE(frame);
        continue;
      }
      ASSERT_TRUE(frame) << frame.error().what;
      ASSERT_NO_FATAL_FAILURE(expect_as_rendered(*frame, GetParam()));
    }
}

/// Tags around IP, of which each may vary, in frames of one size and of several.
TEST_P(LawsTest, TaggedFramesAreRight) {
  for (std::size_t tags = 1; tags <= packet::kMaxTags; tags++)
    for (const char* sizes : {"128", "imix", "131-140:random"})
      for (const Family family : {Family::V4, Family::V6}) {
        if (family == Family::V6 && std::string_view(sizes) == "imix") continue;
        SCOPED_TRACE(
            fmt::format("{} tags, {} bytes, IPv{}", tags, sizes, family == Family::V4 ? 4 : 6));
        FrameSpec spec = plain_spec(family, 128);
        spec.frame_size = packet::SizeLaw::parse(sizes).value();
        packet::Sweep sweep{.fields = {vary(FieldKind::DstPort, 5, 3)}};
        for (std::size_t i = 0; i < tags; i++) {
          spec.tags.push_back({.tpid = static_cast<std::uint16_t>(i + 1 < tags ? 0x88a8 : 0x8100),
                               .priority = static_cast<std::uint8_t>(i + 2),
                               .id = static_cast<std::uint16_t>(100 * (i + 1))});
          if (i != 1)
            sweep.fields.push_back(packet::Field::of(
                FieldKind::Vlan, {.first = 100 * (i + 1), .count = 5 + i, .step = 3},
                static_cast<std::uint8_t>(i)));
        }
        auto frame = packet::build(spec, sweep);
        ASSERT_TRUE(frame) << frame.error().what;
        ASSERT_NO_FATAL_FAILURE(expect_as_rendered(*frame, GetParam()));
      }
}

/// Bytes of the IP header that share a word with others, steps, lists and flows.
TEST_P(LawsTest, FieldsOfEveryLayerAreRight) {
  for (const Family family : {Family::V4, Family::V6})
    for (const packet::FlowLaw flow : {packet::FlowLaw{}, packet::FlowLaw{3, 4}})
      for (const packet::Vary law :
           {packet::Vary::Together, packet::Vary::Product, packet::Vary::Random}) {
        SCOPED_TRACE(fmt::format("IPv{}, {} flows, law {}", family == Family::V4 ? 4 : 6,
                                 flow.flows, static_cast<int>(law)));
        packet::Sweep sweep;
        sweep.vary = law;
        sweep.flow = flow;
        sweep.fields = {
            packet::Field::of(FieldKind::HopLimit, {.first = 1, .count = 100, .step = 2}),
            packet::Field::of(FieldKind::Tos, packet::Values::listed({0, 184, 7, 255})),
            packet::Field::of(FieldKind::SrcPort, packet::Values::listed({9'000, 1, 65'535})),
            packet::Field::of(FieldKind::DstPort, {.first = 10, .count = 7, .step = 1'000})};
        auto frame = packet::build(plain_spec(family, 129), sweep);
        ASSERT_TRUE(frame) << frame.error().what;
        ASSERT_NO_FATAL_FAILURE(expect_as_rendered(*frame, GetParam()));
      }
}

/// Steps, lists, draws and flows against the rules worked out afresh for every packet.
TEST_P(LawsTest, FieldsMoveByTheirLaws) {
  const std::vector<std::uint64_t> list = {7, 9'000, 1, 65'535, 42};
  for (const std::uint32_t vary_law : {XTG_VARY_TOGETHER, XTG_VARY_PRODUCT})
    for (const auto& [flows, flow_packets] :
         {std::pair{0U, 0U}, std::pair{3U, 4U}, std::pair{1U, 2U}, std::pair{6U, 0U}}) {
      SCOPED_TRACE(fmt::format("law {}, {} flows of {}", vary_law, flows, flow_packets));
      const Frame frame = plain_frame(
          131, {.fields = {vary(FieldKind::DstPort, 5, 5), vary(FieldKind::SrcAddr, 0x0a000000, 4),
                           vary(FieldKind::SrcPort, 100, 50), vary(FieldKind::DstMac, 2, 3)}});
      ProgramSetup setup{.frames = {frame}, .which = GetParam()};
      setup.edit = [&, flows = flows,
                    flow_packets = flow_packets](std::vector<EncodedStream>& streams) {
        xtg_stream& s = streams[0].stream;
        streams[0].values = list;
        s.vary = vary_law;
        s.flows = flows;
        s.flow_packets = flow_packets;
        s.fields[0].list = 1;
        s.fields[1].step = 0x00010001;
        s.fields[2].flags = XTG_FIELD_RANDOM;
        s.fields[3].step = 1ULL << 40;
      };
      Program program(setup);
      ASSERT_TRUE(program.ok()) << program.error();
      const xtg_stream& s = program.tables().streams[0];
      const auto check = [&](std::uint64_t k) {
        const Outcome out = program.run();
        auto expected = packet::render(frame, k, 0, sent_at(out));
        const std::uint64_t at = xtg_flow_at(k, flows, flow_packets);
        std::uint64_t rest = at;
        for (std::uint32_t i = 0; i < s.n_fields; i++) {
          const xtg_field& f = s.fields[i];
          std::uint64_t index = rest % f.count;
          if ((f.flags & XTG_FIELD_RANDOM) != 0)
            index = xtg_sweep_random(s.seed, i, at, f.count);
          else if (vary_law == XTG_VARY_PRODUCT)
            rest /= f.count;
          const std::uint64_t value = f.list != 0 ? list[index] : f.first + index * f.step;
          for (int byte = 0; byte < f.width; byte++)
            expected[f.offset + f.width - 1U - static_cast<unsigned>(byte)] =
                static_cast<std::uint8_t>(value >> (8 * byte));
        }
        packet::write_checksums(frame, expected);
        ASSERT_EQ(out.action, std::uint32_t{XDP_REDIRECT});
        ASSERT_EQ(out.bytes, expected) << k;
      };
      program.worker().batch = 7;
      for (std::uint64_t k = 0; k < 70; k++)
        ASSERT_NO_FATAL_FAILURE(check(k));
      for (const std::uint64_t k : {1'001ULL, 11ULL, 99'999'999'999ULL}) {
        program.progress().next = k;
        for (std::uint64_t i = 0; i < 7; i++)
          ASSERT_NO_FATAL_FAILURE(check(k + i));
      }
    }
}

} // namespace
} // namespace xtg::test
