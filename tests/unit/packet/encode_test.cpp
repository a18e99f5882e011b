// SPDX-License-Identifier: BSD-2-Clause
// The constants that the kernel program works from. That it makes the frames of render() from them
// is said by tests/bpf (frames_test.cpp, streams_test.cpp).
#include "packet/encode.h"

#include <cstring>

#include <gtest/gtest.h>

#include "packet/checksum.h"
#include "support/hex.h"
#include "support/sample_spec.h"
#include "xtg/abi/signature.h"

namespace xtg::packet {
namespace {

using Bytes = std::vector<std::uint8_t>;

FrameSpec encoded_spec(Family family, std::uint32_t size) {
  FrameSpec spec = test::sample_spec(family, size);
  spec.payload = Payload::Pattern;
  spec.stream = 0x0305;
  spec.signature_flags = XTG_SIG_F_TAI;
  return spec;
}

Frame frame_of(Family family, std::uint32_t size, std::vector<Field> fields = {}) {
  return build(encoded_spec(family, size), {.fields = std::move(fields)}).value();
}

Field vary(FieldKind kind, std::uint64_t first, std::uint64_t count) {
  Field field;
  field.kind = kind;
  field.first = first;
  field.count = count;
  return field;
}

TEST(Encode, SmallestIpv4) {
  const Frame frame = frame_of(Family::V4, 64);
  const xtg_stream s = encode(frame).stream;
  EXPECT_EQ(s.frame_len, 60U);
  EXPECT_EQ(s.copy_u64s, 6U) << "the last word is filled up with payload";
  EXPECT_EQ(s.copy_tail, 0U);
  EXPECT_EQ(s.sums[0].off, 0U) << "constant: in the header";
  EXPECT_EQ(s.sums[1].off, 40U);
  EXPECT_EQ(s.sig_form, std::uint32_t{XTG_SIG_COMPACT});
  EXPECT_EQ(s.sig_off, 44U);
  EXPECT_EQ(s.sig_odd, 0U);
  EXPECT_EQ(s.paced, 0U);
  EXPECT_EQ(s.n_fields, 0U);
  const auto* header = reinterpret_cast<const std::uint8_t*>(s.header);
  EXPECT_EQ(internet_checksum(std::span(header + 14, 20)), 0U);
  EXPECT_EQ(test::to_hex(std::span(header, 48)),
            test::to_hex(test::from_hex("020000000002 020000000001 0800"
                                        "4500002e 00004000 4011ae97 c6120001 c6120002"
                                        "000103e8 001a0000 0001 00000000")));
}

TEST(Encode, SmallestIpv6IsAllConstant) {
  const Frame frame = frame_of(Family::V6, 66);
  const xtg_stream s = encode(frame).stream;
  EXPECT_EQ(s.frame_len, 62U);
  EXPECT_EQ(s.copy_u64s, 7U);
  EXPECT_EQ(s.copy_tail, 6U) << "no room for another word";
  EXPECT_EQ(s.sums[0].off, 0U);
  EXPECT_EQ(s.sums[1].off, 0U);
  EXPECT_EQ(s.sig_form, std::uint32_t{XTG_SIG_NONE});
  EXPECT_TRUE(checksums_valid(std::span(reinterpret_cast<const std::uint8_t*>(s.header), 62)));
}

TEST(Encode, CopiesWholeWordsAsSoonAsThereIsRoom) {
  EXPECT_EQ(encode(frame_of(Family::V6, 67)).stream.copy_tail, 6U);
  const xtg_stream s = encode(frame_of(Family::V6, 68)).stream;
  EXPECT_EQ(s.copy_tail, 0U);
  EXPECT_EQ(s.copy_u64s, 8U);
}

TEST(Encode, SignatureAtAnOddPlaceIsSummedShifted) {
  EXPECT_EQ(encode(frame_of(Family::V4, 128)).stream.sig_odd, 0U);
  EXPECT_EQ(encode(frame_of(Family::V4, 129)).stream.sig_odd, 2U);
}

TEST(Encode, StampsAsTheSignatureSays) {
  const auto stamps = [](unsigned flags) {
    FrameSpec spec = encoded_spec(Family::V4, 64);
    spec.signature_flags = static_cast<std::uint8_t>(flags);
    const xtg_stream s = encode(build(spec, {}).value()).stream;
    return std::pair<std::uint32_t, std::uint32_t>(s.stamp_each, s.stamp_tai);
  };
  using Stamps = std::pair<std::uint32_t, std::uint32_t>;
  EXPECT_EQ(stamps(0), (Stamps{0, 0}));
  EXPECT_EQ(stamps(XTG_SIG_F_STAMP_EACH), (Stamps{1, 0}));
  EXPECT_EQ(stamps(XTG_SIG_F_TAI), (Stamps{0, 1}));
}

TEST(Encode, TheSweepIsThere) {
  Sweep sweep{.fields = {vary(FieldKind::SrcMac, 7, 8)}, .vary = Vary::Random, .seed = 77};
  const Frame frame = build(encoded_spec(Family::V4, 64), sweep).value();
  const xtg_stream s = encode(frame).stream;
  EXPECT_EQ(s.vary, std::uint32_t{XTG_VARY_RANDOM});
  EXPECT_EQ(s.seed, 77U);
  ASSERT_EQ(s.n_fields, 1U);
  EXPECT_EQ(s.fields[0].first, 7U);
  EXPECT_EQ(s.fields[0].count, 8U);
}

/// Which checksum each field counts in.
TEST(Encode, FieldsCountInTheirChecksums) {
  const std::vector<Field> all = {vary(FieldKind::DstMac, 1, 2),  vary(FieldKind::SrcMac, 1, 2),
                                  vary(FieldKind::DstAddr, 1, 2), vary(FieldKind::SrcAddr, 1, 2),
                                  vary(FieldKind::DstPort, 1, 2), vary(FieldKind::SrcPort, 1, 2)};
  const auto flags = [](const xtg_stream& s) {
    std::string out;
    for (std::uint32_t i = 0; i < s.n_fields; i++)
      out += static_cast<char>('0' + s.fields[i].sums);
    return out;
  };
  EXPECT_EQ(flags(encode(frame_of(Family::V4, 64, all)).stream), "003322");
  EXPECT_EQ(flags(encode(frame_of(Family::V6, 66, all)).stream), "001111")
      << "there is one checksum";
  FrameSpec bare = encoded_spec(Family::V4, 64);
  bare.udp_checksum = false;
  EXPECT_EQ(flags(encode(build(bare, {.fields = all}).value()).stream), "001100");
}

/// A checksum is left to the program only where something in it varies.
TEST(Encode, ChecksumsThatNothingChangesAreFinished) {
  const auto offsets = [](const FrameSpec& spec, std::vector<Field> fields) {
    const xtg_stream s = encode(build(spec, {.fields = std::move(fields)}).value()).stream;
    return std::pair<std::uint32_t, std::uint32_t>(s.sums[0].off, s.sums[1].off);
  };
  using Offsets = std::pair<std::uint32_t, std::uint32_t>;
  FrameSpec spec = encoded_spec(Family::V4, 64);
  EXPECT_EQ(offsets(spec, {}), (Offsets{0, 40})); // the signature varies
  spec.signature = false;
  EXPECT_EQ(offsets(spec, {}), (Offsets{0, 0}));
  EXPECT_EQ(offsets(spec, {vary(FieldKind::DstMac, 1, 2)}), (Offsets{0, 0}));
  EXPECT_EQ(offsets(spec, {vary(FieldKind::DstPort, 1, 2)}), (Offsets{0, 40}));
  EXPECT_EQ(offsets(spec, {vary(FieldKind::DstAddr, 1, 2)}), (Offsets{24, 40}));
  spec.udp_checksum = false;
  EXPECT_EQ(offsets(spec, {vary(FieldKind::DstAddr, 1, 2)}), (Offsets{24, 0}));
  EXPECT_EQ(offsets(spec, {vary(FieldKind::DstPort, 1, 2)}), (Offsets{0, 0}));
}

TEST(Encode, SizesAreATableThatTheSelectorGoesThrough) {
  FrameSpec spec = encoded_spec(Family::V4, 64);
  spec.frame_size = SizeLaw::parse("imix").value();
  const EncodedStream encoded =
      encode(build(spec, {.fields = {vary(FieldKind::DstPort, 1, 9)}}).value());
  const xtg_stream& s = encoded.stream;
  EXPECT_EQ(s.frame_len, 1514U);
  EXPECT_EQ(encoded.page.size(), 1514U);
  ASSERT_EQ(s.n_sizes, 12U);
  ASSERT_EQ(encoded.sizes.size(), 12U);
  ASSERT_EQ(s.n_fields, 2U);
  EXPECT_EQ(s.size_field, 1U);
  EXPECT_EQ(s.fields[1].width, 0U);
  EXPECT_EQ(s.fields[1].count, 12U);
  EXPECT_EQ(s.fields[1].flags, 0U);
  EXPECT_EQ(s.sig_form, std::uint32_t{XTG_SIG_COMPACT}) << "what has room in the smallest";
  ASSERT_EQ(s.n_lengths, 2U);
  EXPECT_EQ(s.lengths[0].off, 16U);
  EXPECT_EQ(s.lengths[0].delta, -14);
  EXPECT_EQ(s.sums[0].off, 24U) << "the length is in it";
  for (const xtg_size& size : encoded.sizes)
    EXPECT_EQ(size.sig_off, size.frame_len - 16);
  spec.frame_size = SizeLaw::parse("imix:random").value();
  EXPECT_EQ(encode(build(spec, {}).value()).stream.fields[0].flags,
            std::uint32_t{XTG_FIELD_RANDOM});
}

TEST(Encode, AsManyNextHopsAsDestinations) {
  Sweep sweep{.fields = {vary(FieldKind::DstAddr, 1, 3)}};
  sweep.hop_law = HopLaw::Listed;
  sweep.next_hops = {1, 2};
  EXPECT_FALSE(build(encoded_spec(Family::V4, 64), sweep));
  sweep.next_hops.push_back(3);
  const EncodedStream s = encode(build(encoded_spec(Family::V4, 64), sweep).value());
  EXPECT_EQ(s.stream.hop_law, std::uint32_t{XTG_HOP_LISTED});
  EXPECT_EQ(s.next_hops, sweep.next_hops);
}

TEST(WorkerWord, PutsTheWorkerWhereTheSignatureHasIt) {
  const auto bytes = [](SignatureForm form) {
    const std::uint64_t word = worker_u64(form, 0x2a);
    Bytes out(8);
    std::memcpy(out.data(), &word, 8);
    return test::to_hex(out);
  };
  EXPECT_EQ(bytes(SignatureForm::None), "00 00 00 00 00 00 00 00");
  EXPECT_EQ(bytes(SignatureForm::Full), "00 00 00 00 00 00 2a 00");
  EXPECT_EQ(bytes(SignatureForm::Compact), "00 00 00 00 00 2a 00 00");
}

} // namespace
} // namespace xtg::packet
