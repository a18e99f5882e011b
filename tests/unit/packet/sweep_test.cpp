// SPDX-License-Identifier: BSD-2-Clause
#include "packet/sweep.h"

#include <array>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "packet/address.h"
#include "packet/bytes.h"
#include "support/hex.h"
#include "xtg/abi/sweep.h"

namespace xtg::packet {
namespace {

Sweep three_fields(Vary vary) {
  return Sweep{{{FieldKind::DstPort, 4, 2, 1000, 3},
                {FieldKind::SrcPort, 2, 2, 1, 2},
                {FieldKind::DstMac, 6, 6, 0x0200000000ff, 5}},
               vary,
               7};
}

TEST(Sweep, TogetherStepsEveryField) {
  const Sweep sweep = three_fields(Vary::Together);
  for (std::uint64_t k = 0; k < 60; ++k) {
    EXPECT_EQ(sweep.index(0, k), k % 3);
    EXPECT_EQ(sweep.index(1, k), k % 2);
    EXPECT_EQ(sweep.index(2, k), k % 5);
  }
}

TEST(Sweep, ProductIsAnOdometerWithTheFirstFieldFastest) {
  const Sweep sweep = three_fields(Vary::Product);
  std::uint64_t k = 0;
  for (int turn = 0; turn < 2; ++turn) {
    for (std::uint64_t mac = 0; mac < 5; ++mac) {
      for (std::uint64_t src = 0; src < 2; ++src) {
        for (std::uint64_t dst = 0; dst < 3; ++dst, ++k) {
          EXPECT_EQ(sweep.index(0, k), dst);
          EXPECT_EQ(sweep.index(1, k), src);
          EXPECT_EQ(sweep.index(2, k), mac);
        }
      }
    }
  }
}

TEST(Sweep, ProductOfLargeCountsDoesNotOverflow) {
  Sweep sweep{{}, Vary::Product, 0};
  for (const FieldKind kind : {FieldKind::DstMac, FieldKind::SrcMac, FieldKind::DstAddr}) {
    sweep.fields.push_back({kind, 0, 6, 0, kMaxRangeCount});
  }
  const std::uint64_t k = 0x0123456789abcdef;
  EXPECT_EQ(sweep.index(0, k), 0x89abcdefU);
  EXPECT_EQ(sweep.index(1, k), 0x01234567U);
  EXPECT_EQ(sweep.index(2, k), 0U);
}

/// The MAC that goes with packet k's destination address.
std::uint64_t next_hop(const Sweep& sweep, std::uint64_t k, std::uint64_t before) {
  std::array<std::uint8_t, 40> frame{};
  store_be(std::span(frame).first(6), before);
  sweep.apply(frame, k);
  return load_be(std::span(frame).first(6));
}

TEST(Sweep, DestinationMacFollowsTheAddress) {
  for (const Vary vary : {Vary::Together, Vary::Product, Vary::Random}) {
    Sweep sweep{
        {{FieldKind::SrcPort, 34, 2, 1, 2}, {FieldKind::DstAddr, 30, 4, 0xef7ffffe, 4}}, vary, 5};
    EXPECT_EQ(sweep.destination(), std::size_t{1});
    EXPECT_EQ(next_hop(sweep, 3, 7), 7U) << "unless it is told to, it does not";
    for (std::uint64_t k = 0; k < 50; k++) {
      const std::uint64_t at = sweep.index(1, k);
      sweep.hop_law = HopLaw::Group;
      const std::uint64_t group = 0x01005e000000 | ((0xef7ffffe + at) & 0x7fffff);
      EXPECT_EQ(next_hop(sweep, k, 0x01005e123456), group);
      sweep.hop_law = HopLaw::Listed;
      sweep.next_hops = {0x020000000009, 0x020000000001, 0x020000000005, 0x020000000009};
      EXPECT_EQ(next_hop(sweep, k, 7), sweep.next_hops[at]);
    }
    sweep.fields[1] = {FieldKind::DstAddr, 30, 8, 0xfffffffe, 4};
    sweep.hop_law = HopLaw::Group;
    EXPECT_EQ(next_hop(sweep, vary == Vary::Product ? 2 * 2 : 2, 0x333300000000),
              vary == Vary::Random
                  ? 0x333300000000 | ((0xfffffffe + sweep.index(1, 2)) & 0xffffffff)
                  : 0x333300000000U);
    sweep.fields.pop_back();
    EXPECT_EQ(next_hop(sweep, 1, 7), 7U) << "the address does not vary";
  }
}

TEST(Sweep, RandomRepeatsWithItsSeedAndMovesFieldsIndependently) {
  const Sweep sweep = three_fields(Vary::Random);
  Sweep other = sweep;
  other.seed = 8;
  std::set<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> seen;
  int differences = 0;
  for (std::uint64_t k = 0; k < 2000; ++k) {
    for (std::size_t f = 0; f < 3; ++f) {
      ASSERT_LT(sweep.index(f, k), sweep.fields[f].count);
      EXPECT_EQ(sweep.index(f, k),
                xtg_sweep_random(7, static_cast<std::uint32_t>(f), k, sweep.fields[f].count));
      differences += sweep.index(f, k) != other.index(f, k);
    }
    seen.insert({sweep.index(0, k), sweep.index(1, k), sweep.index(2, k)});
  }
  EXPECT_EQ(seen.size(), 30U); // every combination of 3 * 2 * 5 comes up
  EXPECT_GT(differences, 3000);
}

TEST(Sweep, TogetherIsExact) {
  const Sweep sweep{{{FieldKind::DstPort, 0, 2, 1000, 10}}, Vary::Together, 0};
  std::map<std::uint64_t, int> frames;
  for (std::uint64_t k = 0; k < 10'000; ++k)
    ++frames[sweep.index(0, k)];
  ASSERT_EQ(frames.size(), 10U);
  for (const auto& [port, count] : frames)
    EXPECT_EQ(count, 1000) << port;
}

TEST(Sweep, ApplyWritesOnlyItsFieldsInNetworkOrder) {
  std::vector<std::uint8_t> frame(14, 0xee);
  three_fields(Vary::Together).apply(frame, 1);
  EXPECT_EQ(test::to_hex(frame), "ee ee 00 02 03 e9 02 00 00 00 01 00 ee ee");
}

TEST(Sweep, NamesAreTheOptions) {
  EXPECT_EQ(to_string(FieldKind::DstMac), "dst-mac");
  EXPECT_EQ(to_string(FieldKind::SrcMac), "src-mac");
  EXPECT_EQ(to_string(FieldKind::DstAddr), "dst-addr");
  EXPECT_EQ(to_string(FieldKind::SrcAddr), "src-addr");
  EXPECT_EQ(to_string(FieldKind::DstPort), "dst-port");
  EXPECT_EQ(to_string(FieldKind::SrcPort), "src-port");
}

} // namespace
} // namespace xtg::packet
