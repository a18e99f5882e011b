// SPDX-License-Identifier: BSD-2-Clause
#include "packet/plain.h"

#include <gtest/gtest.h>

#include "packet/assemble.h"
#include "packet/frame.h"

namespace xtg::packet {
namespace {

FrameSpec spec_of(Family family) {
  const bool v4 = family == Family::V4;
  FrameSpec spec;
  spec.dst_addr = Ip::parse(v4 ? "198.51.100.2" : "2001:db8::2").value();
  spec.src_addr = Ip::parse(v4 ? "192.0.2.1" : "2001:db8::1").value();
  spec.frame_size = 128;
  return spec;
}

EncodedStream stream_of(const FrameSpec& spec) {
  return encode(build(spec, {}).value());
}

xtg_stream only(EncodedStream stream) {
  return assemble({std::move(stream)}).value().streams.front();
}

TEST(Plain, ConstantStreamHasTheUdpChecksum) {
  for (const Family family : {Family::V4, Family::V6}) {
    const xtg_stream s = only(stream_of(spec_of(family)));
    EXPECT_EQ(s.plain, unsigned{XTG_PLAIN_FULL});
    EXPECT_EQ(s.plain_sums, unsigned{XTG_PLAIN_UDP});
    EXPECT_EQ(s.sums[0].kind, XTG_SUM_UDP);
    EXPECT_NE(s.sums[0].off, 0);
    EXPECT_EQ(s.sums[1].off, 0);
    EXPECT_EQ(s.sig_sums, 1U);
  }
}

TEST(Plain, NoSignatureAndNoChecksumLeaveNothingToAdd) {
  FrameSpec spec = spec_of(Family::V4);
  spec.signature = spec.udp_checksum = false;
  const xtg_stream s = only(stream_of(spec));
  EXPECT_EQ(s.plain, unsigned{XTG_PLAIN_UNSIGNED});
  EXPECT_EQ(s.plain_sums, 0U);
}

/// Where an IPv4 header's checksum varies and there is no UDP checksum, it is still the second one:
/// the first one is the signature's.
TEST(Plain, Ipv4ChecksumIsAlwaysTheSecond) {
  FrameSpec spec = spec_of(Family::V4);
  spec.udp_checksum = false;
  EncodedStream stream = stream_of(spec);
  ASSERT_GE(stream.stream.n_sums, 1U);
  const std::uint32_t ip = 0;
  stream.stream.sums[ip].off = 24;
  stream.stream.n_fields = 1;
  stream.stream.fields[0].width = 4;
  stream.stream.fields[0].count = 2;
  stream.stream.fields[0].step = 1;
  stream.stream.fields[0].sums = 1U << ip;
  const xtg_stream s = only(stream);
  EXPECT_NE(s.plain, 0U);
  EXPECT_EQ(s.plain_sums, unsigned{XTG_PLAIN_IP});
  EXPECT_EQ(s.sums[0].off, 0);
  EXPECT_EQ(s.sums[1].off, 24);
  EXPECT_EQ(s.fields[0].plain_sums, XTG_PLAIN_IP);
  EXPECT_EQ(s.fields[0].plain_law, XTG_PLAIN_NEXT);
  EXPECT_EQ(s.sig_sums, 0U);
}

TEST(Plain, FieldsSayHowTheyGoOn) {
  EncodedStream stream = stream_of(spec_of(Family::V4));
  stream.stream.n_fields = 3;
  for (xtg_field& field : stream.stream.fields)
    field.step = field.count = 2;
  stream.stream.fields[1].flags = XTG_FIELD_RANDOM;
  stream.stream.fields[2].step = 1;
  stream.stream.fields[2].list = 1;
  stream.values = {1, 2};
  const xtg_stream s = only(stream);
  EXPECT_EQ(s.fields[0].plain_law, XTG_PLAIN_VALUE);
  EXPECT_EQ(s.fields[1].plain_law, XTG_PLAIN_DRAWN);
  EXPECT_EQ(s.fields[2].plain_law, XTG_PLAIN_VALUE);
}

TEST(Plain, OtherStreamsAreLeftAlone) {
  EncodedStream third = stream_of(spec_of(Family::V4)); // a third checksum that frames change
  third.stream.n_sums = 3;
  for (std::uint16_t i = 0; i < 3; i++)
    third.stream.sums[i] = {static_cast<__u16>(24 + 2 * i), XTG_SUM_PLAIN, 0, 0};
  EXPECT_EQ(only(third).plain, 0U);

  EncodedStream outer = stream_of(spec_of(Family::V4)); // the signature counts in two
  outer.stream.sig_sums = 3;
  EXPECT_EQ(only(outer).plain, 0U);

  const EncodedStream one = stream_of(spec_of(Family::V4));
  const RunTables two = assemble({one, one}).value();
  for (const xtg_stream& s : two.streams)
    EXPECT_EQ(s.plain, 0U) << "several streams have a program of their own";
}

/// The bases of the sizes change places with the checksums, and each says where its signature is
/// odd.
TEST(Plain, SizesFollowTheChecksums) {
  FrameSpec spec = spec_of(Family::V4);
  spec.frame_size = SizeLaw::parse("128-131").value();
  const EncodedStream before = stream_of(spec);
  const RunTables run = assemble({before}).value();
  const xtg_stream& s = run.streams.front();
  EXPECT_EQ(s.plain, unsigned{XTG_PLAIN_FULL});
  EXPECT_EQ(s.plain_sums, unsigned{XTG_PLAIN_BOTH});
  std::uint32_t udp = 0;
  while (before.stream.sums[udp].kind != XTG_SUM_UDP)
    udp++;
  ASSERT_EQ(run.sizes.size(), 4U);
  for (std::size_t i = 0; i < 4; i++) {
    EXPECT_EQ(run.sizes[i].base[0], before.sizes[i].base[udp]);
    EXPECT_EQ(run.sizes[i].base[1], before.sizes[i].base[1 - udp]);
    EXPECT_EQ(run.sizes[i].sig_odd, i % 2 == (run.sizes[0].sig_odd == 0 ? 1U : 0U) ? 1 : 0);
  }
}

} // namespace
} // namespace xtg::packet
