// SPDX-License-Identifier: BSD-2-Clause
// The same source that the kernel program runs, on frames as the sender makes them.
#include "xtg/abi/rx_signature.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "packet/frame.h"
#include "support/hex.h"

namespace xtg::packet {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kSeq = 0x0102030405060708;
constexpr std::uint64_t kTxNs = 0x1112131415161718;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t k32 = std::uint64_t{1} << 32;
constexpr std::uint64_t k48 = std::uint64_t{1} << 48;

FrameSpec spec_of(Family family, std::uint32_t size) {
  const bool v4 = family == Family::V4;
  FrameSpec spec;
  spec.dst_addr = Ip::parse(v4 ? "198.51.100.2" : "2001:db8::2").value();
  spec.src_addr = Ip::parse(v4 ? "192.0.2.1" : "2001:db8::1").value();
  spec.dst_port = 9;
  spec.frame_size = size;
  spec.payload = Payload::Pattern;
  spec.run_id = 0xa1b2c3d4;
  spec.stream = 0x0305;
  spec.signature_flags = XTG_SIG_F_TAI | XTG_SIG_F_STAMP_EACH;
  return spec;
}

Bytes frame_of(const FrameSpec& spec) {
  return render(build(spec, {}).value(), kSeq, 0x2a, kTxNs);
}

/// Of a frame's end; all bytes of the record were something else before.
xtg_rx_signature read(const Bytes& frame) {
  xtg_rx_signature m;
  std::fill_n(reinterpret_cast<std::uint8_t*>(&m), sizeof m, std::uint8_t{0xee});
  xtg_rx_read(&m, frame.data() + frame.size() - 32, 32);
  return m;
}

xtg_rx_signature read_tail(std::string_view hex, std::uint32_t length = 32) {
  const Bytes tail = test::from_hex(hex);
  EXPECT_EQ(tail.size(), 32U);
  xtg_rx_signature m{};
  xtg_rx_read(&m, tail.data(), length);
  return m;
}

void expect_full(const xtg_rx_signature& m) {
  EXPECT_EQ(m.form, XTG_SIG_FULL);
  EXPECT_EQ(m.seq, kSeq);
  EXPECT_EQ(m.tx_ns, kTxNs);
  EXPECT_EQ(m.run_id, 0xa1b2c3d4U);
  EXPECT_EQ(m.stream, 0x0305);
  EXPECT_EQ(m.worker, 0x2a);
  EXPECT_EQ(m.flags, XTG_SIG_F_TAI | XTG_SIG_F_STAMP_EACH);
  EXPECT_EQ(m.type, XTG_SIG_DATA);
  EXPECT_EQ(m.version, XTG_SIG_VERSION);
}

void expect_compact(const xtg_rx_signature& m) {
  EXPECT_EQ(m.form, XTG_SIG_COMPACT);
  EXPECT_EQ(m.seq, 0x05060708U);
  EXPECT_EQ(m.tx_ns, 0x131415161718U);
  EXPECT_EQ(m.run_id, 0xc3d4U);
  EXPECT_EQ(m.stream, 0x05);
  EXPECT_EQ(m.worker, 0x2a);
  EXPECT_EQ(m.flags, 0);
  EXPECT_EQ(m.type, XTG_SIG_DATA);
  EXPECT_EQ(m.version, XTG_SIG_VERSION);
}

TEST(AbiRxMark, WhatTheSenderWrites) {
  for (const Family family : {Family::V4, Family::V6}) {
    const std::uint32_t headers = family == Family::V4 ? 46 : 66; // and FCS
    for (const std::uint32_t payload : {0, 15, 16, 17, 18, 31, 32, 33, 100, 1000}) {
      if (headers + payload < 64) continue;
      SCOPED_TRACE(payload);
      const xtg_rx_signature m = read(frame_of(spec_of(family, headers + payload)));
      if (payload >= 32)
        expect_full(m);
      else if (payload >= 16)
        expect_compact(m);
      else
        EXPECT_EQ(m.form, XTG_SIG_NONE);
    }
  }
}

TEST(AbiRxMark, NoSignature) {
  for (const Payload payload : {Payload::Zeros, Payload::Pattern, Payload::Text}) {
    FrameSpec spec = spec_of(Family::V4, 300);
    spec.payload = payload;
    spec.signature = false;
    EXPECT_EQ(read(frame_of(spec)).form, XTG_SIG_NONE);
  }
}

TEST(AbiRxMark, ByteByByte) {
  const xtg_rx_signature full = read_tail("8182838485868788 9192939495969798"
                                          "f1f2f3f4 e1e2 d1 c1 0000 b1 a1 58544753");
  EXPECT_EQ(full.form, XTG_SIG_FULL);
  EXPECT_EQ(full.seq, 0x8182838485868788U);
  EXPECT_EQ(full.tx_ns, 0x9192939495969798U);
  EXPECT_EQ(full.run_id, 0xf1f2f3f4U);
  EXPECT_EQ(full.stream, 0xe1e2);
  EXPECT_EQ(full.worker, 0xd1);
  EXPECT_EQ(full.flags, 0xc1);
  EXPECT_EQ(full.type, 0xb1); // whether they are known is the caller's question
  EXPECT_EQ(full.version, 0xa1);

  const xtg_rx_signature compact = read_tail("ffffffffffffffff ffffffffffffffff"
                                             "81828384 919293949596 f1f2 e1 d1 c7a7");
  EXPECT_EQ(compact.form, XTG_SIG_COMPACT);
  EXPECT_EQ(compact.seq, 0x81828384U);
  EXPECT_EQ(compact.tx_ns, 0x919293949596U);
  EXPECT_EQ(compact.run_id, 0xf1f2U);
  EXPECT_EQ(compact.stream, 0xe1);
  EXPECT_EQ(compact.worker, 0xd1);
  EXPECT_EQ(compact.version, 7);
  EXPECT_EQ(compact.flags, 0);
}

TEST(AbiRxMark, EveryBitOfTheMagicCounts) {
  Bytes full = frame_of(spec_of(Family::V4, 128));
  for (unsigned bit = 0; bit < 32; ++bit) {
    std::uint8_t& byte = full[full.size() - 1 - bit / 8];
    byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
    EXPECT_EQ(read(full).form, XTG_SIG_NONE) << bit;
    byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
  }
  expect_full(read(full));

  Bytes compact = frame_of(spec_of(Family::V4, 64));
  for (unsigned bit = 0; bit < 16; ++bit) {
    std::uint8_t& byte = compact[compact.size() - 1 - bit / 8];
    byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
    const xtg_rx_signature m = read(compact);
    EXPECT_EQ(m.form, bit < 4 ? XTG_SIG_COMPACT : XTG_SIG_NONE) << bit;
    if (bit < 3) {
      EXPECT_EQ(m.version, XTG_SIG_VERSION ^ 1U << bit);
    }
    if (bit < 4) {
      EXPECT_EQ(m.flags, bit == 3 ? XTG_SIG_F_REFLECTED : 0) << bit;
    }
    byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
  }
  expect_compact(read(compact));
}

TEST(AbiRxMark, OtherVersionsAndTypesAreReported) {
  Bytes full = frame_of(spec_of(Family::V6, 128));
  full[full.size() - 5] = 2;
  full[full.size() - 6] = 7;
  const xtg_rx_signature m = read(full);
  EXPECT_EQ(m.form, XTG_SIG_FULL);
  EXPECT_EQ(m.version, 2);
  EXPECT_EQ(m.type, 7);
  EXPECT_EQ(m.seq, kSeq);
}

TEST(AbiRxMark, WhatIsBeforeTheFrameDoesNotCount) {
  const std::string_view full = "0102030405060708 1112131415161718"
                                "a1b2c3d4 0305 2a 03 0000 00 01 58544753";
  expect_full(read_tail(full, 32));
  for (std::uint32_t length = 16; length < 32; ++length)
    EXPECT_EQ(read_tail(full, length).form, XTG_SIG_NONE) << length;
  for (const std::string_view before :
       {"00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff",
        "5854475358544753585447535854c7a1"}) {
    const std::string tail = std::string(before) + "05060708 131415161718 c3d4 05 2a c7a1";
    for (std::uint32_t length = 16; length <= 32; ++length)
      expect_compact(read_tail(tail, length));
  }
}

TEST(AbiRxMark, NearestOfFewBits) {
  // All there is, of a ring of 16: nothing is nearer, and nothing is below 0.
  for (std::uint64_t near = 0; near < 100; ++near) {
    for (std::uint64_t low = 0; low < 16; ++low) {
      const auto apart = [&](std::uint64_t v) { return v > near ? v - near : near - v; };
      std::uint64_t least = 1000;
      for (std::uint64_t value = low; value < 200; value += 16)
        least = std::min(least, apart(value));
      const std::uint64_t got = xtg_rx_nearest(near, low, 4);
      ASSERT_EQ(got % 16, low) << near;
      ASSERT_EQ(apart(got), least) << near << " " << low;
    }
  }
}

TEST(AbiRxMark, NearestAtTheWraps) {
  struct Case {
    std::uint64_t near, low;
    std::uint32_t bits;
    std::uint64_t want;
  };
  const std::uint64_t h32 = k32 / 2, h48 = k48 / 2;
  for (const Case& c : std::initializer_list<Case>{
           {0, 0, 32, 0},
           {0, 5, 32, 5},
           {0, k32 - 1, 32, k32 - 1}, // a number below 0 there is not
           {10, h32 + 11, 32, h32 + 11},
           {k32 - 1, 0, 32, k32},
           {k32, k32 - 1, 32, k32 - 1},
           {k32 + 7, 7, 32, k32 + 7},
           {k32 + 7, h32 + 6, 32, k32 + h32 + 6},
           {k32 + 7, h32 + 8, 32, h32 + 8},
           {5 * k32 - 1, 3, 32, 5 * k32 + 3},
           {5 * k32 + 3, k32 - 1, 32, 5 * k32 - 1},
           {h32 + 1, 0, 32, k32},
           {h32 - 1, 0, 32, 0},
           {0, k48 - 1, 48, k48 - 1},
           {k48 - 1, 0, 48, k48},
           {k48, k48 - 1, 48, k48 - 1},
           {k48 + 7, h48 + 6, 48, k48 + h48 + 6},
           {k48 + 7, h48 + 8, 48, h48 + 8},
           {6000 * k48 + 1, k48 - 2, 48, 6000 * k48 - 2},
           {6000 * k48 - 2, 1, 48, 6000 * k48 + 1},
       })
    EXPECT_EQ(xtg_rx_nearest(c.near, c.low, c.bits), c.want) << c.near << " " << c.low;
}

TEST(AbiRxMark, NearestFindsWhatIsLessThanHalfARoundAway) {
  std::mt19937_64 random(1);
  for (const std::uint32_t bits : {32U, 48U}) {
    const std::uint64_t span = std::uint64_t{1} << bits;
    for (int i = 0; i < 100'000; ++i) {
      const std::uint64_t value = (random() >> 1) >> (random() % 40);
      const std::uint64_t off = random() % (span / 2) >> (random() % bits);
      EXPECT_EQ(xtg_rx_nearest(value + off, value % span, bits), value) << value << " " << off;
      if (value >= off) {
        EXPECT_EQ(xtg_rx_nearest(value - off, value % span, bits), value) << value << " " << off;
      }
    }
  }
}

TEST(AbiRxMark, Extend) {
  xtg_rx_signature m{};
  m.form = XTG_SIG_COMPACT;
  m.seq = 2;
  m.tx_ns = k48 - 9;
  m.run_id = 0xc3d4;
  xtg_rx_signature first = m;
  xtg_rx_extend(&m, 3 * k32 - 1, 7 * k48 + 4);
  EXPECT_EQ(m.seq, 3 * k32 + 2);
  EXPECT_EQ(m.tx_ns, 7 * k48 - 9);
  EXPECT_EQ(m.run_id, 0xc3d4U);
  m.seq = k32 / 2 + 2; // all 32 bits count
  xtg_rx_extend(&m, 3 * k32 - 1, 7 * k48 + 4);
  EXPECT_EQ(m.seq, 2 * k32 + k32 / 2 + 2);
  xtg_rx_extend(&first, 0, k48 + 4); // a slot without packets
  EXPECT_EQ(first.seq, 2U);
  EXPECT_EQ(first.tx_ns, k48 - 9);

  for (const int form : {XTG_SIG_FULL, XTG_SIG_NONE}) {
    m.form = static_cast<__u8>(form);
    m.seq = 2;
    m.tx_ns = 3;
    xtg_rx_extend(&m, 3 * k32 - 1, 7 * k48 + 4);
    EXPECT_EQ(m.seq, 2U);
    EXPECT_EQ(m.tx_ns, 3U);
  }
}

/// The number of a compact signature as a record enters it.
std::uint64_t entered(std::uint32_t low, const xtg_rx_slot& slot, std::uint64_t position,
                      std::uint64_t now) {
  xtg_rx_signature m{};
  m.form = XTG_SIG_COMPACT;
  m.seq = low;
  xtg_rx_extend(&m, slot.next, now);
  if (xtg_rx_may_be_off(&m, &slot, 1024, now) != 0) xtg_rx_place(&m, position);
  return m.seq;
}

TEST(AbiRxMark, TheEpochIsTheStreams) {
  const std::uint64_t position = 3 * k32 + 5000;
  xtg_rx_slot slot{};
  EXPECT_EQ(entered(5100, slot, 0, 9 * kSecond), 5100U) << "nobody knows the stream";
  EXPECT_EQ(entered(5100, slot, position, 9 * kSecond), 3 * k32 + 5100) << "it begins late";
  slot.packets = 9;
  slot.next = 2 * k32 + 5000;
  slot.last_ns = 9 * kSecond;
  const std::uint64_t soon = slot.last_ns + 1000, late = slot.last_ns + 2 * kSecond;
  EXPECT_EQ(entered(5100, slot, position, soon), 2 * k32 + 5100) << "as the record itself has it";
  EXPECT_EQ(entered(5100, slot, position, late), 3 * k32 + 5100) << "it was quiet meanwhile";
  EXPECT_EQ(entered(7000, slot, position, soon), 3 * k32 + 7000) << "others are further";
  EXPECT_EQ(entered(5100, slot, 0, late), 2 * k32 + 5100);
}

/// Two frames of a stream: the second one comes `passed` ns after the first.
struct Pair {
  xtg_rx_candidate c{};
  xtg_rx_signature m{};
  std::uint64_t passed = 1000;

