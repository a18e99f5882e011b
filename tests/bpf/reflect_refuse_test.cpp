// SPDX-License-Identifier: BSD-2-Clause
// Frames that the reflector does not send back, and how it counts them.
#include <algorithm>
#include <span>

#include "packet/checksum.h"
#include "reflect_frames.h"

namespace xtg::test {
namespace {

class ReflectRefuses : public ReflectTest {};
INSTANTIATE_TEST_SUITE_P(, ReflectRefuses, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

class ReflectPrograms : public BpfTest {};

TEST_P(ReflectRefuses, WhatHasBeenReflectedPasses) {
  Pair pair({.run_id = kRunId, .mac = std::nullopt, .sources = std::nullopt});
  for (const Kind& kind : {full(), compact(), full(128, XTG_SIG_F_REFLECTOR)}) {
    const Reflected out = pair.program.run(frame(kind));
    ASSERT_EQ(out.action, XDP_TX);
    EXPECT_TRUE(pair.passes(out.bytes));
  }
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_ALREADY), 3U);
}

TEST_P(ReflectRefuses, OtherSessionsPass) {
  Pair pair({.run_id = kRunId});
  EXPECT_TRUE(pair.sends_back(frame(full())));
  Kind kind = full();
  kind.run_id = kRunId ^ 0x10000;
  EXPECT_TRUE(pair.passes(frame(kind)));
  kind = compact();
  EXPECT_TRUE(pair.sends_back(frame(kind)));
  kind.run_id = kRunId ^ 1;
  EXPECT_TRUE(pair.passes(frame(kind)));
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_RUN_ID), 2U);
}

TEST_P(ReflectRefuses, OtherPortsPass) {
  Pair pair({.port = 1000});
  EXPECT_TRUE(pair.sends_back(frame(full())));
  Kind kind = full();
  kind.port = 1001;
  EXPECT_TRUE(pair.passes(frame(kind)));
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_PORT), 1U);
}

TEST_P(ReflectRefuses, OtherSourcesPass) {
  const bool v4 = GetParam() == Family::V4;
  Pair pair;
  const auto from = [&](const char* address) {
    Kind kind = full();
    kind.from = address;
    return frame(kind);
  };
  for (const char* address : v4 ? std::vector{"198.18.0.0", "198.19.255.255"}
                                : std::vector{"2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"})
    EXPECT_TRUE(pair.sends_back(from(address))) << address;
  for (const char* address :
       v4 ? std::vector{"198.17.255.255", "198.20.0.0", "8.8.8.8", "0.0.0.0", "224.0.0.1"}
          : std::vector{"2001:1:ffff::", "2001:2:1::", "2001:3::", "::", "ff02::1"})
    for (int i = 0; i < 2; i++)
      EXPECT_TRUE(pair.passes(from(address))) << address;
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_SOURCE), 10U);
  EXPECT_EQ(pair.program.counters().sent, 2U);
}

/// More addresses than a CPU remembers; and what is allowed in one family is not in the other.
TEST_P(ReflectRefuses, ManySources) {
  const bool v4 = GetParam() == Family::V4;
  Pair pair({.sources = std::vector<std::string>{v4 ? "10.1.0.0/16" : "2001:db8::/120",
                                                 v4 ? "::/0" : "0.0.0.0/0"}});
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 200; i++) {
      Kind kind = full();
      const std::string in = v4 ? fmt::format("10.1.7.{}", i) : fmt::format("2001:db8::{:x}", i);
      kind.from = in.c_str();
      ASSERT_TRUE(pair.sends_back(frame(kind))) << in;
      const std::string out = v4 ? fmt::format("10.2.7.{}", i) : fmt::format("2001:db8::1:{:x}", i);
      kind.from = out.c_str();
      ASSERT_TRUE(pair.passes(frame(kind))) << out;
    }
}

/// An IPv6 address that begins as an allowed IPv4 address is another one.
TEST_F(ReflectPrograms, AnIpv6SourceIsNotTakenForAnIpv4One) {
  Pair pair({.sources = std::vector<std::string>{"10.0.0.0/8"}});
  EXPECT_TRUE(pair.sends_back(frame({.family = Family::V4, .from = "10.0.0.1"})));
  EXPECT_TRUE(pair.passes(frame({.family = Family::V6, .from = "a00:1::"})));
}

TEST_P(ReflectRefuses, AnySourceButNoGroup) {
  const bool v4 = GetParam() == Family::V4;
  Pair pair({.sources = std::nullopt});
  Kind kind = full();
  kind.from = v4 ? "8.8.8.8" : "2600::1";
  EXPECT_TRUE(pair.sends_back(frame(kind)));
  for (const char* address : v4 ? std::vector{"0.0.0.0", "224.0.0.1", "255.255.255.255"}
                                : std::vector{"::", "ff02::1", "ff0e::1"}) {
    kind.from = address;
    EXPECT_TRUE(pair.passes(frame(kind))) << address;
  }
  Bytes to_group = frame(full());
  to_group[v4 ? 30 : 38] = v4 ? 239 : 255;
  refresh(to_group);
  EXPECT_TRUE(pair.passes(to_group));
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_PACKET), 1U);
}

