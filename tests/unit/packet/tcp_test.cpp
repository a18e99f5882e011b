// SPDX-License-Identifier: BSD-2-Clause
// TCP segments as they are rendered; the header template, from which a plain sender that follows
// xtg/abi/tcp.h must make the same (tests/bpf says so of the program itself); payloads and sums.
#include "packet/tcp.h"

#include <algorithm>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "support/hex.h"
#include "xtg/abi/csum.h"

namespace xtg::packet {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::from_hex;
using test::to_hex;

TcpHeaderSpec spec_of(Family family, bool timestamps) {
  const bool v4 = family == Family::V4;
  TcpHeaderSpec spec;
  spec.dst_mac = Mac::parse("02:00:00:00:00:02").value();
  spec.src_mac = Mac::parse("02:00:00:00:00:01").value();
  spec.dst_addr = Ip::parse(v4 ? "198.51.100.2" : "2001:db8::2").value();
  spec.src_addr = Ip::parse(v4 ? "192.0.2.1" : "2001:db8::1").value();
  spec.dst_port = 10000;
  spec.timestamps = timestamps;
  return spec;
}

Bytes noise(std::size_t size, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  Bytes out(size);
  for (std::uint8_t& byte : out)
    byte = static_cast<std::uint8_t>(random());
  return out;
}

/// RFC 1071 as it is written: 16-bit big-endian words, an odd byte with a zero behind it.
std::uint32_t plain_sum(std::span<const std::uint8_t> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i] << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0));
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/// Whether the sums of a frame whose segment is so long are right.
bool sums_right(const Bytes& frame, std::size_t segment) {
  const std::span<const std::uint8_t> all(frame);
  const bool v4 = load_be(all.subspan(12, 2)) == 0x0800;
  const auto addresses = v4 ? all.subspan(26, 8) : all.subspan(22, 32);
  Bytes summed(addresses.begin(), addresses.end());
  summed.insert(summed.end(), {0, 6, static_cast<std::uint8_t>(segment >> 8),
                               static_cast<std::uint8_t>(segment & 0xff)});
  const auto tcp = all.subspan(v4 ? 34 : 54, segment);
  summed.insert(summed.end(), tcp.begin(), tcp.end());
  return plain_sum(summed) == 0xffff && (!v4 || plain_sum(all.subspan(14, 20)) == 0xffff);
}

struct Shape {
  Family family;
  bool timestamps;
};
constexpr Shape kShapes[] = {
    {Family::V4, false}, {Family::V4, true}, {Family::V6, false}, {Family::V6, true}};

TEST(TcpHeader, Lengths) {
  EXPECT_EQ(tcp_header_len(Family::V4, false), 54U);
  EXPECT_EQ(tcp_header_len(Family::V4, true), 66U);
  EXPECT_EQ(tcp_header_len(Family::V6, false), 74U);
  EXPECT_EQ(tcp_header_len(Family::V6, true), 86U);
}

TcpSegment sample(std::span<const std::uint8_t> payload) {
  TcpSegment segment;
  segment.src_port = 40000;
  segment.seq = 0x01020304;
  segment.ack = 0xa1a2a3a4;
  segment.flags = XTG_TCP_ACK | XTG_TCP_PSH;
  segment.window = 0x1234;
  segment.tsval = 0x11121314;
  segment.tsecr = 0x21222324;
  segment.payload = payload;
  return segment;
}

