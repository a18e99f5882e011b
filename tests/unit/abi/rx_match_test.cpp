// SPDX-License-Identifier: BSD-2-Clause
// The compares that the kernel program makes, against the plain matcher.
#include "xtg/abi/rx_match.h"

#include <gtest/gtest.h>

#include "packet/frame.h"
#include "support/match_model.h"
#include "support/sample_spec.h"
#include "xtg/abi/rx_seq.h"

namespace xtg::test {
namespace {

/// What bpf/match.bpf.h makes of a frame.
xtg_rx_fields fields_of(std::span<const std::uint8_t> frame) {
  const Taken t = take_apart(frame);
  xtg_rx_fields f{};
  f.length = static_cast<__u32>(t.length);
  if (t.src_mac) std::memcpy(f.src_mac, t.src_mac->bytes.data(), 6);
  if (t.dst_mac) std::memcpy(f.dst_mac, t.dst_mac->bytes.data(), 6);
  if (!t.tags.empty()) f.has |= XTG_RX_HAS_VLAN;
  if (t.tags.size() > 1) f.has |= XTG_RX_HAS_VLAN2;
  std::copy(t.tags.begin(), t.tags.end(), f.vlan);
  if (t.type == 0x0800) f.has |= XTG_RX_HAS_IP;
  if (t.type == 0x86dd) f.has |= XTG_RX_HAS_IP6;
  if (t.type == 0x0806) f.has |= XTG_RX_HAS_ARP;
  if (!t.proto) return f;
  f.has |= XTG_RX_HAS_HEADER;
  std::memcpy(f.src, t.src->bytes.data(), 16);
  std::memcpy(f.dst, t.dst->bytes.data(), 16);
  f.proto[0] = static_cast<__u16>(*t.proto);
  f.proto[1] = static_cast<__u16>(t.behind_fragment.value_or(*t.proto));
  if (f.proto[1] == 17) f.has |= XTG_RX_HAS_UDP;
  if (f.proto[1] == 6) f.has |= XTG_RX_HAS_TCP;
  if (f.proto[1] == 1 && t.src->is_v4()) f.has |= XTG_RX_HAS_ICMP;
  if (f.proto[1] == 58 && !t.src->is_v4()) f.has |= XTG_RX_HAS_ICMP6;
  if (!t.src_port) return f;
  f.has |= XTG_RX_HAS_PORTS;
  f.src_port = static_cast<__u16>(*t.src_port);
  f.dst_port = static_cast<__u16>(*t.dst_port);
  return f;
}

bool matches(std::span<const std::uint8_t> frame, const std::string& text) {
  const auto filter = packet::Filter::parse(text);
  EXPECT_TRUE(filter) << text;
  const xtg_rx_fields f = fields_of(frame);
  const xtg_rx_match m = packet::encode(*filter);
  const bool told = xtg_rx_matches(&f, &m) != 0;
  EXPECT_EQ(told, fits(frame, *filter)) << text;
  return told;
}

std::vector<std::uint8_t> datagram(packet::Family family) {
  packet::FrameSpec spec = sample_spec(family, 104);
  spec.dst_port = 10'000;
  return packet::render(*packet::build(spec, {}), 0, 0, 0);
}

TEST(RxMatch, EachPrimitiveAndItsNeighbour) {
  const auto v4 = datagram(packet::Family::V4), v6 = datagram(packet::Family::V6);
  struct Case {
    const char* text;
    bool fits_v4, fits_v6;
  };
  for (const auto& [text, fits_v4, fits_v6] : std::vector<Case>{
           {"ip", true, false},
           {"ip6", false, true},
           {"arp", false, false},
           {"udp", true, true},
           {"tcp", false, false},
           {"icmp", false, false},
           {"icmp6", false, false},
           {"proto 17", true, true},
           {"proto 18", false, false},
           {"ip proto 17", true, false},
           {"ip6 proto 17", false, true},
           {"host 198.18.0.1", true, false},
           {"host 198.18.0.2", true, false},
           {"host 198.18.0.3", false, false},
           {"src host 198.18.0.1", true, false},
           {"dst host 198.18.0.1", false, false},
           {"dst host 2001:2::2", false, true},
           {"src host 2001:2::2", false, false},
           {"net 198.18.0.0/15", true, false},
           {"src net 198.18.0.0/31", true, false},
           {"dst net 198.18.0.0/31", false, false},
           {"net 0.0.0.0/0", true, false},
           {"net ::/0", false, true},
           {"net 2001:2::/127", false, true},
           {"dst net 2001:2::/127", false, false},
           {"port 1", true, true},
           {"port 2", false, false},
           {"src port 1", true, true},
           {"dst port 1", false, false},
           {"udp dst port 10000", true, true},
           {"tcp dst port 10000", false, false},
           {"dst portrange 9999-10000", true, true},
           {"dst portrange 10000-10001", true, true},
           {"dst portrange 10001-10002", false, false},
           {"vlan", false, false},
           {"ether host 02:00:00:00:00:01", true, true},
           {"ether src host 02:00:00:00:00:01", true, true},
           {"ether dst host 02:00:00:00:00:01", false, false},
           {"less 100", true, true},
           {"less 99", false, false},
           {"greater 100", true, true},
           {"greater 101", false, false},
           {"udp and dst port 10000 and host 198.18.0.1 and host 198.18.0.2", true, false},
           {"udp and host 198.18.0.1 and host 198.18.0.3", false, false}}) {
    EXPECT_EQ(matches(v4, text), fits_v4) << text;
    EXPECT_EQ(matches(v6, text), fits_v6) << text;
  }
}

TEST(RxMatch, TagsFromTheOutsideIn) {
  auto frame = datagram(packet::Family::V4);
  frame.insert(frame.begin() + 12, {0x81, 0x00, 0xe0, 0x05});
  EXPECT_TRUE(matches(frame, "vlan"));
  EXPECT_TRUE(matches(frame, "vlan 5 and udp dst port 10000"));
  EXPECT_TRUE(matches(frame, "udp dst port 10000"));
  EXPECT_FALSE(matches(frame, "vlan 6"));
  EXPECT_FALSE(matches(frame, "vlan and vlan"));
  frame.insert(frame.begin() + 12, {0x88, 0xa8, 0x00, 0x07});
  EXPECT_TRUE(matches(frame, "vlan 7 and vlan 5 and udp"));
  EXPECT_TRUE(matches(frame, "vlan and vlan 5"));
  EXPECT_FALSE(matches(frame, "vlan 5"));
  frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, 0x09});
  EXPECT_TRUE(matches(frame, "vlan 9 and vlan 7"));
  EXPECT_FALSE(matches(frame, "udp"));
}