  Pair() {
    c.arrival_ns = 77 * kSecond;
    c.tx_ns = 50 * kSecond;
    c.seq = 1'000'000;
    c.run_id = 0xc3d4;
    c.stream = 5;
    c.worker = 1;
    c.form = XTG_SIG_COMPACT;
    m.form = XTG_SIG_COMPACT;
    m.tx_ns = c.tx_ns + 1000;
    m.seq = c.seq + 1;
    m.run_id = 0xc3d4;
    m.stream = 5;
    m.worker = 1;
  }
  bool agree() const { return xtg_rx_agree(&c, &m, c.arrival_ns + passed, 1024) != 0; }
  bool sent(std::uint64_t after, std::uint64_t arrived_after) {
    m.tx_ns = (c.tx_ns + after) % k48;
    passed = arrived_after;
    return agree();
  }
};

TEST(AbiRxMark, AgreeOnSessionAndStream) {
  EXPECT_TRUE(Pair().agree());
  Pair pair;
  pair.m.run_id = 0xc3d5;
  EXPECT_FALSE(pair.agree());
  pair.m.run_id = 0x43d4;
  EXPECT_FALSE(pair.agree());
  pair = Pair();
  pair.m.stream = 6;
  EXPECT_FALSE(pair.agree());
  pair = Pair();
  pair.m.run_id = 0xa1b2c3d4; // only the bits that are sent
  pair.m.stream = 0x0305;
  EXPECT_TRUE(pair.agree());
  pair = Pair();
  pair.m.worker = 2; // another thread of the same stream
  EXPECT_TRUE(pair.agree());
}

/// The full form says enough without its number, which a queue of its own may see far apart.
TEST(AbiRxMark, AgreeInTheFullForm) {
  Pair pair;
  pair.m.form = XTG_SIG_FULL;
  EXPECT_FALSE(pair.agree()) << "of two forms";
  pair.c.form = XTG_SIG_FULL;
  EXPECT_TRUE(pair.agree());
  pair.m.seq = pair.c.seq + 2 * k32;
  EXPECT_TRUE(pair.agree());
  pair.m.run_id ^= 1U << 31;
  EXPECT_FALSE(pair.agree());
  pair.m.run_id ^= 1U << 31;
  pair.m.stream ^= 1U << 15;
  EXPECT_FALSE(pair.agree());
  pair.m.stream ^= 1U << 15;
  pair.m.tx_ns = pair.c.tx_ns + k48;
  EXPECT_FALSE(pair.agree()) << "all bits of the time count";
  pair.m.tx_ns = pair.c.tx_ns - 1000;
  EXPECT_TRUE(pair.agree()) << "overtaken";
}

TEST(AbiRxMark, AgreeOnTheNumber) {
  for (const std::uint32_t first : {1'000'000U, 0U, 5U, 0xffffffffU}) {
    Pair pair;
    pair.c.seq = first;
    const auto at = [&](std::int64_t off) {
      pair.m.seq = static_cast<std::uint32_t>(first + static_cast<std::uint64_t>(off));
      return pair.agree();
    };
    for (const std::int64_t off : {0, 1, -1, 1023, 1024, -1024})
      EXPECT_TRUE(at(off)) << first << " " << off;
    for (const std::int64_t off : {1025, -1025, 1 << 30, -(1 << 30)})
      EXPECT_FALSE(at(off)) << first << " " << off;
    EXPECT_FALSE(at(std::int64_t{1} << 31)) << first;
  }
}

TEST(AbiRxMark, AgreeOnTheTime) {
  for (const std::uint64_t first : {std::uint64_t{0}, 50 * kSecond, k48 - 10, k48 / 2 - 1}) {
    SCOPED_TRACE(first);
    Pair pair;
    pair.c.tx_ns = first;
    // Sent further apart than arrived: at most a second, and an eighth of the time.
    EXPECT_TRUE(pair.sent(0, 0));
    EXPECT_TRUE(pair.sent(kSecond, 0));
    EXPECT_FALSE(pair.sent(kSecond + 1, 0));
    EXPECT_TRUE(pair.sent(10 * kSecond, 8 * kSecond));
    EXPECT_FALSE(pair.sent(10 * kSecond + 1, 8 * kSecond));
    EXPECT_FALSE(pair.sent(3600 * kSecond, 5));
    EXPECT_FALSE(pair.sent(k48 / 4, 5));
    EXPECT_FALSE(pair.sent(k48 / 2 - 1, 5));
    EXPECT_TRUE(pair.sent(k48 / 2, 5)); // half a round and more is back in time
    // Arrived further apart: ten more, for the network.
    EXPECT_TRUE(pair.sent(5 * kSecond, 16 * kSecond));
    EXPECT_TRUE(pair.sent(kSecond * 3, 16 * kSecond));
    EXPECT_FALSE(pair.sent(kSecond * 3 - 1, 16 * kSecond));
    EXPECT_TRUE(pair.sent(0, 8 * kSecond));
    EXPECT_FALSE(pair.sent(0, 16 * kSecond));
    // The first one was overtaken.
    EXPECT_TRUE(pair.sent(k48 - 1000, 10));
    EXPECT_TRUE(pair.sent(k48 - kSecond, 8 * kSecond));
    EXPECT_FALSE(pair.sent(k48 - kSecond, 16 * kSecond));
    // However long there was nothing: the clocks agree to an eighth.
    EXPECT_TRUE(pair.sent(3600 * kSecond, 3600 * kSecond));
    EXPECT_FALSE(pair.sent(3600 * kSecond, 4400 * kSecond));
  }
}

} // namespace
} // namespace xtg::packet
