// SPDX-License-Identifier: BSD-2-Clause
// Every program in every variant, and in set-ups whose constants have the verifier look at other
// code: does this kernel load it? Nothing is run, so that it is quick under emulation, too: this is
// what is asked of another kernel first.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "program.h"
#include "reflect_program.h"
#include "rx_program.h"
#include "packet/tcp.h"
#include "tcp_program.h"
#include "xdp/sender.h"
#include "xdp/tcp_sender.h"
#include "xtg/abi/signature.h"

namespace xtg::test {

namespace {

using packet::Family;
using packet::FieldKind;
using packet::Sweep;

packet::Frame frame(packet::FrameSpec spec, Sweep sweep = {}) {
  auto built = packet::build(spec, std::move(sweep));
  EXPECT_TRUE(built) << built.error().message();
  return std::move(*built);
}

/// A frame without a signature, and one with the full one, in which every field changes.
std::vector<packet::Frame> frames(std::uint8_t signature_flags = 0) {
  packet::FrameSpec bare = plain_spec(Family::V4, 64);
  bare.signature = bare.udp_checksum = false;
  bare.payload = packet::Payload::Zeros;
  packet::FrameSpec odd = plain_spec(Family::V6, 1'517);
  odd.reflector = true;
  odd.signature_flags = signature_flags;
  odd.payload = packet::Payload::Zeros;
  Sweep sweep;
  for (const FieldKind kind : {FieldKind::DstPort, FieldKind::SrcPort, FieldKind::DstAddr,
                               FieldKind::SrcAddr, FieldKind::DstMac, FieldKind::SrcMac})
    sweep.fields.push_back(vary(kind, 0, 100));
  sweep.vary = packet::Vary::Random;
  return {frame(bare), frame(odd, sweep)};
}

/// A frame of several sizes, with the reflector's bytes where there is room, and flows.
packet::Frame sized(Family family, const char* sizes) {
  packet::FrameSpec spec = plain_spec(family, 1'518);
  spec.payload = packet::Payload::Zeros;
  spec.frame_size = packet::SizeLaw::parse(sizes).value();
  spec.reflector = family == Family::V6;
  Sweep sweep;
  for (const FieldKind kind : {FieldKind::DstPort, FieldKind::DstAddr, FieldKind::SrcMac})
    sweep.fields.push_back(vary(kind, 0, 100));
  sweep.flow = {.flows = 4, .packets = 2};
  return frame(spec, sweep);
}

class LoadTest : public BpfTest {};

TEST_F(LoadTest, Send) {
  const packet::Frame stamped = frames(XTG_SIG_F_STAMP_EACH | XTG_SIG_F_TAI)[1];
  for (const ProgramSetup& setup :
       {ProgramSetup{.frames = {frames()[0]}},
        ProgramSetup{.frames = {plain_frame()}, .paced = true},
        ProgramSetup{.frames = {stamped}, .paced = true},
        ProgramSetup{.frames = {sized(Family::V4, "imix")}},
        ProgramSetup{.frames = {sized(Family::V6, "200-1518:random")}, .paced = true},
        ProgramSetup{.frames = {plain_frame()}, .which = Which::Any},
        ProgramSetup{.frames = {sized(Family::V6, "200-1518:random")}, .which = Which::Any},
        ProgramSetup{.frames = {plain_frame()}, .which = Which::Multi},
        ProgramSetup{.frames = {stamped}, .paced = true, .which = Which::Multi}}) {
    const Program program(setup);
    EXPECT_TRUE(program.ok()) << program.error() << ": program " << static_cast<int>(setup.which)
                              << ", " << setup.frames[0].bytes.size() << " bytes";
  }
  const Program several({.frames = frames(), .which = Which::Multi, .worker_streams = {0, 1}});
  EXPECT_TRUE(several.ok()) << several.error();
}

TEST_F(LoadTest, SendWithoutTracing) {
  for (const packet::Frame& one : {plain_frame(), frames()[1]}) {
    const Program program({.frames = {one}, .which = Which::NoPerfmon});
    EXPECT_TRUE(program.ok()) << program.error() << ": " << one.bytes.size() << " bytes";
  }
}

TEST_F(LoadTest, Receive) {
  xtg_rx_sampling verify{}, show{};
  verify.verify = 1;
  show.why = (1U << XTG_RX_REASONS) - 1;
  show.every = show.first = 1'000;
  const std::vector<std::string> filters = {"udp dst port 10000", "tcp", "ip6 and udp", "icmp"};
  const std::vector<RxSetup> setups = {
      RxSetup{}, RxSetup{.match = filters, .drop_matched = true},
      RxSetup{.by_run_id = 1, .by_port = 1, .observe = 1, .has_tai = 0, .limit = 10},
      RxSetup{.sampling = show}, RxSetup{.sampling = verify, .match = filters}};
  for (const bool by_tc : {false, true})
    for (const bool link_header : {true, false})
      for (RxSetup setup : setups) {
        if (!by_tc && !link_header) continue;
        setup.by_tc = by_tc;
        setup.link_header = link_header;
        SCOPED_TRACE(fmt::format("tc {}, verify {}, show {}, {} filters", by_tc,
                                 setup.sampling.verify, setup.sampling.why, setup.match.size()));
        const RxProgram program(setup);
      }
}

TEST_F(LoadTest, Reflect) {
  for (const std::string_view way : {"tx", "redirect", "tc"})
    for (const bool open : {false, true}) {
      SCOPED_TRACE(fmt::format("{}, open {}", way, open));
      ReflectSetup setup{.redirect = way == "redirect", .shared = open, .by_tc = way == "tc"};
      if (open) {
        setup.mac.reset();
        setup.sources.reset();
      } else {
        setup.run_id = 7;
        setup.port = 1'000;
        setup.limit = 10;
        setup.step = 256;
        setup.depth = 25'600;
      }
      const ReflectProgram program(setup);
    }
}

TEST_F(LoadTest, Tcp) {
  for (const bool much : {false, true}) {
    const TcpProgram program({.header = tcp_header(much ? Family::V6 : Family::V4, much),
                              .flows = much ? 40U : 1U,
                              .worker_streams = much ? 2U : 1U,
                              .burst = much ? 45U : 1U,
                              .pace_ns_q = much ? std::uint64_t{1} << 30 : 0,
                              .payload = much ? noise(100'000, 1) : Bytes{}});
    EXPECT_TRUE(program.ok()) << program.error() << ", much " << much;
  }
}

TEST_F(LoadTest, TcpByTc) {
  xdp::TcpSenderSpec spec;
  xtg_tcp_config& c = spec.config;
  packet::encode_tcp_header(tcp_header(Family::V4, false), c);
  c.ingress_base = 0x40000000;
  c.to_ifindex = c.n_workers = c.n_flows = c.burst = c.by_tc = 1;
  c.board_words = 16;
  c.mss = 1'448;
  for (const std::uint32_t bare : {0U, 1U}) {
    c.bare = bare;
    const auto sender = xdp::TcpSender::load(spec);
    ASSERT_TRUE(sender) << sender.error().message();
    EXPECT_EQ(sender->count_source_note(), "");
  }
}

/// Frames that leave otherwise than by XDP transmit: of one stream and of several, also longer than
/// a page.
TEST_F(LoadTest, OtherPaths) {
  const std::vector<std::vector<packet::Frame>> runs = {
      {frames()[0]},
      frames(),
      {sized(Family::V4, "100,9000")},
      {frames()[1], sized(Family::V6, "200,9000")},
  };
  for (const plan::TxPath via : {plan::TxPath::Tc, plan::TxPath::Receive})
    for (const bool resend : {false, true})
      for (const auto& run : runs) {
        xdp::SenderSpec spec;
        spec.ingress_base = 0x40000000;
        spec.to_ifindex = 1;
        spec.via = via;
        spec.resend = resend;
        spec.loopback = resend;
        spec.control_frames = true;
        std::vector<packet::EncodedStream> encoded;
        for (const packet::Frame& one : run)
          encoded.push_back(packet::encode(one));
        spec.tables = packet::assemble(std::move(encoded)).value();
        spec.totals.assign(run.size(), 1);
        const auto sender = xdp::Sender::load(spec);
        ASSERT_TRUE(sender) << sender.error().message();
        EXPECT_EQ(sender->count_source_note(), "");
      }
}

} // namespace

} // namespace xtg::test
