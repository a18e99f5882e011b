// SPDX-License-Identifier: BSD-2-Clause
#include "packet/announce.h"

#include <algorithm>
#include <cstring>
#include <span>

#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "support/hex.h"
#include "xtg/abi/signature.h"

namespace xtg::packet {
namespace {

using Bytes = std::vector<std::uint8_t>;

FrameSpec spec_of(Family family, std::uint32_t size) {
  const bool v4 = family == Family::V4;
  FrameSpec spec;
  spec.dst_mac = Mac::parse("02:00:00:00:00:02").value();
  spec.src_mac = Mac::parse("02:00:00:00:00:01").value();
  spec.dst_addr = Ip::parse(v4 ? "198.51.100.2" : "2001:db8::2").value();
  spec.src_addr = Ip::parse(v4 ? "192.0.2.1" : "2001:db8::1").value();
  spec.dst_port = 1000;
  spec.src_port = 9;
  spec.frame_size = size;
  spec.payload = Payload::Pattern;
  spec.run_id = 0xa1b2c3d4;
  spec.stream = 0x0305;
  spec.signature_flags = XTG_SIG_F_TAI;
  return spec;
}

Announcement example() {
  return {.kind = AnnouncementKind::End,
          .frames = 0x0102030405060708,
          .driver_drops = 9,
          .duration_ns = 10,
          .rate_millipps = 11,
          .host = 12,
          .clock_error_ns = 13,
          .streams = 14,
          .threads = 15};
}

Bytes announce(const Frame& frame, const Announcement& what, bool reflector = false,
               std::uint64_t copy = 2) {
  auto bytes = render_announcement(frame, what, reflector, copy, 0x1112131415161718);
  EXPECT_TRUE(bytes) << bytes.error().message();
  return bytes.value_or(Bytes{});
}

template <class T>
T at(const Bytes& bytes, std::size_t offset) {
  T out;
  std::memcpy(&out, bytes.data() + offset, sizeof out);
  return out;
}

struct Case {
  Family family;
  std::uint32_t size; ///< of the stream's frames
  std::size_t headers;
};

TEST(Announce, HasTheStreamsHeadersAndEveryFieldAtItsPlace) {
  for (const Case& c : {Case{Family::V4, 64, 42}, Case{Family::V4, 1514, 42},
                        Case{Family::V6, 82, 62}, Case{Family::V6, 1514, 62}}) {
    const Frame frame = build(spec_of(c.family, c.size), {}).value();
    const Bytes bytes = announce(frame, example()), packet = render(frame, 0, 0, 0);
    ASSERT_EQ(bytes.size(), c.headers + XTG_SIG_ANNOUNCE_LEN + XTG_SIG_FULL_LEN);
    EXPECT_TRUE(checksums_valid(bytes)) << test::to_hex(bytes);
    // But for lengths and checksums.
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + 16, packet.begin()));
    const std::size_t addresses = c.headers - 8 - (c.family == Family::V4 ? 8 : 32);
    EXPECT_TRUE(std::equal(bytes.begin() + static_cast<long>(addresses),
                           bytes.begin() + static_cast<long>(c.headers) - 4,
                           packet.begin() + static_cast<long>(addresses)));

    const auto said = at<xtg_sig_announce>(bytes, c.headers);
    EXPECT_EQ(load_be(said.frames), 0x0102030405060708U);
    EXPECT_EQ(load_be(said.driver_drops), 9U);
    EXPECT_EQ(load_be(said.duration_ns), 10U);
    EXPECT_EQ(load_be(said.rate), 11U);
    EXPECT_EQ(load_be(said.host), 12U);
    EXPECT_EQ(load_be(said.clock_error), 13U);
    EXPECT_EQ(load_be(said.frame_size), c.size) << "the stream's";
    EXPECT_EQ(load_be(said.streams), 14U);
    EXPECT_EQ(load_be(said.threads), 15U);
    const auto signature = at<xtg_sig_full>(bytes, bytes.size() - XTG_SIG_FULL_LEN);
    EXPECT_EQ(load_be(signature.seq), 2U);
    EXPECT_EQ(load_be(signature.tx_ns), 0x1112131415161718U);
    EXPECT_EQ(load_be(signature.run_id), 0xa1b2c3d4U);
    EXPECT_EQ(load_be(signature.stream), 0x0305U);
    EXPECT_EQ(signature.worker, 0);
    EXPECT_EQ(signature.flags, XTG_SIG_F_TAI);
    EXPECT_EQ(signature.type, XTG_SIG_END);
    EXPECT_EQ(signature.version, XTG_SIG_VERSION);
    EXPECT_EQ(load_be(signature.magic), XTG_SIG_MAGIC);
  }
}