// Every field at its place.
TEST(RenderTcp, WritesEveryField) {
  const Bytes payload = from_hex("de ad be ef 99");
  TcpHeaderSpec v4 = spec_of(Family::V4, true);
  v4.tos = 0xb8;
  v4.hop_limit = 3;
  const Bytes frame = render_tcp(v4, sample(payload));
  EXPECT_EQ(to_hex(std::span(frame).first(24)),
            to_hex(from_hex("020000000002 020000000001 0800 45b8 0039 0000 4000 03 06")));
  EXPECT_EQ(to_hex(std::span(frame).subspan(26, 24)),
            to_hex(from_hex("c0000201 c6336402 9c40 2710 01020304 a1a2a3a4 80 18 1234")));
  EXPECT_EQ(to_hex(std::span(frame).subspan(52)),
            to_hex(from_hex("0000 0101080a 11121314 21222324 deadbeef99")));
  EXPECT_TRUE(sums_right(frame, 37));

  TcpHeaderSpec v6 = spec_of(Family::V6, false);
  v6.tos = 0xb8;
  v6.hop_limit = 3;
  const Bytes frame6 = render_tcp(v6, sample(payload));
  EXPECT_EQ(to_hex(std::span(frame6).first(70)),
            to_hex(from_hex("020000000002 020000000001 86dd 6b800000 0019 06 03"
                            "20010db8000000000000000000000001 20010db8000000000000000000000002"
                            "9c40 2710 01020304 a1a2a3a4 50 18 1234")));
  EXPECT_EQ(to_hex(std::span(frame6).subspan(72)), to_hex(from_hex("0000 deadbeef99")));
  EXPECT_TRUE(sums_right(frame6, 25));
}

TEST(RenderTcp, SumsAreRight) {
  std::mt19937 random(7);
  for (const Shape& shape : kShapes) {
    for (std::size_t size = 0; size < 70; size++) {
      TcpHeaderSpec spec = spec_of(shape.family, shape.timestamps);
      spec.tos = static_cast<std::uint8_t>(random());
      spec.dst_port = static_cast<std::uint16_t>(random());
      const Bytes payload = noise(size, random());
      TcpSegment segment = sample(payload);
      segment.seq = random();
      segment.ack = random();
      segment.tsval = random();
      segment.flags = static_cast<std::uint8_t>(random());
      const Bytes frame = render_tcp(spec, segment);
      const std::size_t l4 = shape.family == Family::V4 ? 34 : 54;
      const std::size_t header = tcp_header_len(shape.family, shape.timestamps);
      EXPECT_TRUE(sums_right(frame, header - l4 + size)) << to_hex(frame);
    }
  }
}

TEST(RenderTcp, PadsWithZerosToEthernetsMinimum) {
  TcpSegment segment = sample({});
  const Bytes ack = render_tcp(spec_of(Family::V4, false), segment);
  ASSERT_EQ(ack.size(), 60U);
  EXPECT_EQ(load_be(std::span(ack).subspan(16, 2)), 40U); // the padding belongs to nothing
  EXPECT_TRUE(std::all_of(ack.begin() + 54, ack.end(), [](auto byte) { return byte == 0; }));
  EXPECT_EQ(render_tcp(spec_of(Family::V4, true), segment).size(), 66U);
  const Bytes six = noise(6), seven = noise(7);
  segment.payload = six;
  EXPECT_EQ(render_tcp(spec_of(Family::V4, false), segment).size(), 60U);
  segment.payload = seven;
  EXPECT_EQ(render_tcp(spec_of(Family::V4, false), segment).size(), 61U);
}

// RFC 3168, 6.1.4 and 6.1.5: only new data is ECN-capable, and only where that was agreed upon.
TEST(RenderTcp, EcnCapableIsNewDataOnly) {
  for (const bool ecn : {false, true}) {
    for (const bool fresh : {false, true}) {
      TcpHeaderSpec v4 = spec_of(Family::V4, false), v6 = spec_of(Family::V6, false);
      v4.tos = v6.tos = 0xb9; // whose ECN bits are not the user's
      v4.ecn = v6.ecn = ecn;
      TcpSegment segment = sample({});
      segment.new_data = fresh;
      const unsigned tos = ecn && fresh ? 0xba : 0xb8;
      EXPECT_EQ(render_tcp(v4, segment)[15], tos);
      EXPECT_TRUE(sums_right(render_tcp(v4, segment), 20));
      const Bytes frame6 = render_tcp(v6, segment);
      EXPECT_EQ(load_be(std::span(frame6).subspan(14, 2)), 0x6000U | tos << 4);
    }
  }
}

