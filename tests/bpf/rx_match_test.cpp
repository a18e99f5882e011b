// SPDX-License-Identifier: BSD-2-Clause
// Frames without a signature: which filter the receiving program counts them for, against the plain
// matcher, and what becomes of them.
#include <gtest/gtest.h>

#include "core/clock.h"
#include "packet/bytes.h"
#include "packet/frame.h"
#include "rx_program.h"
#include "support/match_model.h"
#include "support/sample_spec.h"
#include "xtg/abi/tx.h"

namespace xtg::test {
namespace {

using packet::Family;

/// What our sender makes; `signature`: with one, short in the smallest frames.
Bytes datagram(Family family, std::uint16_t port, bool signature = false, std::uint32_t size = 104,
               std::uint64_t seq = 0) {
  packet::FrameSpec spec = sample_spec(family, size);
  spec.dst_port = port;
  spec.signature = signature;
  return packet::render(*packet::build(spec, {}), seq, 0, monotonic_ns() - 1000);
}

/// Packets that the record of a filter has; a record's number is the order of their first frames.
std::uint64_t counted(RxProgram& program, std::uint16_t filter) {
  for (std::uint32_t i = 0; i < program.control().slots; i++) {
    const xtg_rx_slot slot = program.slot(i);
    if (slot.key.form == XTG_SIG_NONE && slot.key.stream == filter) return slot.packets;
  }
  return 0;
}

TEST(RxMatchProgram, CountsAndLetsPass) {
  RxProgram program(RxSetup{.match = {"udp dst port 10000"}});
  for (const Family family : {Family::V4, Family::V6}) {
    EXPECT_TRUE(program.passes(datagram(family, 10'000)));
    EXPECT_TRUE(program.passes(datagram(family, 10'000, false, 204)));
    EXPECT_TRUE(program.passes(datagram(family, 10'001)));
  }
  const xtg_rx_slot slot = program.slot(0);
  EXPECT_EQ(slot.key.form, XTG_SIG_NONE);
  EXPECT_EQ(slot.key.run_id, 0U);
  EXPECT_EQ(slot.packets, 4U);
  EXPECT_EQ(slot.bytes, 600U);
  EXPECT_EQ(slot.size_min, 100U);
  EXPECT_EQ(slot.size_max, 200U);
  EXPECT_GT(slot.last_ns, slot.first_ns);
  EXPECT_EQ(slot.next, 0U);
  EXPECT_EQ(program.queue().packets, 4U);
  EXPECT_EQ(program.queue().bytes, 600U);
  EXPECT_EQ(program.queue().passed, 2U);
}

TEST(RxMatchProgram, TakesThemWhereAsked) {
  RxProgram program(RxSetup{.match = {"udp dst port 10000", "tcp"}, .drop_matched = true});
  EXPECT_TRUE(program.takes(datagram(Family::V4, 10'000)));
  EXPECT_TRUE(program.passes(datagram(Family::V4, 10'001)));
  RxProgram observer(RxSetup{.observe = 1, .match = {"udp dst port 10000"}, .drop_matched = true});
  EXPECT_TRUE(observer.takes(datagram(Family::V4, 10'000))) << "that is about test frames";
  for (int i = 0; i < 2; i++)
    EXPECT_TRUE(observer.passes(datagram(Family::V4, 10'000, true)));
  EXPECT_EQ(observer.queue().packets, 3U);
}

TEST(RxMatchProgram, NothingIsCountedWithoutAFilter) {
  RxProgram program;
  EXPECT_TRUE(program.passes(datagram(Family::V4, 10'000)));
  EXPECT_EQ(program.control().slots, 0U);
  EXPECT_EQ(program.queue().packets, 0U);
  EXPECT_EQ(program.queue().passed, 1U);
}

TEST(RxMatchProgram, CountsForTheFirstFilterThatFits) {
  RxProgram program(RxSetup{.match = {"tcp", "dst port 10000", "udp", "ip"}});
  for (int i = 0; i < 3; i++)
    program.receive(datagram(Family::V4, 10'000));
  for (int i = 0; i < 2; i++)
    program.receive(datagram(Family::V6, 10'001));
  Bytes icmp = datagram(Family::V4, 10'000);
  icmp[23] = 1;
  program.receive(icmp);
  EXPECT_EQ(counted(program, 0), 0U);
  EXPECT_EQ(counted(program, 1), 3U);
  EXPECT_EQ(counted(program, 2), 2U);
  EXPECT_EQ(counted(program, 3), 1U);
  EXPECT_EQ(program.queue().packets, 6U);
}

/// A program with these filters, and what the plain matcher says of the frames it gets.
class Compared {
public:
  explicit Compared(const std::vector<std::string>& texts)
      : program_(RxSetup{.n_slots = XTG_RX_MATCHES, .match = texts, .drop_matched = true}),
        expected_(texts.size()) {
    for (const std::string& text : texts)
      filters_.push_back(*packet::Filter::parse(text));
  }

  /// Whether they agree; `fitting` has how many fitted.
  bool agree(const Bytes& frame) {
    const auto first = std::find_if(filters_.begin(), filters_.end(),
                                    [&](const auto& filter) { return fits(frame, filter); });
    const bool any = first != filters_.end();
    if (any) expected_[static_cast<std::size_t>(first - filters_.begin())]++;
    fitting += any ? 1 : 0;
    return program_.takes(frame) == any;
  }

  void expect_counts() {
    for (std::uint16_t i = 0; i < filters_.size(); i++)
      EXPECT_EQ(counted(program_, i), expected_[i]) << filters_[i].to_string();
  }

  unsigned fitting = 0;

private:
  RxProgram program_;
  std::vector<packet::Filter> filters_;
  std::vector<std::uint64_t> expected_;
};

TEST(RxMatchProgram, CutShortAtEveryByte) {
  Bytes tagged = datagram(Family::V4, 10'000);
  tagged.insert(tagged.begin() + 12, {0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x00, 0x05});
  // What needs most of a frame comes first.
  Compared compared({"less 70 and dst port 10000 and vlan", "dst port 10000", "udp and vlan",
                     "udp and ip6", "vlan and vlan and ip", "src host 198.18.0.1",
                     "dst net 2001:2::/127", "proto 17", "ip", "ip6", "vlan and vlan 5", "vlan 7",
                     "vlan", "ether src host 02:00:00:00:00:01"});
  for (const Bytes& frame : {tagged, datagram(Family::V4, 10'000), datagram(Family::V6, 10'000)})
    for (std::size_t size = 14; size <= frame.size(); size++)
      ASSERT_TRUE(compared.agree(Bytes(frame.begin(), frame.begin() + static_cast<long>(size))))
          << size << " bytes";
  compared.expect_counts();
}

TEST(RxMatchProgram, FragmentsHaveAProtocolButNoPorts) {
  RxProgram udp(RxSetup{.match = {"udp"}, .drop_matched = true});
  RxProgram port(RxSetup{.match = {"dst port 10000"}, .drop_matched = true});
  for (const std::uint16_t fragment : {0x2000, 0x2010, 0x0010, 0x4000, 0x0000}) {
    Bytes frame = datagram(Family::V4, 10'000);
    packet::store_be(std::span(frame).subspan(20, 2), fragment);
    EXPECT_TRUE(udp.takes(frame)) << fragment;
    EXPECT_EQ(port.takes(frame), fragment % 0x4000 == 0) << fragment;
  }
  Bytes frame = datagram(Family::V6, 10'000);
  frame[20] = 44;
  frame.insert(frame.begin() + 54, {17, 0, 0, 1, 0, 0, 0, 9});
  EXPECT_TRUE(udp.takes(frame));
  EXPECT_TRUE(port.passes(frame));
  frame[54] = 6;
  EXPECT_TRUE(udp.passes(frame));
}

TEST(RxMatchProgram, FramesAndFiltersAtRandom) {
  MatchDice dice(2);
  unsigned fitting = 0, frames = 0;
  for (int run = 0; run < 12; run++) {
    std::vector<std::string> texts;
    while (texts.size() < XTG_RX_MATCHES) {
      const std::string text = dice.filter();
      if (packet::Filter::parse(text)) texts.push_back(text);
    }
    Compared compared(texts);
    for (int i = 0; i < 2'000; i++, frames++)
      ASSERT_TRUE(compared.agree(dice.frame()));
    compared.expect_counts();
    fitting += compared.fitting;
  }
  EXPECT_GT(fitting, frames / 10);
  EXPECT_LT(fitting, frames - frames / 10);
}

TEST(RxMatchProgram, TestFramesAreNobodysElse) {
  RxProgram program(RxSetup{.match = {"udp"}});
  for (int i = 0; i < 2; i++)
    EXPECT_TRUE(program.takes(datagram(Family::V4, 10'000, true)));
  EXPECT_EQ(program.slot(0).key.form, XTG_SIG_FULL);
  Bytes other = datagram(Family::V4, 10'000, true);
  other[other.size() - 5]++; // version
  EXPECT_TRUE(program.passes(other));
  EXPECT_EQ(program.queue().unknown, 1U);
  RxProgram one(RxSetup{.by_run_id = 1, .run_id = 1, .match = {"udp"}});
  EXPECT_TRUE(one.passes(datagram(Family::V4, 10'000, true)));
  EXPECT_EQ(one.queue().filtered, 1U);
  EXPECT_EQ(one.queue().packets + program.queue().packets, 2U);
}

TEST(RxMatchProgram, AFrameThatEndsAsACompactSignatureDoesCountsOnce) {
  RxProgram program(RxSetup{.match = {"udp dst port 10000"}});
  Bytes foreign = datagram(Family::V4, 10'000);
  packet::store_be(std::span(foreign).last(2), 0xc7a5); // no version of ours
  EXPECT_TRUE(program.passes(foreign));
  EXPECT_EQ(counted(program, 0), 1U);
  EXPECT_EQ(program.queue().unknown, 0U);
  packet::store_be(std::span(foreign).last(2), 0xc7a1);
  for (std::uint8_t i = 1; i <= 5; i++) { // nothing that agrees
    foreign[foreign.size() - 6] = i;
    EXPECT_TRUE(program.passes(foreign));
    EXPECT_EQ(counted(program, 0), 1U + i);
  }
  EXPECT_EQ(program.control().candidates, 0U);
  EXPECT_EQ(program.queue().packets, 6U);
  const Bytes elsewhere = datagram(Family::V4, 10'001, true, 64);
  EXPECT_TRUE(program.passes(elsewhere));
  EXPECT_EQ(program.control().candidates, 1U);
}

TEST(RxMatchProgram, AStreamOfShortSignaturesIsBelievedAllTheSame) {
  RxProgram program(RxSetup{.match = {"udp"}});
  EXPECT_TRUE(program.passes(datagram(Family::V4, 10'000, true, 64, 0)));
  for (std::uint64_t seq = 1; seq < 4; seq++)
    EXPECT_TRUE(program.takes(datagram(Family::V4, 10'000, true, 64, seq)));
  EXPECT_EQ(counted(program, 0), 1U) << "before it was believed";
  EXPECT_EQ(program.slot(1).key.form, XTG_SIG_COMPACT);
  EXPECT_EQ(program.slot(1).packets, 3U);
  EXPECT_EQ(program.queue().packets, 4U);
  EXPECT_EQ(program.control().candidates, 0U);
}

TEST(RxMatchProgram, CountsSoManyAndNoMore) {
  RxProgram program(RxSetup{.limit = 3, .match = {"udp"}, .drop_matched = true});
  EXPECT_TRUE(program.takes(datagram(Family::V4, 10'000)));
  for (int i = 0; i < 2; i++)
    EXPECT_TRUE(program.takes(datagram(Family::V4, 10'000, true)));
  EXPECT_TRUE(program.passes(datagram(Family::V4, 10'000)));
  EXPECT_TRUE(program.passes(datagram(Family::V4, 10'000, true)));
  EXPECT_EQ(program.queue().packets, 3U);
}

TEST(RxMatchProgram, WithoutARecordItIsOnlyTold) {
  RxProgram program(RxSetup{.n_slots = 1, .match = {"udp dst port 10000", "udp"}});
  EXPECT_TRUE(program.passes(datagram(Family::V4, 10'000)));
  EXPECT_TRUE(program.passes(datagram(Family::V4, 10'001)));
  EXPECT_EQ(program.queue().no_slot, 1U);
  EXPECT_EQ(counted(program, 0), 1U);
}

} // namespace
} // namespace xtg::test
