// SPDX-License-Identifier: BSD-2-Clause
// A connection from SYN to FIN under each set of options, and what may lie beside its stream.
#include "fixture.h"

#include <thread>

namespace xtg::peer::test {
namespace {

class StreamTest : public EitherSender {};
XTG_EITHER_SENDER(StreamTest);
using StreamProgramTest = PeerTest;

struct Variant {
  const char* name;
  Handshake handshake;
  packet::Family family = packet::Family::V4;
};

void PrintTo(const Variant& variant, std::ostream* out) {
  *out << variant.name;
}

class VariantTest : public PeerTest,
                    public testing::WithParamInterface<std::tuple<Sender, Variant>> {};

INSTANTIATE_TEST_SUITE_P(
    wire, VariantTest,
    testing::Combine(
        testing::Values(Sender::Kernel, Sender::Program),
        testing::Values(
            Variant{"all", {}}, Variant{"all_ipv6", {}, packet::Family::V6},
            Variant{"no_timestamps", {.timestamps = false}}, Variant{"no_sack", {.sack = false}},
            Variant{"no_wscale", {.wscale = std::nullopt, .window = 40'000}},
            Variant{"wscale_14", {.wscale = 14, .window = 1 << 20}},
            Variant{"mss_536", {.mss = 536}},
            Variant{"bare",
                    {.mss = 536,
                     .wscale = std::nullopt,
                     .sack = false,
                     .timestamps = false,
                     .window = 40'000}},
            Variant{"bare_ipv6",
                    {.wscale = std::nullopt, .sack = false, .timestamps = false, .window = 40'000},
                    packet::Family::V6},
            Variant{"narrow", {.window = 5'000}})),
    [](const auto& info) {
      return std::string(std::get<1>(info.param).name) +
             (std::get<0>(info.param) == Sender::Program ? "_program" : "_kernel");
    });

TEST_P(VariantTest, CarriesTheStreamWithTheOptionsAgreed) {
  const auto& [sender, variant] = GetParam();
  Peer& p = start(sender, {.bytes = 30'000, .family = variant.family});
  p.accept(variant.handshake);
  p.receive(30'000);
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(30'000);
  if (!program()) return;
  const auto& agreed = json().at("end").at("negotiated");
  EXPECT_EQ(agreed.at("mss"), p.mss());
  EXPECT_EQ(agreed.at("timestamps"), variant.handshake.timestamps);
  EXPECT_EQ(agreed.at("sack"), variant.handshake.sack);
  EXPECT_EQ(agreed.at("ecn"), false);
  EXPECT_EQ(count("retransmits"), 0);
  EXPECT_EQ(count("bytes_sent"), 30'000);
}

TEST_P(StreamTest, SendsFullSegmentsInOrder) {
  Peer& p = start();
  p.accept();
  p.expect_data(0, 30'000);
  p.ack(30'000);
  finish_closed(30'000);
}

/// Whether the receiver's GRO may put `b` behind `a` (RFC 9293 does not ask for it, speed does).
bool may_merge(const Segment& a, const Segment& b) {
  return a.flags == kAck && (b.flags & ~kPsh) == kAck && a.ack == b.ack && a.ecn == b.ecn &&
         a.options == b.options && b.payload.size() <= a.payload.size() &&
         (b.ip_id == a.ip_id || b.ip_id == static_cast<std::uint16_t>(a.ip_id + 1));
}

TEST_P(StreamTest, SegmentsOfABurstCanBeMerged) {
  for (const auto family : {packet::Family::V4, packet::Family::V6}) {
    const std::uint64_t mss = family == packet::Family::V4 ? 1448 : 1428;
    Peer& p = start({.bytes = 20 * mss, .family = family});
    p.accept({.window = 65'000});
    std::vector<Segment> burst;
    while (p.highest() < 20 * mss || burst.size() < 20) {
      const Seen seen = p.expect("payload", [](const Seen& s) { return s.data() && !s.again; });
      burst.push_back(seen.segment);
      if (seen.to == 20 * mss) break;
    }
    std::size_t breaks = 0;
    for (std::size_t i = 1; i < burst.size(); ++i)
      breaks += may_merge(burst[i - 1], burst[i]) ? 0 : 1;
    // The kernel's sender ends its own bursts after a few segments.
    EXPECT_LE(breaks, program() ? 1U : 10U);
    p.ack(20 * mss);
    finish_closed(20 * mss);
  }
}

TEST_P(StreamTest, EchoesTheTimestampOfTheAckThatLetItSend) {
  Peer& p = start();
  p.accept({.window = 10 * 1448});
  p.expect_data(0, 14'480);
  std::this_thread::sleep_for(std::chrono::milliseconds(5)); // another TSval than the SYN's
  p.ack(14'480, {.window = 1 << 20});
  const std::uint32_t newest = p.newest_tsval();
  const Seen seen = p.expect("new data", [](const Seen& s) { return s.data() && !s.again; });
  EXPECT_EQ(seen.segment.ts->echo, newest);
  p.receive(30'000);
  finish_closed(30'000);
}

TEST_P(StreamTest, AcknowledgesAndCountsDataFromThePeer) {
  Peer& p = start();
  p.accept({.window = 10 * 1448});
  p.expect_data(0, 14'480);
  p.send_data(1'000);
  p.expect_ack(1'000);
  p.send_data(500, 500); // known already
  p.expect_ack(1'000);
  p.send_data(700);
  p.expect_ack(1'700);
  p.ack(14'480, {.window = 1 << 20});
  p.receive(30'000);
  finish_closed(30'000);
  expect_count("bytes_received", 1'700);
}

TEST_P(StreamTest, DoesNotAcknowledgeAcrossAHoleInThePeersData) {
  Peer& p = start();
  p.accept({.window = 10 * 1448});
  p.expect_data(0, 14'480);
  p.send_data(300, 200);
  p.expect_ack(0);
  p.send_data(200, 0);
  const Seen seen = p.expect("the hole filled", [](const Seen& s) { return s.ack >= 200; });
  if (seen.ack == 200) p.send_data(300, 200); // it need not have kept the later part
  p.expect("all of it", [](const Seen& s) { return s.ack == 500; });
  p.ack(14'480, {.window = 1 << 20});
  p.receive(30'000);
  finish_closed(30'000);
  expect_count("bytes_received", 500);
}

TEST_P(StreamTest, GoesOnAfterThePeersFin) {
  Peer& p = start();
  p.accept({.window = 10 * 1448});
  p.expect_data(0, 14'480);
  p.fin();
  p.expect_ack(1);
  p.ack(14'480, {.window = 1 << 20});
  p.receive(30'000);
  p.expect_fin(30'000);
  p.ack(30'001);
  finish(0);
  if (!program()) return;
  EXPECT_EQ(close_reason(), "fin");
  EXPECT_EQ(count("bytes"), 30'000);
}

TEST_P(StreamTest, AnswersTheFinAfterDataAndOnceMore) {
  Peer& p = start();
  p.accept({.window = 10 * 1448});
  p.expect_data(0, 14'480);
  p.send_data(100);
  p.fin();
  p.expect_ack(101);
  p.fin(); // as if the ACK were lost
  p.expect_pure_ack(101);
  p.ack(14'480, {.window = 1 << 20});
  p.receive(30'000);
  p.expect_fin(30'000);
  p.ack(30'001);
  finish(0);
}

TEST_P(StreamTest, AnswersKeepalives) {
  Peer& p = start();
  p.accept({.window = 10 * 1448});
  p.expect_data(0, 14'480);
  p.ack(14'480, {.window = 0});
  for (const bool with_byte : {false, true}) {
    p.keepalive(with_byte);
    p.expect_pure_ack(0);
    p.expect_no_data_for(600); // answers to such segments may be limited to one in 500 ms
  }
  p.send_data(10);
  p.expect_ack(10);
  p.keepalive(true);
  p.expect_pure_ack(10);
  p.ack(14'480, {.window = 1 << 20});
  p.receive(30'000);
  finish_closed(30'000);
}

TEST_P(StreamTest, WrapOfThePeersSequenceAndTimestamps) {
  Peer& p = start();
  p.accept({.window = 10 * 1448, .isn = 0xffffff00, .tsval = 0xffffff80});
  p.expect_data(0, 14'480);
  p.send_data(200);
  p.expect_ack(200);
  p.send_data(200); // over the end
  p.expect_ack(400);
  p.send_data(200);
  p.expect_ack(600);
  p.expect_none(
      "forgotten ACK", [](const Seen& s) { return s.ack != 600; }, 100);
  p.ack(14'480, {.window = 1 << 20});
  p.receive(30'000);
  finish_closed(30'000);
}

/// What it says fills the socket before the program has taken it over.
TEST_F(StreamProgramTest, AServerThatSpeaksFirst) {
  Peer& p =
      start(Sender::Program, {.bytes = at(40), .sysctls = {{"ipv4/tcp_rmem", "4096 8192 8192"}}});
  p.accept({.wscale = 0, .rtt_ms = 20});
  while (p.room() != 0)
    p.send_data(static_cast<std::uint32_t>(std::min<std::uint64_t>(p.room(), 1'000)));
  p.expect_ack(p.our_next()); // with what is left of the window
  p.receive(at(20));
  for (int i = 0; i < 20; ++i)
    p.send_data(1'000);
  p.expect_ack(p.our_next());
  p.receive(at(40));
  finish_closed(at(40));
  EXPECT_EQ(count("bytes_received"), static_cast<std::int64_t>(p.our_next()) - 1); // less its FIN
}

/// From the SYN to the FIN: what a path sees of a connection is one flow.
TEST_F(StreamProgramTest, EverySegmentHasTheSameIpFields) {
  for (const packet::Family family : {packet::Family::V4, packet::Family::V6})
    for (const char* close : {"fin", "rst"}) {
      Peer& p = start(Sender::Program, {.bytes = at(20),
                                        .options = {"--close", close},
                                        .family = family,
                                        .hop_limit = 33,
                                        .tos = 0xb8});
      p.accept({.rtt_ms = 20});
      const std::uint64_t end = at(20);
      p.receive(end);
      if (std::string(close) == "fin") {
        finish_closed(end);
        continue;
      }
      p.expect_rst();
      finish(0);
    }
}

} // namespace
} // namespace xtg::peer::test