/// A segment made from the constants by the rules of the ABI: template, what differs, sums added
/// up.
Bytes assemble(const xtg_tcp_config& c, const TcpSegment& segment) {
  Bytes frame(c.header_len + segment.payload.size());
  std::memcpy(frame.data(), c.header, c.header_len);
  std::ranges::copy(segment.payload, frame.begin() + c.header_len);
  const std::span<std::uint8_t> all(frame), tcp = all.subspan(c.l4_off);
  std::uint64_t sum = c.l4_csum_base;
  const auto put = [&](std::span<std::uint8_t> to, std::uint64_t value) {
    store_be(to, value);
    sum += csum_accumulate(to);
  };
  if (c.ipv6 == 0) {
    store_be(all.subspan(16, 2), frame.size() - 14);
    if (c.ecn != 0 && !segment.new_data) all[15] &= 0xfc;
    const std::uint16_t ip = xtg_csum_ip(c.ip_csum_base + csum_accumulate(all.subspan(14, 2)) +
                                         csum_accumulate(all.subspan(16, 2)));
    std::memcpy(&all[24], &ip, 2);
  } else {
    store_be(all.subspan(18, 2), tcp.size());
    if (c.ecn != 0 && !segment.new_data) all[15] &= 0xcf;
  }
  std::uint8_t length[2];
  put(length, tcp.size());
  put(tcp.first(2), segment.src_port);
  put(tcp.subspan(4, 4), segment.seq);
  put(tcp.subspan(8, 4), segment.ack);
  put(tcp.subspan(12, 2), (c.header_len - c.l4_off) / 4 << 12 | segment.flags);
  put(tcp.subspan(14, 2), segment.window);
  if (c.timestamps != 0) {
    put(tcp.subspan(24, 4), segment.tsval);
    put(tcp.subspan(28, 4), segment.tsecr);
  }
  const auto check = static_cast<std::uint16_t>(
      ~xtg_csum_fold(sum + segment_sums(segment.payload, 65536).front()));
  std::memcpy(&tcp[16], &check, 2);
  return frame;
}

TEST(EncodeTcpHeader, FramesCanBeMadeOfIt) {
  std::mt19937 random(3);
  for (const Shape& shape : kShapes) {
    for (const bool ecn : {false, true}) {
      for (int round = 0; round < 50; round++) {
        TcpHeaderSpec spec = spec_of(shape.family, shape.timestamps);
        spec.ecn = ecn;
        spec.tos = static_cast<std::uint8_t>(random());
        spec.dst_addr = spec.dst_addr.with_low(random());
        xtg_tcp_config c;
        std::memset(&c, 0xaa, sizeof c);
        encode_tcp_header(spec, c);
        const Bytes payload = noise(6 + random() % 2000, random());
        TcpSegment segment = sample(payload);
        segment.seq = random();
        segment.ack = random();
        segment.new_data = random() % 2 == 0;
        ASSERT_EQ(to_hex(assemble(c, segment)), to_hex(render_tcp(spec, segment)));
      }
    }
  }
}

TEST(EncodeTcpHeader, SaysWhatItIs) {
  for (const Shape& shape : kShapes) {
    TcpHeaderSpec spec = spec_of(shape.family, shape.timestamps);
    spec.ecn = shape.timestamps;
    xtg_tcp_config c;
    std::memset(&c, 0xaa, sizeof c);
    encode_tcp_header(spec, c);
    const bool v6 = shape.family == Family::V6;
    EXPECT_EQ(c.header_len, tcp_header_len(shape.family, shape.timestamps));
    EXPECT_EQ(c.l4_off, v6 ? 54U : 34U);
    EXPECT_EQ(c.ipv6, v6 ? 1U : 0U);
    EXPECT_EQ(c.timestamps, shape.timestamps ? 1U : 0U);
    EXPECT_EQ(c.ecn, spec.ecn ? 1U : 0U);
    // Zero: lengths, sums, and all that is a flow's or a frame's.
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(c.header);
    const auto blank = [&](std::size_t at, std::size_t size) {
      return std::all_of(bytes + at, bytes + at + size, [](auto byte) { return byte == 0; });
    };
    EXPECT_TRUE(v6 ? blank(18, 2) : blank(16, 2) && blank(24, 2));
    EXPECT_TRUE(blank(c.l4_off, 2));
    EXPECT_TRUE(blank(c.l4_off + 4, 16));
    EXPECT_TRUE(!shape.timestamps || blank(c.l4_off + 24, 8));
    EXPECT_TRUE(blank(c.header_len, XTG_TCP_HEADER - c.header_len));
  }
}

