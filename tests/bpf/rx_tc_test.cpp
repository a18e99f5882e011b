// SPDX-License-Identifier: BSD-2-Clause
// The receiving program at tc ingress counts what it counts by XDP, and merged frames one by one.
#include <netinet/in.h>

#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "packet/frame.h"
#include "program.h"
#include "rx_frames.h"
#include "rx_program.h"

namespace xtg::test {
namespace {

using packet::Family;
using packet::store_be;

constexpr std::size_t kEthernet = 14, kUdp = 8;

std::size_t headers_of(Family family) {
  return kEthernet + (family == Family::V4 ? 20 : 40) + kUdp;
}

/// As GRO merges frames of a stream with these numbers, the last of another size: one header with
/// the lengths of all, and the payloads.
Bytes merged(Family family, const packet::Frame& of, const packet::Frame& last,
             std::uint64_t count) {
  const std::size_t headers = headers_of(family);
  Bytes out = frame(of, 0);
  for (std::uint64_t i = 1; i < count; i++) {
    const Bytes next = frame(i + 1 == count ? last : of, i);
    out.insert(out.end(), next.begin() + static_cast<long>(headers), next.end());
  }
  const std::size_t ip = kEthernet, udp = headers - kUdp;
  const std::size_t length = out.size() - ip;
  if (family == Family::V4)
    store_be(std::span(out).subspan(ip + 2, 2), length);
  else
    store_be(std::span(out).subspan(ip + 4, 2), length - 40);
  store_be(std::span(out).subspan(udp + 4, 2), out.size() - udp);
  return out;
}

class RxTcTest : public BpfTest, public testing::WithParamInterface<Family> {};
INSTANTIATE_TEST_SUITE_P(, RxTcTest, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

TEST_P(RxTcTest, CountsAsByXdp) {
  for (const bool observe : {false, true})
    for (const std::uint32_t size : {compact_size(GetParam()), 128U, 1'518U, 3'412U}) {
      RxSetup setup{.observe = observe ? 1U : 0U, .match = {"udp dst port 1001"}};
      RxProgram xdp(setup);
      setup.by_tc = true;
      RxProgram tc(setup);
      for (const std::uint16_t port : {1000, 1001})
        for (const std::uint64_t number : {0, 1, 3, 2, 3, 9}) {
          Bytes one = frame(stream(GetParam(), size, kRunId, 3, port), number);
          if (port == 1001) one.back() ^= 1; // no signature
          EXPECT_EQ(tc.receive(one), xdp.receive(one)) << size << ", number " << number;
        }
      for (const std::uint32_t number : {0U, 1U}) {
        const xtg_rx_slot a = tc.slot(number), b = xdp.slot(number);
        EXPECT_EQ(a.packets, b.packets);
        EXPECT_EQ(a.bytes, b.bytes);
        EXPECT_EQ(a.next, b.next);
        EXPECT_EQ(a.duplicates, b.duplicates);
        EXPECT_EQ(a.reordered, b.reordered);
        EXPECT_EQ(a.size_max, b.size_max);
      }
      EXPECT_EQ(tc.queue().packets, xdp.queue().packets);
      EXPECT_EQ(tc.queue().bytes, xdp.queue().bytes);
      EXPECT_EQ(tc.queue().passed, xdp.queue().passed);
    }
}

TEST_P(RxTcTest, MergedFrames) {
  constexpr std::uint32_t kSize = 214, kLast = 150, kCount = 17;
  const packet::Frame of = stream(GetParam(), kSize), last = stream(GetParam(), kLast);
  const auto payload = static_cast<std::uint32_t>(kSize - 4 - headers_of(GetParam()));
  for (const std::uint32_t said : {0U, kCount}) { // a virtual machine's skb does not say how many
    RxProgram program({.by_tc = true});
    EXPECT_EQ(program.receive_merged(merged(GetParam(), of, last, kCount), payload, said),
              XDP_DROP);
    const xtg_rx_slot slot = program.slot(0);
    EXPECT_EQ(slot.packets, kCount);
    EXPECT_EQ(slot.next, kCount);
    EXPECT_EQ(slot.bytes, (kCount - 1) * (kSize - 4) + kLast - 4);
    EXPECT_EQ(slot.size_min, kLast - 4);
    EXPECT_EQ(slot.size_max, kSize - 4);
    EXPECT_EQ(program.queue().packets, kCount);
  }
}

class RxTcSegments : public BpfTest {};

/// What is counted by a filter is merged as well: TCP's segments mostly.
TEST_F(RxTcSegments, AreCountedOneByOne) {
  RxProgram program({.match = {"tcp dst port 80"}, .drop_matched = true, .by_tc = true});
  Bytes segment(14 + 20 + 32 + 5 * 1448 + 100);
  segment[12] = 8; // IPv4
  segment[14] = 0x45;
  store_be(std::span(segment).subspan(16, 2), segment.size() - 14);
  segment[23] = IPPROTO_TCP;
  store_be(std::span(segment).subspan(36, 2), 80);
  segment[46] = 0x80; // 32 bytes
  segment.resize(14 + 20 + 32 + 2 * 1448 + 100);
  EXPECT_EQ(program.receive_merged(segment, 1448), XDP_DROP);
  const xtg_rx_slot slot = program.slot(0);
  EXPECT_EQ(slot.packets, 3U);
  EXPECT_EQ(slot.bytes, segment.size() + 2 * 66);
  EXPECT_EQ(slot.size_max, 66 + 1448U);
  EXPECT_EQ(slot.size_min, 66 + 100U);
}

TEST_P(RxTcTest, VerifiesAndShows) {
  RxSetup setup{.by_tc = true};
  setup.sampling.verify = 1;
  setup.sampling.why = XTG_RX_SHOW_EVERY | XTG_RX_SHOW_CORRUPT;
  setup.sampling.every = 1;
  RxProgram program(setup);
  const Bytes sound = frame(stream(GetParam(), 3'412), 0);
  Bytes corrupt = frame(stream(GetParam(), 3'412), 1);
  corrupt[100] ^= 1;
  EXPECT_TRUE(program.takes(sound));
  EXPECT_TRUE(program.takes(corrupt));
  EXPECT_EQ(program.samples().corrupt, 1U);
  EXPECT_EQ(program.samples().unverified, 0U);
  const auto shown = program.shown();
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[0].bytes, sound);
  EXPECT_EQ(shown[1].bytes, corrupt);
  const packet::Frame of = stream(GetParam(), 214);
  const auto payload = static_cast<std::uint32_t>(210 - headers_of(GetParam()));
  EXPECT_EQ(program.receive_merged(merged(GetParam(), of, of, 4), payload), XDP_DROP);
  EXPECT_EQ(program.samples().unverified, 4U);
  EXPECT_EQ(program.samples().lost, 4U);
}

} // namespace
} // namespace xtg::test
