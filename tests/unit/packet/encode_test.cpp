// SPDX-License-Identifier: BSD-2-Clause
// The constants that the kernel program works from. A plain sender that follows xtg/abi/tx.h to the
// letter must make the frames of render() from them: tests/bpf says the same of the program itself.
#include "packet/encode.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "support/hex.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/sweep.h"

namespace xtg::packet {
namespace {

using Bytes = std::vector<std::uint8_t>;

FrameSpec encoded_spec(Family family, std::uint32_t size) {
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
  spec.session = 0xa1b2c3d4;
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

bool drawn(const xtg_field& f) {
  return (f.flags & XTG_FIELD_RANDOM) != 0;
}

std::uint64_t index_of(const xtg_stream& s, std::uint32_t f, std::uint64_t k) {
  const xtg_field& field = s.fields[f];
  std::uint64_t at = field.width == 0 ? k : xtg_flow_at(k, s.flows, s.flow_packets);
  if (drawn(field)) return xtg_sweep_random(s.seed, f, at, field.count);
  if (s.vary != XTG_VARY_PRODUCT || field.width == 0) return at % field.count;
  for (std::uint32_t faster = 0; faster < f; faster++)
    if (!drawn(s.fields[faster]) && s.fields[faster].width != 0) at /= s.fields[faster].count;
  return at % field.count;
}

std::uint64_t sum_of(std::span<const std::uint8_t> bytes) {
  return csum_accumulate(bytes);
}

/// Packet k over a page whose headers and signature are garbage.
Bytes send(const Frame& frame, const EncodedStream& encoded, std::uint64_t k, std::uint64_t lane,
           std::uint64_t tx_ns) {
  const xtg_stream& s = encoded.stream;
  xtg_size size{};
  if (s.n_sizes > 1) {
    size = encoded.sizes.at(s.size_base + index_of(s, s.size_field, k));
  } else {
    size.frame_len = static_cast<__u16>(s.frame_len);
    size.sig_off = static_cast<__u16>(s.sig_off);
    size.mirror_off = static_cast<__u16>(s.mirror_off);
    size.sig_odd = static_cast<__u16>(s.sig_odd);
    for (std::uint32_t c = 0; c < s.n_sums; c++)
      size.base[c] = static_cast<__u32>(s.sums[c].base);
  }
  Bytes page = encoded.page;
  page.resize(size.frame_len);
  std::fill_n(page.begin(), frame.header_len, std::uint8_t{0xa5});
  if (s.sig_form != XTG_SIG_NONE)
    std::fill(page.begin() + size.sig_off, page.end(), std::uint8_t{0x5a});
  if (frame.spec.mirror) // came back from a mirror, with its words
    std::fill_n(page.begin() + size.sig_off - XTG_SIG_MIRROR_LEN, XTG_SIG_MIRROR_LEN,
                std::uint8_t{0xd2});
  EXPECT_LE(s.copy_words * 8 + s.copy_tail, page.size());
  std::memcpy(page.data(), s.header, s.copy_words * 8 + s.copy_tail);
  const std::span all(page);
  for (std::uint32_t l = 0; l < s.n_lengths; l++)
    store_be(all.subspan(s.lengths[l].off, 2),
             static_cast<std::uint64_t>(size.frame_len + s.lengths[l].delta));

  std::array<std::uint64_t, XTG_MAX_CSUMS> sums{};
  for (std::uint32_t c = 0; c < s.n_sums; c++)
    sums[c] = size.base[c];
  const auto add = [&](std::uint64_t part, std::uint32_t to) {
    for (std::uint32_t c = 0; c < s.n_sums; c++)
      if ((to >> c & 1) != 0) sums[c] += part;
  };
  const auto add_signature = [&](std::uint64_t part) {
    add(part << 8, s.sig_sums & size.sig_odd);
    add(part, s.sig_sums & ~static_cast<std::uint32_t>(size.sig_odd));
  };
  const auto value_of = [&](std::uint32_t i) {
    const xtg_field& f = s.fields[i];
    const std::uint64_t at = index_of(s, i, k);
    return f.list != 0 ? encoded.values.at(f.list - 1 + at) : xtg_field_value(f.first, f.step, at);
  };
  for (std::uint32_t i = 0; i < s.n_fields; i++) {
    const xtg_field& f = s.fields[i];
    if (f.width == 0) continue;
    const auto at = all.subspan(f.offset, f.width);
    store_be(at, value_of(i));
    add(sum_of(at), f.sums);
  }
  if (s.hop_law != XTG_HOP_FIXED) {
    const std::uint64_t address = value_of(s.hop_field);
    if (s.hop_law == XTG_HOP_GROUP4) store_be(all.subspan(3, 3), address & 0x7fffff);
    if (s.hop_law == XTG_HOP_GROUP6) store_be(all.subspan(2, 4), address);
    if (s.hop_law == XTG_HOP_LISTED)
      store_be(all.first(6), encoded.next_hops.at(index_of(s, s.hop_field, k)));
  }
  if (s.mirror_off != 0)
    std::fill_n(page.begin() + size.mirror_off, XTG_SIG_MIRROR_LEN, std::uint8_t{0});
  std::uint64_t words[2] = {s.sig_const[0] | lane, s.sig_const[1]};
  if (s.sig_form == XTG_SIG_FULL) {
    const auto at = all.subspan(size.sig_off, XTG_SIG_FULL_LEN);
    store_be(at.subspan(0, 8), k);
    store_be(at.subspan(8, 8), tx_ns);
    std::memcpy(&at[16], words, 16);
    add_signature(sum_of(at.first(16)) + xtg_csum_add64(0, lane));
  } else if (s.sig_form == XTG_SIG_COMPACT) {
    const auto at = all.subspan(size.sig_off, XTG_SIG_COMPACT_LEN);
    std::memcpy(&at[8], words, 8);
    store_be(at.subspan(0, 4), k);
    store_be(at.subspan(4, 6), tx_ns); // the words' first two bytes are of the time
    add_signature(sum_of(at.first(10)) + xtg_csum_add64(0, lane));
  }
  const auto store = [&](std::uint32_t at, std::uint16_t value) {
    std::memcpy(&page[at], &value, 2);
  };
  for (std::uint32_t c = 0; c < s.n_sums; c++) {
    if (s.sums[c].off == 0) continue;
    const bool udp = s.sums[c].kind == XTG_SUM_UDP;
    store(s.sums[c].off, udp ? xtg_csum_udp(sums[c]) : xtg_csum_ip(sums[c]));
  }
  return page;
}

TEST(Encode, SmallestIpv4) {
  const Frame frame = frame_of(Family::V4, 64);
  const xtg_stream s = encode(frame, {}).stream;
  EXPECT_EQ(s.frame_len, 60U);
  EXPECT_EQ(s.copy_words, 6U) << "the last word is filled up with payload";
  EXPECT_EQ(s.copy_tail, 0U);
  EXPECT_EQ(s.sums[0].off, 0U) << "constant: in the header";
  EXPECT_EQ(s.sums[1].off, 40U);
  EXPECT_EQ(s.sig_form, std::uint32_t{XTG_SIG_COMPACT});
  EXPECT_EQ(s.sig_off, 44U);
  EXPECT_EQ(s.sig_odd, 0U);
  EXPECT_EQ(s.stamp_each, 0U);
  EXPECT_EQ(s.paced, 0U);
  EXPECT_EQ(s.n_fields, 0U);
  const auto* header = reinterpret_cast<const std::uint8_t*>(s.header);
  EXPECT_EQ(internet_checksum(std::span(header + 14, 20)), 0U);
  EXPECT_EQ(test::to_hex(std::span(header, 48)),
            test::to_hex(test::from_hex("020000000002 020000000001 0800"
                                        "4500002e 00004000 40114e88 c0000201 c6336402"
                                        "000903e8 001a0000 0001 00000000")));
}

TEST(Encode, SmallestIpv6IsAllConstant) {
  const Frame frame = frame_of(Family::V6, 66);
  const xtg_stream s = encode(frame, {}).stream;
  EXPECT_EQ(s.frame_len, 62U);
  EXPECT_EQ(s.copy_words, 7U);
  EXPECT_EQ(s.copy_tail, 6U) << "no room for another word";
  EXPECT_EQ(s.sums[0].off, 0U);
  EXPECT_EQ(s.sums[1].off, 0U);
  EXPECT_EQ(s.sig_form, std::uint32_t{XTG_SIG_NONE});
  EXPECT_TRUE(checksums_valid(std::span(reinterpret_cast<const std::uint8_t*>(s.header), 62)));
}

TEST(Encode, CopiesWholeWordsAsSoonAsThereIsRoom) {
  EXPECT_EQ(encode(frame_of(Family::V6, 67), {}).stream.copy_tail, 6U);
  const xtg_stream s = encode(frame_of(Family::V6, 68), {}).stream;
  EXPECT_EQ(s.copy_tail, 0U);
  EXPECT_EQ(s.copy_words, 8U);
}

TEST(Encode, SignatureAtAnOddPlaceIsSummedShifted) {
  EXPECT_EQ(encode(frame_of(Family::V4, 128), {}).stream.sig_odd, 0U);
  EXPECT_EQ(encode(frame_of(Family::V4, 129), {}).stream.sig_odd, 2U);
}

TEST(Encode, OptionsAndSweep) {
  Sweep sweep{.fields = {vary(FieldKind::SrcMac, 7, 8)}, .vary = Vary::Random, .seed = 77};
  const Frame frame = build(encoded_spec(Family::V4, 64), sweep).value();
  const xtg_stream s = encode(frame, {.stamp_each = true, .paced = true}).stream;
  EXPECT_EQ(s.stamp_each, 1U);
  EXPECT_EQ(s.paced, 1U);
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
  EXPECT_EQ(flags(encode(frame_of(Family::V4, 64, all), {}).stream), "003322");
  EXPECT_EQ(flags(encode(frame_of(Family::V6, 66, all), {}).stream), "001111")
      << "there is one checksum";
  FrameSpec bare = encoded_spec(Family::V4, 64);
  bare.udp_checksum = false;
  EXPECT_EQ(flags(encode(build(bare, {.fields = all}).value(), {}).stream), "001100");
}

/// A checksum is left to the program only where something in it varies.
TEST(Encode, ChecksumsThatNothingChangesAreFinished) {
  const auto offsets = [](const FrameSpec& spec, std::vector<Field> fields) {
    const xtg_stream s = encode(build(spec, {.fields = std::move(fields)}).value(), {}).stream;
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

/// Random streams of every law: fields in steps, lists and at random, tags, sizes, flows.
class RandomStreams {
public:
  Frame next() {
    const Family family = below(2) == 0 ? Family::V4 : Family::V6;
    FrameSpec spec = encoded_spec(family, 66);
    spec.tags.resize(below(3) == 0 ? below(5) : 0);
    for (VlanTag& tag : spec.tags)
      tag = {static_cast<std::uint16_t>(below(2) == 0 ? 0x8100 : 0x88a8),
             static_cast<std::uint8_t>(below(8)), static_cast<std::uint16_t>(below(4095))};
    spec.tos = static_cast<std::uint8_t>(random_());
    spec.payload = static_cast<Payload>(below(4));
    spec.signature = below(5) != 0;
    spec.udp_checksum = family == Family::V6 || below(4) != 0;
    spec.frame_size = size_law(min_frame_size(family, spec.tags.size()));
    spec.mirror = spec.signature && below(2) == 0 &&
                  spec.frame_size.smallest() >= min_mirror_frame_size(family, spec.tags.size());
    Sweep sweep{.fields = {}, .vary = static_cast<Vary>(below(3)), .seed = random_()};
    if (below(3) == 0) sweep.flow = {1 + below(9), below(4)};
    add_fields(spec, sweep);
    return build(spec, sweep).value();
  }
  std::uint64_t operator()() { return random_(); }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

private:
  SizeLaw size_law(std::uint32_t least) {
    const auto size = [&] { return least + static_cast<std::uint32_t>(below(80)); };
    std::string text;
    if (below(2) == 0) return {size()};
    if (below(2) == 0)
      text = std::to_string(least) + "-" + std::to_string(size() + 30) + "/" +
             std::to_string(1 + below(9));
    else
      text = std::to_string(size()) + ":3," + std::to_string(size()) + ":2," +
             std::to_string(size() + 400) + ":1";
    return SizeLaw::parse(text + (below(3) == 0 ? ":random" : "")).value();
  }

  Field field(FieldKind kind, std::uint64_t most, std::uint8_t nth = 0) {
    Values values;
    values.first = below(most / 2);
    values.count = 2 + below(9);
    values.step = 1 + below(std::min<std::uint64_t>(most / 32, 300));
    if (below(4) == 0) {
      std::vector<std::uint64_t> list(2 + below(5));
      for (std::uint64_t& value : list)
        value = below(most);
      values = Values::listed(std::move(list));
    }
    return Field::of(kind, std::move(values), nth);
  }

  void add_fields(const FrameSpec& spec, Sweep& sweep) {
    for (const FieldKind kind : {FieldKind::DstPort, FieldKind::SrcPort, FieldKind::DstAddr,
                                 FieldKind::SrcAddr, FieldKind::DstMac, FieldKind::SrcMac})
      if (below(2) == 0) sweep.fields.push_back(field(kind, 60'000));
    for (const FieldKind kind : {FieldKind::Tos, FieldKind::HopLimit})
      if (below(4) == 0) sweep.fields.push_back(field(kind, 250));
    for (std::size_t i = 0; i < spec.tags.size(); i++)
      if (below(2) == 0)
        sweep.fields.push_back(field(FieldKind::Vlan, 4000, static_cast<std::uint8_t>(i)));
    std::shuffle(sweep.fields.begin(), sweep.fields.end(), random_);
    const auto dst = sweep.destination();
    if (!dst) return;
    sweep.hop_law = static_cast<HopLaw>(below(3));
    if (sweep.hop_law == HopLaw::Listed)
      for (std::uint64_t i = 0; i < sweep.fields[*dst].count; i++)
        sweep.next_hops.push_back(random_() >> 16);
  }

  std::mt19937_64 random_{11};
};

TEST(Encode, APlainSenderMakesTheFramesOfRender) {
  RandomStreams random;
  for (int round = 0; round < 600; round++) {
    const Frame frame = random.next();
    const EncodedStream encoded = encode(frame, {});
    for (const std::uint64_t k : {std::uint64_t{0}, std::uint64_t{1}, random() >> 40, random()}) {
      const auto lane = static_cast<std::uint8_t>(random());
      const std::uint64_t tx_ns = random();
      const Bytes rendered = render(frame, k, lane, tx_ns);
      ASSERT_EQ(test::to_hex(send(frame, encoded, k, lane_word(frame.signature, lane), tx_ns)),
                test::to_hex(rendered))
          << "round " << round << " packet " << k << " sizes " << frame.spec.frame_size.to_string();
      ASSERT_TRUE(checksums_valid(rendered));
    }
  }
}

TEST(Encode, SizesAreATableThatTheSelectorGoesThrough) {
  FrameSpec spec = encoded_spec(Family::V4, 64);
  spec.frame_size = SizeLaw::parse("imix").value();
  const EncodedStream encoded =
      encode(build(spec, {.fields = {vary(FieldKind::DstPort, 1, 9)}}).value(), {});
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
  EXPECT_EQ(encode(build(spec, {}).value(), {}).stream.fields[0].flags,
            std::uint32_t{XTG_FIELD_RANDOM});
}

TEST(Encode, AsManyNextHopsAsDestinations) {
  Sweep sweep{.fields = {vary(FieldKind::DstAddr, 1, 3)}};
  sweep.hop_law = HopLaw::Listed;
  sweep.next_hops = {1, 2};
  EXPECT_FALSE(build(encoded_spec(Family::V4, 64), sweep));
  sweep.next_hops.push_back(3);
  const EncodedStream s = encode(build(encoded_spec(Family::V4, 64), sweep).value(), {});
  EXPECT_EQ(s.stream.hop_law, std::uint32_t{XTG_HOP_LISTED});
  EXPECT_EQ(s.next_hops, sweep.next_hops);
}

TEST(LaneWord, PutsTheLaneWhereTheSignatureHasIt) {
  const auto bytes = [](SignatureForm form) {
    const std::uint64_t word = lane_word(form, 0x2a);
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