TEST_P(ReflectRefuses, OtherMacsPass) {
  Pair ours, any({.mac = std::nullopt});
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes out = frame(full());
    out[at] = value;
    return out;
  };
  for (std::size_t at = 0; at < 6; at++) { // to another host
    EXPECT_TRUE(ours.passes(with(at, 0x40)));
    EXPECT_TRUE(any.sends_back(with(at, 0x40)));
  }
  for (const std::size_t at : {0, 6}) { // to or from a group
    EXPECT_TRUE(ours.passes(with(at, 0x03)));
    EXPECT_TRUE(any.passes(with(at, 0x03)));
  }
  EXPECT_EQ(ours.program.not_reflected(XTG_REFLECT_MAC), 8U);
  EXPECT_EQ(any.program.not_reflected(XTG_REFLECT_MAC), 2U);
}

TEST_P(ReflectRefuses, FramesCutShortPass) {
  Pair pair;
  for (const Kind& kind : {full(), full(128, XTG_SIG_F_REFLECTOR), compact()}) {
    const Bytes whole = frame(kind);
    for (std::size_t size = 14; size < whole.size(); size++)
      EXPECT_TRUE(pair.passes(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))))
          << size;
  }
  EXPECT_EQ(pair.program.counters().sent, 0U);
}

TEST_P(ReflectRefuses, WhatIsNoWholeDatagramPasses) {
  Pair pair;
  const bool v4 = GetParam() == Family::V4;
  const std::size_t ip = 14, udp = v4 ? 34 : 54;
  unsigned count = 0;
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes out = frame(full());
    out[at] = value;
    EXPECT_TRUE(pair.passes(out)) << at << ": " << int{value};
    count++;
  };
  changed(12, 0x12);                                                // no IP
  changed(ip + (v4 ? 9 : 6), 6);                                    // TCP
  changed(udp + 5, frame(full())[udp + 5] - 1);                     // shorter than its packet
  changed(udp + 5, frame(full())[udp + 5] + 1);                     // longer
  changed(ip + (v4 ? 3 : 5), frame(full())[ip + (v4 ? 3 : 5)] - 1); // a shorter packet
  if (v4) {
    changed(ip + 6, 0x20); // the first fragment
    changed(ip + 7, 0x01); // another
    changed(ip, 0x44);     // a header that is too short
    changed(ip, 0x46);     // or is taken for longer
  } else {
    changed(ip + 6, 44); // a fragment header
    changed(ip + 6, 0);  // hop-by-hop options
  }
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_PACKET), count);
  // A datagram that ends before its frame does, which ends in a signature.
  Bytes trailer = frame(full());
  trailer.insert(trailer.end(), trailer.end() - 32, trailer.end());
  EXPECT_TRUE(pair.passes(trailer));
  // A datagram that is shorter than the signature in it.
  Bytes brief = frame({.family = GetParam(), .size = smallest_compact(GetParam())});
  std::copy_n("XTGS", 4, brief.end() - 4);
  brief[brief.size() - 5] = XTG_SIG_VERSION;
  brief[brief.size() - 6] = 0;
  refresh(brief);
  EXPECT_TRUE(pair.passes(brief));
  EXPECT_EQ(pair.program.counters().sent, 0U);
}

TEST_P(ReflectRefuses, OtherVersionsAndTypesPass) {
  Pair pair;
  for (const auto& [back, value] : {std::pair{5, 2}, std::pair{6, 3}, std::pair{6, 255}}) {
    Bytes in = frame(full());
    in[in.size() - static_cast<std::size_t>(back)] = static_cast<std::uint8_t>(value);
    EXPECT_TRUE(pair.passes(in));
  }
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_UNKNOWN), 3U);
  for (std::size_t i = 1; i <= 4; i++) { // magic
    Bytes in = frame(full());
    in[in.size() - i] ^= 0x40;
    EXPECT_TRUE(pair.passes(in)) << i;
  }
  EXPECT_EQ(pair.program.counters().passed, 4U);
}

TEST_P(ReflectRefuses, NothingBeforeTheStart) {
  Pair pair;
  pair.program.control().started = 0;
  EXPECT_TRUE(pair.passes(frame(full())));
  EXPECT_EQ(pair.program.counters().sent + pair.program.counters().passed, 0U);
}

TEST_P(ReflectRefuses, SoManyAndNoMore) {
  Pair pair({.limit = 3});
  for (std::uint64_t i = 0; i < 3; i++)
    EXPECT_TRUE(pair.sends_back(frame(full(), i)));
  EXPECT_TRUE(pair.passes(frame(full(), 3)));
  EXPECT_EQ(pair.program.counters().sent, 3U);
}

/// 100 frames per second, of which 20 may come at once.
TEST_P(ReflectRefuses, HighestRate) {
  constexpr std::uint64_t kGapNs = 10'000'000, kDepth = 20;
  const std::uint64_t start = monotonic_ns();
  Pair pair({.step = kGapNs * 256, .depth = kDepth * kGapNs * 256});
  std::uint64_t sent = 0;
  for (std::uint64_t i = 0; i < 200; i++) {
    const Bytes in = frame(full(), i);
    const Reflected out = pair.program.run(in);
    if (out.action == XDP_TX)
      sent++;
    else
      EXPECT_EQ(out.action, XDP_DROP);
  }
  const std::uint64_t passed_ns = monotonic_ns() - start;
  EXPECT_GE(sent, std::min<std::uint64_t>(kDepth, 200));
  EXPECT_LE(sent, kDepth + passed_ns / kGapNs + 1);
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_RATE), 200 - sent);
  EXPECT_EQ(pair.program.counters().sent, sent);
  EXPECT_EQ(pair.program.stream(0).frames, sent);
}

} // namespace
} // namespace xtg::test
