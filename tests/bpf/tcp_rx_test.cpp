// SPDX-License-Identifier: BSD-2-Clause
// What the ingress programs take off the interface, and what the sending thread is told of it.
#include <cstdint>

#include "packet/bytes.h"
#include "support/hex.h"
#include "tcp_rx.h"

namespace xtg::test {
namespace {

using packet::Family;
using packet::load_be;
using packet::store_be;

INSTANTIATE_TEST_SUITE_P(, TcpRxTest, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

TEST_P(TcpRxTest, TakesWhatBelongsToAConnection) {
  Segment s;
  EXPECT_TRUE(taken(make(s)));
  s.options = joined({{1, 1}, timestamp(0x31323334, 0x41424344)});
  EXPECT_TRUE(taken(make(s)));
  for (unsigned flags = 0; flags < 256; flags++) {
    s.flags = static_cast<std::uint8_t>(flags);
    ASSERT_TRUE(taken(make(s))) << flags;
  }
  s.seq = s.ack = 0xffffffff;
  s.window = 0xffff;
  EXPECT_TRUE(taken(make(s)));
}

TEST_P(TcpRxTest, TakesPacketsWithoutEthernetHeaders) {
  ASSERT_NO_FATAL_FAILURE(load(true));
  const Bytes frame = make({.options = timestamp(1, 2), .payload = noise(1000, 1)});
  const Bytes packet(frame.begin() + 14, frame.end());
  EXPECT_EQ(program_->receive_tc(packet), kShot);
  const auto event = program_->take_event();
  ASSERT_TRUE(event);
  EXPECT_TRUE(same_event(*event, *judge(ours_, kPort, frame).event));
  Bytes other = packet;
  other[0] ^= 0x20; // the other family's version
  EXPECT_EQ(program_->receive_tc(other), kUnspec);
  EXPECT_EQ(program_->receive_tc(frame), kUnspec);
}

TEST_P(TcpRxTest, TellsOfCongestionOnTheWay) {
  for (const std::uint8_t ecn : {0, 1, 2, 3}) {
    Bytes frame = make({});
    frame[15] |= static_cast<std::uint8_t>(v4() ? ecn : ecn << 4);
    EXPECT_TRUE(taken(frame)) << unsigned{ecn};
    EXPECT_EQ((judge(ours_, kPort, frame).event->flags & XTG_TCP_HAS_CE) != 0, ecn == 3);
  }
}

TEST_P(TcpRxTest, PassesWhatIsNotOurs) {
  const Bytes good = make({});
  EXPECT_TRUE(taken(good));
  // Each byte of what names a connection.
  const std::size_t addresses = v4() ? 26 : 22, each = ours_.src_addr.size();
  for (std::size_t at = addresses; at < addresses + 2 * each + 4; at++) {
    Bytes other = good;
    other[at] ^= 1;
    fix_sum(other);
    EXPECT_TRUE(passed(other)) << at;
  }
  Bytes udp = good;
  udp[v4() ? 23 : 20] = 17;
  EXPECT_TRUE(passed(udp));
  for (const std::uint16_t type : {0x0806, 0x8847, v4() ? 0x86dd : 0x0800}) {
    Bytes other = good;
    store_be(std::span(other).subspan(12, 2), type);
    EXPECT_TRUE(passed(other)) << type;
  }
  program_->release(kPort);
  EXPECT_EQ(program_->receive(good), kPass);
  EXPECT_EQ(program_->receive_tc(good), kUnspec);
}

TEST_P(TcpRxTest, VlanZeroIsNoVlan) {
  const Bytes good = make({.payload = noise(40, 1)});
  for (const std::uint16_t type : {0x8100, 0x88a8}) {
    EXPECT_TRUE(passed(tagged(good, {{type, 7}})));
    EXPECT_TRUE(passed(tagged(good, {{type, 0xe001}})));
    EXPECT_TRUE(taken(tagged(good, {{type, 0}})));
    EXPECT_TRUE(taken(tagged(good, {{type, 0xf000}}))); // all of the priority
    EXPECT_TRUE(taken(tagged(good, {{type, 0}, {0x8100, 0x2000}})));
    EXPECT_TRUE(passed(tagged(good, {{type, 0}, {0x8100, 7}})));
    EXPECT_TRUE(passed(tagged(good, {{type, 7}, {0x8100, 0}})));
    EXPECT_TRUE(passed(tagged(good, {{type, 0}, {0x8100, 0}, {0x8100, 0}})));
  }
  Bytes cut = tagged(good, {{0x8100, 0}});
  cut.resize(l4() + 4 + 19);
  EXPECT_EQ(program_->receive(cut), kPass);
}

TEST_P(TcpRxTest, CountsFragmentsAndLeavesThem) {
  const Bytes good = make({.payload = noise(40, 1)});
  EXPECT_TRUE(taken(good));
  std::uint64_t counted = 0;
  for (const std::uint16_t field : {0x2000, 0x0001, 0x1000, 0x2001, 0x6000}) {
    Bytes fragment = good;
    if (v4()) {
      store_be(std::span(fragment).subspan(20, 2), field);
    } else {
      const auto place = static_cast<std::uint16_t>(field << 3 | field >> 13);
      fragment = behind(good,
                        {6, 0, static_cast<std::uint8_t>(place >> 8),
                         static_cast<std::uint8_t>(place), 1, 2, 3, 4},
                        44);
    }
    EXPECT_TRUE(passed(fragment)) << field;
    counted += 2;
    EXPECT_EQ(program_->untaken().fragments, counted) << field;
    fragment[v4() ? 29 : 37] ^= 1; // of another host
    EXPECT_TRUE(passed(fragment)) << field;
    EXPECT_EQ(program_->untaken().fragments, counted) << field;
  }
  if (v4()) {
    for (const std::uint16_t field : {0x0000, 0x4000, 0x8000}) { // no fragment
      Bytes whole = good;
      store_be(std::span(whole).subspan(20, 2), field);
      EXPECT_TRUE(taken(whole)) << field;
    }
  } else { // the only piece there is (RFC 6946)
    EXPECT_TRUE(taken(behind(good, {6, 0, 0, 0, 1, 2, 3, 4}, 44)));
    EXPECT_TRUE(passed(behind(good, {17, 0, 0, 8, 1, 2, 3, 4}, 44)));
  }
  EXPECT_EQ(program_->untaken().headers, 0U);
}

TEST_P(TcpRxTest, LooksBehindOptionsOfIpv4) {
  if (!v4()) return;
  const Bytes good = make({.options = joined({{1, 1}, timestamp(1, 2)}), .payload = noise(9, 2)});
  EXPECT_TRUE(taken(behind(good, {1, 1, 1, 1})));
  EXPECT_TRUE(taken(behind(good, {0, 0, 0, 0})));
  EXPECT_TRUE(taken(behind(good, {148, 4, 0, 0})));              // router alert
  EXPECT_TRUE(taken(behind(good, {7, 7, 4, 0, 0, 0, 0, 0})));    // record route
  EXPECT_TRUE(taken(behind(good, {68, 8, 5, 0, 0, 0, 0, 0})));   // time stamps
  EXPECT_TRUE(taken(behind(good, {134, 8, 0, 0, 0, 1, 1, 2})));  // CIPSO
  EXPECT_TRUE(taken(behind(good, Bytes(40, 1))));                // all that fit
  EXPECT_TRUE(passed(behind(good, {131, 7, 4, 1, 2, 3, 4, 0}))); // source routes
  EXPECT_TRUE(passed(behind(good, {1, 137, 7, 4, 1, 2, 3, 4})));
  EXPECT_TRUE(passed(behind(good, {7, 1, 0, 0})));
  EXPECT_TRUE(passed(behind(good, {7, 5, 0, 0})));
  EXPECT_TRUE(passed(behind(good, {1, 1, 1, 7})));
  for (const unsigned version : {0x44U, 0x40U, 0x55U, 0x65U}) {
    Bytes other = good;
    other[14] = static_cast<std::uint8_t>(version);
    EXPECT_TRUE(passed(other)) << version;
  }
  Bytes bad = behind(good, {1, 1, 1, 1});
  bad.back() ^= 1;
  EXPECT_TRUE(dropped(bad, true));
  EXPECT_TRUE(taken(tagged(behind(good, {1, 1, 1, 0}), {{0x8100, 0}})));
}

TEST_P(TcpRxTest, LooksBehindExtensionHeaders) {
  if (v4()) return;
  const Bytes good = make({.options = joined({{1, 1}, timestamp(1, 2)}), .payload = noise(9, 2)});
  const Bytes pad{6, 0, 1, 4, 0, 0, 0, 0};
  for (const std::uint8_t kind : {0, 60})
    EXPECT_TRUE(taken(behind(good, pad, kind))) << unsigned{kind};
  EXPECT_TRUE(taken(behind(good, {6, 0, 5, 2, 0, 0, 1, 0}, 0))); // router alert
  EXPECT_TRUE(taken(behind(good, {6, 0, 0, 0, 0, 0, 0, 0}, 60)));
  EXPECT_TRUE(taken(behind(good, {6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 60)));
  EXPECT_TRUE(taken(behind(good, {6, 0, 0, 0, 0, 0, 0, 0}, 43))); // nothing left of the route
  EXPECT_TRUE(passed(behind(good, {6, 0, 0, 1, 0, 0, 0, 0}, 43)));
  for (const std::uint8_t type : {2, 3, 4})
    EXPECT_TRUE(passed(behind(good, {6, 0, type, 0, 0, 0, 0, 0}, 43)));
  for (const std::uint8_t option : {0x40, 0x80, 0xc0, 0xc2}) // not to be passed over
    EXPECT_TRUE(passed(behind(good, {6, 0, option, 4, 0, 0, 0, 0}, 60)));
  EXPECT_TRUE(passed(behind(good, {6, 0, 1, 5, 0, 0, 0, 0}, 60))); // beyond its header
  EXPECT_TRUE(passed(behind(good, {6, 9, 1, 4, 0, 0, 0, 0}, 60))); // longer than the packet
  const Bytes two{60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0};
  EXPECT_TRUE(taken(behind(good, two, 0)));
  Bytes late = two; // hop-by-hop options are the first header
  late[0] = 0;
  EXPECT_TRUE(passed(behind(good, late, 60)));
  Bytes many;
  for (int i = 0; i < 3; i++)
    many.insert(many.end(), {60, 0, 1, 4, 0, 0, 0, 0});
  EXPECT_TRUE(taken(behind(good, joined({many, pad}), 60)));
  EXPECT_TRUE(passed(behind(good, joined({many, {60, 0, 1, 4, 0, 0, 0, 0}, pad}), 60)));
  EXPECT_TRUE(passed(behind(good, {17, 0, 1, 4, 0, 0, 0, 0}, 60)));
  EXPECT_TRUE(passed(behind(good, {59, 0, 1, 4, 0, 0, 0, 0}, 60)));
}

TEST_P(TcpRxTest, HearsOfIcmpErrorsForWhatIsOutstanding) {
  xtg_tcp_flow& flow = program_->flow(1);
  flow.isn = 0xfffffff0U;
  flow.una = 1'000;
  flow.sent_end = 5'000;
  const auto told = [&](std::uint8_t type, std::uint8_t code, std::uint32_t mtu,
                        std::uint64_t offset, std::uint16_t port = kPort) {
    packet::TcpSegment ours;
    ours.src_port = port;
    ours.seq = flow.isn + static_cast<std::uint32_t>(offset);
    const Bytes quoted = render_tcp(ours_, ours);
    Bytes frame = make({});
    frame.resize(l4());
    frame[v4() ? 23 : 20] = v4() ? 1 : 58;
    frame[v4() ? 29 : 37] ^= 1; // a router on the way
    Bytes icmp{type, code, 0, 0, 0, 0, 0, 0};
    store_be(std::span(icmp).subspan(v4() ? 6 : 4), mtu);
    frame.insert(frame.end(), icmp.begin(), icmp.end());
    frame.insert(frame.end(), quoted.begin() + 14,
                 quoted.begin() + static_cast<std::ptrdiff_t>(l4() + 8));
    EXPECT_EQ(program_->receive(frame), kPass); // the kernel has it, too
    EXPECT_EQ(program_->receive_tc(frame), kUnspec);
  };
  const std::uint8_t too_big = v4() ? 3 : 2, code = v4() ? 4 : 0;
  const xtg_tcp_icmp& icmp = program_->icmp();
  told(too_big, code, 1300, 1'000);
  EXPECT_EQ(icmp.too_big, 2U);
  EXPECT_EQ(icmp.mtu, 1300U);
  told(too_big, code, 1280, 5'000);
  EXPECT_EQ(icmp.too_big, 4U);
  EXPECT_EQ(icmp.mtu, 1280U);
  told(too_big, code, 600, 999); // made up, or old
  told(too_big, code, 600, 5'001);
  told(too_big, code, 600, 1'000, kPort + 1);
  EXPECT_EQ(icmp.too_big, 4U);
  EXPECT_EQ(icmp.mtu, 1280U);
  EXPECT_EQ(icmp.errors, 0U);
  told(v4() ? 3 : 1, 1, 0, 3'000);
  EXPECT_EQ(icmp.errors, 2U);
  EXPECT_EQ(icmp.last, (v4() ? 3U : 1U) << 8 | 1);
  told(v4() ? 8 : 128, 0, 0, 3'000); // no error
  EXPECT_EQ(icmp.errors, 2U);
  EXPECT_EQ(program_->queue().head, 0U);
}

TEST_P(TcpRxTest, TellsTimestampsAndBlocks) {
  for (std::size_t blocks = 1; blocks <= 4; blocks++) {
    EXPECT_TRUE(taken(make({.options = sack(blocks)}))) << blocks;
    EXPECT_TRUE(taken(make({.options = joined({{1, 1}, sack(blocks)})}))) << blocks;
    if (blocks == 4) continue; // there is no room for both
    const Bytes stamp = timestamp(0x31323334, 0x41424344);
    EXPECT_TRUE(taken(make({.options = joined({{1, 1}, stamp, {1, 1}, sack(blocks)})})));
    EXPECT_TRUE(taken(make({.options = joined({sack(blocks), stamp})}))) << blocks;
  }
  // What the events are to hold, once without judge().
  const Bytes stamp = timestamp(0x31323334, 0x41424344);
  ASSERT_EQ(program_->receive(make({.flags = XTG_TCP_ACK | XTG_TCP_ECE,
                                    .options = joined({{1, 1}, stamp, {1, 1}, sack(2)}),
                                    .payload = {1, 2, 3}})),
            kDrop);
  const auto event = program_->take_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->flow, 1U);
  EXPECT_EQ(event->seq, 0x01020304U);
  EXPECT_EQ(event->ack, 0x11121314U);
  EXPECT_EQ(event->window, 0x2122U);
  EXPECT_EQ(event->flags, XTG_TCP_ACK | XTG_TCP_ECE | XTG_TCP_HAS_TS);
  EXPECT_EQ(event->len, 3U);
  EXPECT_EQ(event->tsval, 0x31323334U);
  EXPECT_EQ(event->tsecr, 0x41424344U);
  ASSERT_EQ(event->n_sack, 2U);
  EXPECT_EQ(event->sack[0][0], 0xc0c1c2c3U);
  EXPECT_EQ(event->sack[0][1], 0xc4c5c6c7U);
  EXPECT_EQ(event->sack[1][0], 0xc8c9cacbU);
  EXPECT_EQ(event->sack[1][1], 0xcccdcecfU);
}

// An earlier packet's options are still in the program's memory: they must not shine through.
TEST_P(TcpRxTest, DoesNotMisreadMalformedOptions) {
  const Bytes full = joined({timestamp(0x51525354, 0x61626364), {1, 1}, sack(3), {1, 1}});
  ASSERT_EQ(full.size(), 40U);
  const Bytes stamp = timestamp(0x31323334, 0x41424344);
  for (const Bytes& option : {stamp, sack(1), sack(2), sack(3), sack(4)}) {
    // With any length, at any place, with and without something behind it.
    for (unsigned length = 0; length < 256; length = length < 44 ? length + 1 : length * 2) {
      for (std::size_t at = 0; at + 2 <= 40; at++) {
        Bytes options(at, 1);
        options.insert(options.end(), option.begin(), option.end());
        options[at + 1] = static_cast<std::uint8_t>(length);
        if (options.size() > 40) options.resize(40);
        ASSERT_TRUE(as_judged(make({.options = full})));
        ASSERT_TRUE(taken(make({.options = options}))) << length << " at " << at;
      }
    }
  }
}

TEST_P(TcpRxTest, StopsWhereTheOptionsEnd) {
  const Bytes stamp = timestamp(0x31323334, 0x41424344);
  // Cut by the header's length at every word, and the rest is payload.
  const Bytes all = joined({{1, 1}, stamp, {1, 1}, sack(3)});
  for (std::size_t words = 0; words <= all.size() / 4; words++) {
    Segment s;
    s.options.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(words * 4));
    s.payload.assign(all.begin() + static_cast<std::ptrdiff_t>(words * 4), all.end());
    EXPECT_TRUE(taken(make(s))) << words;
  }
  // The end of the list; a lone kind as the last byte; forty of them that say nothing; unknown
  // ones; twice the same.
  EXPECT_TRUE(taken(make({.options = joined({{0}, stamp})})));
  EXPECT_TRUE(taken(make({.options = joined({{0, 2}, stamp})})));
  EXPECT_TRUE(taken(make({.options = joined({{1, 1, 0, 3, 0}, stamp, {1}})})));
  for (const std::uint8_t length : {0, 1}) // of which one could go on reading
    EXPECT_TRUE(taken(make({.options = joined({{254, length}, stamp})}))) << unsigned{length};
  for (const std::uint8_t kind : {5, 8, 254})
    EXPECT_TRUE(taken(make({.options = Bytes{1, 1, 1, kind}}))) << unsigned{kind};
  EXPECT_TRUE(taken(make({.options = Bytes(40, 1)})));
  EXPECT_TRUE(taken(make({.options = joined({Bytes(30, 1), stamp})})));
  EXPECT_TRUE(taken(make({.options = joined({{254, 6, 8, 10, 1, 2}, stamp})})));
  EXPECT_TRUE(taken(make({.options = joined({{254, 2}, stamp, {2, 4, 5, 0xb4}, sack(1)})})));
  EXPECT_TRUE(taken(make({.options = joined({sack(2), sack(1), {1, 1}})})));
  EXPECT_TRUE(taken(make({.options = joined({stamp, timestamp(1, 2), {1, 1}})})));
}

TEST_P(TcpRxTest, DropsWrongLengths) {
  const Bytes good = make({.options = joined({{1, 1}, timestamp(1, 2)}), .payload = noise(9, 2)});
  EXPECT_TRUE(taken(good));
  for (unsigned words = 0; words < 16; words++) { // header offset, in the segment and beyond it
    Bytes frame = good;
    frame[l4() + 12] = static_cast<std::uint8_t>(words << 4);
    fix_sum(frame);
    EXPECT_TRUE(words >= 5 && words <= 10 ? taken(frame) : dropped(frame)) << words;
  }
  const std::size_t field = v4() ? 16 : 18;
  const std::size_t right = load_be(std::span(good).subspan(field, 2));
  for (std::size_t length = 0; length < right + 20; length++) {
    Bytes frame = good;
    store_be(std::span(frame).subspan(field, 2), length);
    fix_sum(frame);
    const bool fits = length <= right && length >= right - 9;
    EXPECT_TRUE(fits ? taken(frame) : dropped(frame)) << length;
  }
  Bytes huge = good;
  store_be(std::span(huge).subspan(field, 2), 0xffff);
  EXPECT_TRUE(dropped(huge));
}

TEST_P(TcpRxTest, TruncatedAnywhere) {
  const Bytes good =
      make({.options = joined({{1, 1}, timestamp(1, 2), sack(2)}), .payload = noise(30, 2)});
  for (std::size_t size = 14; size < good.size(); size++) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    // Not to be told whose it is; then too short for what it says.
    EXPECT_TRUE(size < l4() + 20 ? passed(cut) : dropped(cut)) << size;
  }
  EXPECT_EQ(program_->queue().head, 0U);
  Bytes padded = good; // longer than it says: Ethernet's padding
  padded.insert(padded.end(), 10, 0xee);
  EXPECT_TRUE(taken(padded));
}

TEST_P(TcpRxTest, ChecksTheSum) {
  for (const std::size_t size :
       {0U, 1U, 2U, 3U, 7U, 511U, 512U, 513U, 1023U, 1024U, 1025U, 1447U, 1448U, 2999U, 3000U}) {
    Segment s;
    s.payload = noise(size, size);
    s.options = joined({{1, 1}, timestamp(0x31323334, 0x41424344)});
    const Bytes good = make(s);
    ASSERT_TRUE(sums_right(good));
    EXPECT_TRUE(taken(good)) << size;
    for (const std::size_t at : {l4() + 5, l4() + 13, l4() + 17, l4() + 25, l4() + 32,
                                 l4() + 32 + 511, l4() + 32 + 512, good.size() - 1}) {
      if (at >= good.size()) continue;
      Bytes bad = good;
      bad[at] ^= 0x10;
      EXPECT_TRUE(dropped(bad, true)) << size << " at " << at;
    }
    Bytes partial = good;
    fix_sum(partial, true);
    EXPECT_TRUE(taken(partial)) << size;
    partial[l4() + 17] ^= 1;
    EXPECT_TRUE(dropped(partial, true)) << size;
  }
  // A zero is no way to say that there is none, as it is with UDP.
  Bytes none = make({.payload = noise(5, 5)});
  store_be(std::span(none).subspan(l4() + 16, 2), 0);
  EXPECT_TRUE(dropped(none, true));
}

// The sum's own corner: 0x0000 and 0xffff are one number. Linux takes either where the other
// stands.
TEST_P(TcpRxTest, SumOfZero) {
  Segment s;
  s.payload = {0, 0};
  for (std::uint32_t word = 0; word < 0x10000; word++) {
    store_be(std::span(s.payload), word);
    Bytes frame = make(s);
    if (load_be(std::span(frame).subspan(l4() + 16, 2)) != 0) continue;
    EXPECT_TRUE(taken(frame));
    store_be(std::span(frame).subspan(l4() + 16, 2), 0xffff);
    EXPECT_TRUE(taken(frame));
    return;
  }
  FAIL() << "no such payload";
}

// In several buffers, as drivers deliver it: only XDP sees it so.
TEST_P(TcpRxTest, JumboFrames) {
  Segment s;
  s.payload = noise(8901, 8);
  s.options = joined({{1, 1}, timestamp(0x31323334, 0x41424344)});
  Bytes frame = make(s);
  EXPECT_TRUE(as_judged(frame, false));
  EXPECT_EQ(program_->queue().head, 1U);
  frame[8000] ^= 1;
  EXPECT_TRUE(as_judged(frame, false));
  EXPECT_EQ(program_->queue().unsound, 1U);
}

} // namespace
} // namespace xtg::test