/// As the authors' reference has it (openssl mac -macopt size:8 SIPHASH), over the 56 bytes behind
/// the sum and the signature.
TEST(Announce, ItsSumIsByTheKeyAndNotOfTheReflectorsFlag) {
  FrameSpec spec = spec_of(Family::V4, 64);
  const auto sum_of = [&](const xtg_sip_key& key) {
    const Frame frame = build(spec, {}).value();
    const Bytes bytes = render_announcement(frame, example(), false, 2, 7, key).value();
    return load_be(at<xtg_sig_announce>(bytes, 42).sum);
  };
  const std::uint64_t plain = sum_of({});
  EXPECT_EQ(plain, 0xe5edf25836c02972U);
  EXPECT_EQ(sum_of({0x0706050403020100, 0x0f0e0d0c0b0a0908}), 0x5a77b6ea27a3fa1fU);
  spec.run_id++;
  EXPECT_NE(sum_of({}), plain);
  spec.run_id--;
  spec.signature_flags |= XTG_SIG_F_REFLECTED;
  EXPECT_EQ(sum_of({}), plain);
}

TEST(Announce, AStart) {
  const Frame frame = build(spec_of(Family::V4, 64), {}).value();
  const Bytes bytes = announce(frame, {});
  EXPECT_EQ(bytes[bytes.size() - 6], XTG_SIG_START);
  const auto said = at<xtg_sig_announce>(bytes, frame.header_len);
  EXPECT_EQ(load_be(said.frames), ~0ULL);
  EXPECT_EQ(load_be(said.driver_drops), 0U);
  EXPECT_EQ(load_be(said.duration_ns), ~0ULL);
  EXPECT_EQ(load_be(said.clock_error), ~0ULL);
}

TEST(Announce, WithRoomForReflectorTimestamps) {
  const Frame frame = build(spec_of(Family::V6, 1514), {}).value();
  const Bytes bytes = announce(frame, example(), true);
  ASSERT_EQ(bytes.size(),
            frame.header_len + XTG_SIG_ANNOUNCE_LEN + XTG_SIG_REFLECTOR_LEN + XTG_SIG_FULL_LEN);
  EXPECT_TRUE(checksums_valid(bytes));
  EXPECT_EQ(load_be(at<xtg_sig_announce>(bytes, frame.header_len).threads), 15U);
  const auto reflector = std::span(bytes).subspan(
      bytes.size() - XTG_SIG_FULL_LEN - XTG_SIG_REFLECTOR_LEN, XTG_SIG_REFLECTOR_LEN);
  EXPECT_TRUE(std::all_of(reflector.begin(), reflector.end(), [](auto byte) { return byte == 0; }));
  EXPECT_EQ(at<xtg_sig_full>(bytes, bytes.size() - XTG_SIG_FULL_LEN).flags,
            XTG_SIG_F_TAI | XTG_SIG_F_REFLECTOR);
}

TEST(Announce, FieldsThatVaryStandAsInPacket0) {
  Field port;
  port.kind = FieldKind::SrcPort;
  port.first = 9;
  port.count = 5;
  for (const Vary vary : {Vary::Together, Vary::Random}) {
    const Frame frame =
        build(spec_of(Family::V4, 64), {.fields = {port}, .vary = vary, .seed = 3}).value();
    const Bytes bytes = announce(frame, {}), packet = render(frame, 0, 0, 0);
    EXPECT_TRUE(std::equal(bytes.begin() + 34, bytes.begin() + 36, packet.begin() + 34));
    EXPECT_TRUE(checksums_valid(bytes));
  }
}

TEST(Announce, WithoutUdpChecksumWhereTheStreamHasNone) {
  FrameSpec spec = spec_of(Family::V4, 64);
  spec.udp_checksum = false;
  const Bytes bytes = announce(build(spec, {}).value(), example());
  EXPECT_EQ(bytes[40], 0);
  EXPECT_EQ(bytes[41], 0);
  EXPECT_TRUE(checksums_valid(bytes));
}

} // namespace
} // namespace xtg::packet