TEST(RxMatch, FramesAndFiltersAtRandom) {
  MatchDice dice(1);
  unsigned fitting = 0, not_fitting = 0;
  for (int i = 0; i < 20'000; i++) {
    const auto filter = packet::Filter::parse(dice.filter());
    if (!filter) continue;
    const xtg_rx_match m = packet::encode(*filter);
    for (int k = 0; k < 20; k++) {
      const auto frame = dice.frame();
      const xtg_rx_fields f = fields_of(frame);
      const bool expected = fits(frame, *filter);
      ASSERT_EQ(xtg_rx_matches(&f, &m) != 0, expected) << filter->to_string();
      (expected ? fitting : not_fitting)++;
    }
  }
  EXPECT_GT(fitting, 10'000U);
  EXPECT_GT(not_fitting, 10'000U);
}

TEST(RxMatch, TheFirstFilterThatFits) {
  const auto frame = datagram(packet::Family::V4);
  const xtg_rx_fields f = fields_of(frame);
  xtg_rx_filters all{};
  EXPECT_EQ(xtg_rx_first(&f, &all), 0U) << "of none";
  const auto add = [&](const char* text) {
    all.match[all.count++] = packet::encode(*packet::Filter::parse(text));
  };
  add("tcp");
  EXPECT_EQ(xtg_rx_first(&f, &all), 1U) << "none";
  while (all.count < XTG_RX_MATCHES - 1)
    add("ip6");
  EXPECT_EQ(xtg_rx_first(&f, &all), all.count);
  add("udp");
  EXPECT_EQ(xtg_rx_first(&f, &all), XTG_RX_MATCHES - 1U);
  all.match[3] = all.match[XTG_RX_MATCHES - 1];
  EXPECT_EQ(xtg_rx_first(&f, &all), 3U);
}

TEST(RxPlain, CountsSizesAndTheTimeBetween) {
  xtg_rx_slot slot{};
  xtg_rx_hist hist{};
  xtg_rx_plain(&slot, &hist, 100, 1'000);
  for (const __u64 cell : hist.arrival)
    EXPECT_EQ(cell, 0U) << "nothing was before";
  xtg_rx_plain(&slot, &hist, 60, 1'020);
  xtg_rx_plain(&slot, &hist, 1514, 1'051);
  EXPECT_EQ(slot.packets, 3U);
  EXPECT_EQ(slot.bytes, 1'674U);
  EXPECT_EQ(slot.size_min, 60U);
  EXPECT_EQ(slot.size_max, 1'514U);
  EXPECT_EQ(slot.first_ns, 1'000U);
  EXPECT_EQ(slot.last_ns, 1'051U);
  EXPECT_EQ(hist.arrival[20], 1U); // below 32 ns a cell is one value
  EXPECT_EQ(hist.arrival[31], 1U);
  EXPECT_EQ(slot.next, 0U);
  EXPECT_EQ(slot.missed + slot.runs + slot.duplicates + slot.too_late, 0U);
}

} // namespace
} // namespace xtg::test
