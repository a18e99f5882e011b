// SPDX-License-Identifier: BSD-2-Clause
#include "packet/checksum.h"

#include <random>

#include <gtest/gtest.h>

#include "support/hex.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/csum.h"

namespace xtg::packet {
namespace {

using test::from_hex;

// tcpdump: 198.18.0.1.9 > 198.18.0.2.1000: [udp sum ok] UDP, length 18
const std::vector<std::uint8_t> kV4 =
    from_hex("020000000002 020000000001 0800 4500002e 00004000 4011ae97 c6120001 c6120002 000903e8"
             "001a609f 00000000000703040506070833440503c7a1");
// tcpdump: 2001:db8::1.9 > 2001:db8::2.1000: [udp sum ok] UDP, length 0
const std::vector<std::uint8_t> kV6 =
    from_hex("020000000002 020000000001 86dd 60000000 00081140 20010db8000000000000000000000001"
             "20010db8000000000000000000000002 000903e80008a078");

TEST(Checksum, AccumulatorAgreesWithThePlainSum) {
  std::mt19937 random(1);
  for (std::size_t length = 0; length < 70; ++length) {
    std::vector<std::uint8_t> bytes(length);
    for (std::uint8_t& byte : bytes)
      byte = static_cast<std::uint8_t>(random());
    const std::uint16_t stored = xtg_csum_ip(csum_accumulate(bytes)); // as it lies in memory
    const std::uint16_t plain = internet_checksum(bytes);
    const auto* memory = reinterpret_cast<const std::uint8_t*>(&stored);
    EXPECT_EQ(memory[0], plain >> 8) << length;
    EXPECT_EQ(memory[1], plain & 0xff) << length;
  }
}

TEST(Checksum, PartsAddUp) {
  std::vector<std::uint8_t> bytes(100);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 37);
  const std::span<const std::uint8_t> all(bytes);
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 2) {
    EXPECT_EQ(xtg_csum_fold(csum_accumulate(all.first(cut)) + csum_accumulate(all.subspan(cut))),
              xtg_csum_fold(csum_accumulate(all)));
  }
}

TEST(ChecksumsValid, TakesGoodFrames) {
  EXPECT_TRUE(checksums_valid(kV4));
  EXPECT_TRUE(checksums_valid(kV6));
}

TEST(ChecksumsValid, SeesEveryFlippedBitBehindTheEthernetHeader) {
  for (const auto& good : {kV4, kV6}) {
    for (std::size_t bit = 12 * 8; bit < good.size() * 8; ++bit) {
      std::vector<std::uint8_t> bad = good;
      bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 0x80U >> bit % 8);
      // IPv6 covers neither traffic class and flow label nor the hop limit.
      const bool uncovered = good == kV6 && ((bit >= 14 * 8 + 4 && bit < 18 * 8) || bit / 8 == 21);
      EXPECT_EQ(checksums_valid(bad), uncovered) << "bit " << bit;
    }
  }
}

TEST(ChecksumsValid, RefusesEveryTruncation) {
  for (const auto& good : {kV4, kV6}) {
    for (std::size_t length = 0; length < good.size(); ++length) {
      EXPECT_FALSE(checksums_valid(std::span(good).first(length))) << length;
    }
  }
}

TEST(ChecksumsValid, AllowsPaddingOfTheLink) {
  for (auto padded : {kV4, kV6}) {
    padded.resize(padded.size() + 5, 0xff);
    EXPECT_TRUE(checksums_valid(padded));
  }
}

TEST(ChecksumsValid, NoChecksumIsForIpv4Only) {
  auto v4 = kV4;
  v4[40] = v4[41] = 0;
  EXPECT_TRUE(checksums_valid(v4));
  auto v6 = kV6;
  v6[60] = v6[61] = 0;
  EXPECT_FALSE(checksums_valid(v6));
}

TEST(FindSignature, FullForm) {
  const auto frame =
      from_hex("aabbcc 0000000100000002 0102030405060708 deadbeef 1234 05 03 0000 00 01"
               "58544753");
  const Signature expected{
      SignatureForm::Full, 0x100000002, 0x0102030405060708, 0xdeadbeef, 0x1234, 5, 3, 1};
  EXPECT_EQ(find_signature(frame), expected);
  EXPECT_EQ(find_signature(std::span(frame).subspan(3)), expected);
  EXPECT_FALSE(find_signature(std::span(frame).subspan(4))) << "too short";
}

TEST(FindSignature, CompactForm) {
  const auto frame = from_hex("aa 00000007 030405060708 3344 05 03 c7a1");
  const Signature expected{SignatureForm::Compact, 7, 0x030405060708, 0x3344, 5, 3, 0, 1};
  EXPECT_EQ(find_signature(frame), expected);
  EXPECT_EQ(find_signature(std::span(frame).subspan(1)), expected);
  EXPECT_FALSE(find_signature(std::span(frame).subspan(2))) << "too short";
}

TEST(FindSignature, CompactFormThatAReflectorSentBack) {
  const auto frame = from_hex("aa 00000007 030405060708 3344 05 03 c7a9");
  const Signature expected{SignatureForm::Compact, 7, 0x030405060708, 0x3344, 5, 3,
                           XTG_SIG_F_REFLECTED,    1};
  EXPECT_EQ(find_signature(frame), expected);
}

TEST(FindSignature, IgnoresOtherTails) {
  std::vector<std::uint8_t> frame(64);
  EXPECT_FALSE(find_signature(frame));
  auto full = from_hex("0000000100000002 0102030405060708 deadbeef 1234 05 03 0000 00 02 58544753");
  EXPECT_FALSE(find_signature(full)) << "version 2 is not known here";
  auto compact = from_hex("00000007 030405060708 3344 05 03 c7a2");
  EXPECT_FALSE(find_signature(compact)) << "version 2 is not known here";
  EXPECT_FALSE(find_signature({}));
}

} // namespace
} // namespace xtg::packet