// The first numbers of splitmix64 from 0, as they are published with the generator.
TEST(PatternPayload, IsTheDocumentedStream) {
  const Bytes pattern = pattern_payload();
  ASSERT_EQ(pattern.size(), 4'194'301U);
  EXPECT_EQ(to_hex(std::span(pattern).first(32)),
            to_hex(from_hex("af cd 1d 7b 39 a8 20 e2  f4 65 b9 a1 6a 9e 78 6e"
                            "4f 45 09 80 18 5d c4 06  ec 81 4c 72 a8 b8 8b f8")));
}

TEST(PatternPayload, EveryWordFollowsTheFormula) {
  const Bytes pattern = pattern_payload();
  std::uint64_t state = 0;
  std::size_t wrong = 0;
  for (std::size_t at = 0; at < pattern.size(); at++) {
    if (at % 8 == 0) state += 0x9e3779b97f4a7c15U;
    std::uint64_t word = state;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
    word ^= word >> 31;
    if (pattern[at] != static_cast<std::uint8_t>(word >> (at % 8 * 8))) wrong++;
  }
  EXPECT_EQ(wrong, 0U);
}

TEST(RepeatedPayload, RepeatsWholly) {
  for (const std::size_t size : {1U, 3U, 1000U, 131'072U, 131'073U, 262'144U, 300'001U}) {
    const Bytes once = noise(size), many = repeated_payload(once);
    ASSERT_EQ(many.size() % size, 0U) << size;
    bool same = true;
    for (std::size_t i = 0; i < many.size(); i++)
      same = same && many[i] == once[i % size];
    EXPECT_TRUE(same) << size;
    // Long enough for full segments, and no longer than twice that or the data itself.
    EXPECT_GE(many.size() * 2, 262'144U) << size;
    EXPECT_LE(many.size(), std::max<std::size_t>(262'144, size)) << size;
  }
  EXPECT_TRUE(repeated_payload({}).empty());
}

TEST(SegmentSums, AreThoseOfTheSegments) {
  for (const std::uint32_t mss : {1U, 2U, 536U, 537U, 1447U, 1448U, 3342U}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, mss - std::size_t{0}, mss + 1UL,
                                   mss * 3UL, mss * 3UL + 1, mss * 4UL - 1}) {
      const Bytes payload = noise(size, mss);
      const auto sums = segment_sums(payload, mss);
      ASSERT_EQ(sums.size(), (size + mss - 1) / mss) << size << " by " << mss;
      for (std::size_t i = 0; i < sums.size(); i++) {
        const auto rest = std::span(payload).subspan(i * mss);
        const auto plain = plain_sum(rest.first(std::min<std::size_t>(mss, rest.size())));
        // As the words lie in memory; 0 and 0xffff are the same number.
        const auto here = __builtin_bswap16(static_cast<std::uint16_t>(sums[i]));
        ASSERT_LE(sums[i], 0xffffU);
        EXPECT_EQ(here % 0xffff, plain % 0xffff) << size << " by " << mss << ", segment " << i;
      }
    }
  }
  EXPECT_TRUE(segment_sums({}, 1448).empty());
}

} // namespace
} // namespace xtg::packet
