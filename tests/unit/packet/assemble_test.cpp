// SPDX-License-Identifier: BSD-2-Clause
#include "packet/assemble.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "packet/frame.h"

namespace xtg::packet {
namespace {

EncodedStream stream(Family family, std::uint32_t size, Payload payload = Payload::Zeros) {
  const bool v4 = family == Family::V4;
  FrameSpec spec;
  spec.dst_addr = Ip::parse(v4 ? "198.51.100.2" : "2001:db8::2").value();
  spec.src_addr = Ip::parse(v4 ? "192.0.2.1" : "2001:db8::1").value();
  spec.frame_size = size;
  spec.payload = payload;
  return encode(build(spec, {}).value());
}

TEST(Assemble, OneStreamStaysAsItIs) {
  const EncodedStream one = stream(Family::V4, 128, Payload::Pattern);
  const RunTables run = assemble({one}).value();
  EXPECT_EQ(run.clean_from, 0U);
  EXPECT_TRUE(run.places.empty());
  EXPECT_EQ(run.page.size(), 124U);
  EXPECT_EQ(run.streams[0].copy_u64s, one.stream.copy_u64s);
  EXPECT_EQ(run.streams[0].copy_tail, one.stream.copy_tail);
}

/// Every stream's positions in its own tables become those in the run's.
TEST(Assemble, TablesFollowEachOther) {
  EncodedStream first = stream(Family::V4, 64), second = first;
  first.sizes = {{60, 44, 0, 0, {}}};
  first.values = {1, 2, 3};
  first.next_hops = {9};
  second.sizes = {{60, 44, 0, 0, {}}};
  second.values = {4};
  second.next_hops = {8, 7};
  second.stream.n_fields = 2;
  second.stream.fields[1].list = 1;
  const RunTables run = assemble({first, second}).value();
  EXPECT_EQ(run.values, (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(run.next_hops, (std::vector<std::uint64_t>{9, 8, 7}));
  EXPECT_EQ(run.streams[1].size_base, 1U);
  EXPECT_EQ(run.streams[1].hop_base, 1U);
  EXPECT_EQ(run.streams[1].fields[0].list, 0U);
  EXPECT_EQ(run.streams[1].fields[1].list, 4U);
}

/// The longest header of all is written by each, as far as its own frame goes.
TEST(Assemble, HeadersAreWrittenAsFarAsTheLongest) {
  const RunTables run =
      assemble({stream(Family::V4, 128), stream(Family::V6, 128), stream(Family::V4, 66)}).value();
  EXPECT_EQ(run.streams[0].copy_u64s, 8U); // 62 bytes of the IPv6 header
  EXPECT_EQ(run.streams[1].copy_u64s, 8U);
  EXPECT_EQ(run.streams[2].copy_u64s, 7U) << "62 bytes is all there is";
  EXPECT_EQ(run.streams[2].copy_tail, 6U);
}

TEST(Assemble, SignaturesWithinPayloadAreListed) {
  const RunTables run =
      assemble({stream(Family::V4, 128), stream(Family::V4, 1'518), stream(Family::V4, 594)})
          .value();
  EXPECT_EQ(run.clean_from, 92U);
  ASSERT_EQ(run.places.size(), 2U);
  EXPECT_EQ(run.places[0].off, 92U);
  EXPECT_EQ(run.places[0].words, 4U);
  EXPECT_EQ(run.places[1].off, 558U);
}

TEST(Assemble, WhereTooManyWouldBeListedThereIsNoList) {
  std::vector<EncodedStream> streams;
  for (std::uint32_t i = 0; i <= XTG_MAX_PLACES + 1; i++)
    streams.push_back(stream(Family::V4, 128 + 2 * i));
  const RunTables run = assemble(streams).value();
  EXPECT_EQ(run.clean_from, 92U);
  EXPECT_TRUE(run.places.empty());
}

TEST(Assemble, PayloadsMustBeTheSame) {
  const auto differ =
      assemble({stream(Family::V4, 200), stream(Family::V4, 200, Payload::Pattern)});
  ASSERT_FALSE(differ);
  EXPECT_EQ(differ.error().code, Errc::InvalidArgument);
  EXPECT_TRUE(assemble(
      {stream(Family::V4, 200, Payload::Pattern), stream(Family::V4, 400, Payload::Pattern)}));
}

TEST(Assemble, TablesHaveLimits) {
  EncodedStream one = stream(Family::V4, 64);
  one.values.resize(XTG_MAX_VALUES);
  EXPECT_TRUE(assemble({one}));
  EXPECT_FALSE(assemble({one, one}));
}

} // namespace
} // namespace xtg::packet
