// SPDX-License-Identifier: BSD-2-Clause
#include "packet/frame.h"

#include <algorithm>
#include <map>
#include <array>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "support/hex.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/signature.h"

namespace xtg::packet {
namespace {

using test::from_hex;
using test::to_hex;

FrameSpec v4_spec() {
  FrameSpec spec;
  spec.dst_mac = Mac::parse("02:00:00:00:00:02").value();
  spec.src_mac = Mac::parse("02:00:00:00:00:01").value();
  spec.dst_addr = Ip::parse("198.18.0.2").value();
  spec.src_addr = Ip::parse("198.18.0.1").value();
  spec.dst_port = 1000;
  spec.src_port = 9;
  spec.run_id = 0x11223344;
  spec.stream = 5;
  return spec;
}

FrameSpec v6_spec() {
  FrameSpec spec = v4_spec();
  spec.dst_addr = Ip::parse("2001:db8::2").value();
  spec.src_addr = Ip::parse("2001:db8::1").value();
  spec.frame_size = 66;
  return spec;
}

std::vector<std::uint8_t> rendered(const FrameSpec& spec, std::uint64_t k) {
  return render(build(spec, {}).value(), k, 3, 0x0102030405060708);
}

// Golden frames. Each was written to a file and read by tcpdump -vvv, whose line stands above it.

TEST(Golden, SmallestIpv4WithCompactSignature) {
  // (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto UDP (17), length 46)
  //   198.18.0.1.9 > 198.18.0.2.1000: [udp sum ok] UDP, length 18
  EXPECT_EQ(to_hex(rendered(v4_spec(), 7)),
            to_hex(from_hex("020000000002 020000000001 0800"
                            "4500002e 00004000 4011ae97 c6120001 c6120002"
                            "000903e8 001a609f"
                            "0000 00000007 030405060708 3344 05 03 c7a1")));
}

TEST(Golden, Ipv4WithFullSignatureAtAnOddOffset) {
  // (tos 0xb8, ttl 3, id 0, offset 0, flags [DF], proto UDP (17), length 65)
  //   198.18.0.1.9 > 198.18.0.2.1000: [udp sum ok] UDP, length 37
  FrameSpec spec = v4_spec();
  spec.frame_size = 83;
  spec.payload = Payload::Text;
  spec.tos = 0xb8;
  spec.hop_limit = 3;
  EXPECT_EQ(to_hex(rendered(spec, 8)),
            to_hex(from_hex("020000000002 020000000001 0800"
                            "45b80041 00004000 0311eacc c6120001 c6120002"
                            "000903e8 002d61a8"
                            "5468697320" // "This "
                            "0000000000000008 0102030405060708 11223344 0005 03 00 0000 00 01"
                            "58544753")));
}

TEST(Golden, Ipv4WithoutUdpChecksum) {
  // (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto UDP (17), length 46)
  //   198.18.0.1.9 > 198.18.0.2.1000: [no cksum] UDP, length 18
  FrameSpec spec = v4_spec();
  spec.udp_checksum = false;
  EXPECT_EQ(to_hex(rendered(spec, 11)),
            to_hex(from_hex("020000000002 020000000001 0800"
                            "4500002e 00004000 4011ae97 c6120001 c6120002"
                            "000903e8 001a0000"
                            "0000 0000000b 030405060708 3344 05 03 c7a1")));
  const Frame frame = build(spec, {}).value();
  ASSERT_EQ(frame.checksums.size(), 1U);
  EXPECT_EQ(frame.checksums[0].offset, 24);
}

TEST(Golden, TwoVlanTags) {
  // 802.1ad VLAN 200, 802.1Q VLAN 100 with priority 5, then as SmallestIpv4 with 10 bytes of
  // payload
  FrameSpec spec = v4_spec();
  spec.tags = {{0x88a8, 0, 200}, {0x8100, 5, 100}};
  EXPECT_EQ(to_hex(rendered(spec, 8)),
            to_hex(from_hex("020000000002 020000000001 88a800c8 8100a064 0800"
                            "45000026 00004000 4011ae9f c6120001 c6120002"
                            "000903e8 00126fb1"
                            "00000000000000000000")));
}

TEST(Build, TagsTakeRoom) {
  EXPECT_EQ(min_frame_size(Family::V4, 4), 64U);
  EXPECT_EQ(min_frame_size(Family::V6, 2), 74U);
  EXPECT_EQ(min_signed_frame_size(Family::V4, 1), 66U);
  EXPECT_EQ(min_signed_frame_size(Family::V6, 1), 86U);
  EXPECT_EQ(min_reflector_frame_size(Family::V4, 2), 110U);
  FrameSpec spec = v6_spec();
  spec.tags.resize(1);
  EXPECT_EQ(build(spec, {}).error().what,
            "a frame of 66 bytes is too small: at least 70 with FCS (Ethernet, VLAN tags, IPv6 and "
            "UDP headers without payload)");
  spec.tags.resize(5);
  EXPECT_EQ(build(spec, {}).error().what, "5 VLAN tags: at most 4");
}

TEST(Build, VlanAndByteFieldsKeepTheBitsBeside) {
  FrameSpec spec = v4_spec();
  spec.tags = {{0x8100, 5, 100}};
  spec.hop_limit = 7;
  const auto field = Field::of;
  Sweep sweep{.fields = {field(FieldKind::Vlan, {100, 100}, 0), field(FieldKind::Tos, {0, 3, 4}, 0),
                         field(FieldKind::HopLimit, Values::listed({9, 1}), 0)}};
  const Frame frame = build(spec, sweep).value();
  const auto bytes = render(frame, 5, 0, 0);
  const auto all = std::span(bytes);
  EXPECT_EQ(load_be(all.subspan(14, 2)), 5U << 13 | 105);
  EXPECT_EQ(load_be(all.subspan(18, 2)), 0x4508U);
  EXPECT_EQ(load_be(all.subspan(26, 2)), 0x0111U);
  EXPECT_TRUE(checksums_valid(bytes));
  EXPECT_EQ(build(v4_spec(), sweep).error().what, "these frames have no vlan");
  sweep.fields = {field(FieldKind::Vlan, {4090, 7}, 0)};
  EXPECT_EQ(build(spec, sweep).error().what, "vlan varies past the end of its 12 bits");
}

TEST(Render, SizesGoRoundAndKeepTheirSignature) {
  FrameSpec spec = v4_spec();
  spec.frame_size = SizeLaw::parse("64:2,128:1,600:1").value();
  const Frame frame = build(spec, {}).value();
  std::map<std::size_t, int> seen;
  for (std::uint64_t k = 0; k < 40; ++k) {
    const auto bytes = render(frame, k, 1, 2);
    seen[bytes.size() + kFcsBytes]++;
    EXPECT_EQ(bytes.size(), frame.length_of(k));
    EXPECT_TRUE(checksums_valid(bytes));
    const auto signature = find_signature(bytes);
    ASSERT_TRUE(signature) << k;
    EXPECT_EQ(signature->form, SignatureForm::Compact);
    EXPECT_EQ(signature->seq, k);
  }
  EXPECT_EQ(seen, (std::map<std::size_t, int>{{64, 20}, {128, 10}, {600, 10}}));
}

TEST(Render, FlowsTakeTurnsAndAreReplaced) {
  Sweep sweep{.fields = {Field::of(FieldKind::SrcPort, {1000, 100}, 0)}};
  sweep.flow = {3, 2};
  const Frame frame = build(v4_spec(), sweep).value();
  const auto port_of = [](const std::vector<std::uint8_t>& bytes) {
    return load_be(std::span(bytes).subspan(34, 2));
  };
  std::vector<std::uint64_t> ports;
  for (std::uint64_t k = 0; k < 12; ++k)
    ports.push_back(port_of(render(frame, k, 0, 0)));
  EXPECT_EQ(ports, (std::vector<std::uint64_t>{1000, 1001, 1002, 1000, 1001, 1002, 1003, 1004, 1005,
                                               1003, 1004, 1005}));
}

TEST(Golden, SmallestIpv6) {
  // (hlim 64, next-header UDP (17) payload length: 8)
  //   2001:db8::1.9 > 2001:db8::2.1000: [udp sum ok] UDP, length 0
  EXPECT_EQ(to_hex(rendered(v6_spec(), 9)),
            to_hex(from_hex("020000000002 020000000001 86dd"
                            "60000000 00081140 20010db8000000000000000000000001"
                            "20010db8000000000000000000000002"
                            "000903e8 0008a078")));
}

TEST(Golden, Ipv6WithFullSignature) {
  // (class 0x2e, hlim 255, next-header UDP (17) payload length: 41)
  //   2001:db8::1.9 > 2001:db8::2.1000: [udp sum ok] UDP, length 33
  FrameSpec spec = v6_spec();
  spec.frame_size = 99;
  spec.payload = Payload::Pattern;
  spec.tos = 0x2e;
  spec.hop_limit = 255;
  spec.signature_flags = XTG_SIG_F_STAMP_EACH;
  EXPECT_EQ(to_hex(rendered(spec, 10)),
            to_hex(from_hex("020000000002 020000000001 86dd"
                            "62e00000 002911ff 20010db8000000000000000000000001"
                            "20010db8000000000000000000000002"
                            "000903e8 00296d3f 00"
                            "000000000000000a 0102030405060708 11223344 0005 03 01 0000 00 01"
                            "58544753")));
}

TEST(Golden, Ipv4WithRoomForReflectorTimestamps) {
  // (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto UDP (17), length 86)
  //   198.18.0.1.9 > 198.18.0.2.1000: [udp sum ok] UDP, length 58
  FrameSpec spec = v4_spec();
  spec.frame_size = 104;
  spec.payload = Payload::Pattern;
  spec.reflector = true;
  spec.signature_flags = XTG_SIG_F_STAMP_EACH;
  EXPECT_EQ(to_hex(rendered(spec, 11)),
            to_hex(from_hex("020000000002 020000000001 0800"
                            "45000056 00004000 4011ae6f c6120001 c6120002"
                            "000903e8 00427818"
                            "0001"
                            "0000000000000000 0000000000000000 0000000000000000"
                            "000000000000000b 0102030405060708 11223344 0005 03 05 0000 00 01"
                            "58544753")));
}

TEST(Build, RoomForReflectorTimestamps) {
  for (FrameSpec spec : {v4_spec(), v6_spec()}) {
    spec.reflector = true;
    spec.payload = Payload::Text;
    const std::uint32_t least = min_reflector_frame_size(spec.dst_addr.family);
    EXPECT_EQ(least, spec.dst_addr.is_v4() ? 102U : 122U);
    for (const std::uint32_t size : {least, least + 1, least + 2, 1518U, 3412U}) {
      spec.frame_size = size;
      const Frame frame = build(spec, {}).value();
      EXPECT_EQ(frame.signature, SignatureForm::Full);
      EXPECT_EQ(frame.reflector_offset, size - 4 - 56);
      EXPECT_GE(frame.reflector_offset, frame.header_len);
      const auto bytes = render(frame, 7, 1, 2);
      EXPECT_TRUE(checksums_valid(bytes)) << size;
      EXPECT_TRUE(std::all_of(bytes.begin() + frame.reflector_offset, bytes.end() - 32,
                              [](std::uint8_t byte) { return byte == 0; }));
      EXPECT_EQ(find_signature(bytes)->flags, XTG_SIG_F_REFLECTOR);
    }
    spec.frame_size = least - 1;
    const Result<Frame> small = build(spec, {});
    ASSERT_FALSE(small);
    EXPECT_EQ(small.error().code, Errc::InvalidArgument);
    EXPECT_EQ(small.error().what, "a frame of " + std::to_string(least - 1) +
                                      " bytes has no room for reflector timestamps: at least " +
                                      std::to_string(least) + " with FCS");
    spec.reflector = false;
    const Frame without = build(spec, {}).value();
    EXPECT_EQ(without.reflector_offset, 0);
    EXPECT_EQ(find_signature(render(without, 7, 1, 2))->flags, 0);
  }
}

TEST(Build, ReflectorTimestampsTakeASignature) {
  FrameSpec spec = v4_spec();
  spec.frame_size = 128;
  spec.reflector = true;
  spec.signature = false;
  EXPECT_EQ(build(spec, {}).error().what, "reflector timestamps need a signature after them");
}

TEST(Build, Offsets) {
  const Frame v4 = build(v4_spec(), {}).value();
  EXPECT_EQ(v4.bytes.size(), 60U);
  EXPECT_EQ(v4.header_len, 42);
  EXPECT_EQ(v4.l3_offset, 14);
  ASSERT_EQ(v4.checksums.size(), 2U);
  EXPECT_EQ(v4.checksums[0], (Checksum{24, 14, 34, ZeroRule::Zero, false, 0, 0, 0, 4}));
  EXPECT_EQ(v4.checksums[1], (Checksum{40, 34, 0, ZeroRule::AllOnes, true, 26, 30, 4, 17}));
  EXPECT_EQ(v4.lengths, (std::vector<LengthPlace>{{16, -14}, {38, -34}}));
  EXPECT_EQ(v4.signature_offset, 44);
  const Frame v6 = build(v6_spec(), {}).value();
  EXPECT_EQ(v6.bytes.size(), 62U);
  EXPECT_EQ(v6.header_len, 62);
  EXPECT_EQ(v6.l3_offset, 14);
  ASSERT_EQ(v6.checksums.size(), 1U);
  EXPECT_EQ(v6.checksums[0], (Checksum{60, 54, 0, ZeroRule::AllOnes, true, 22, 38, 16, 17}));
  EXPECT_EQ(v6.lengths, (std::vector<LengthPlace>{{18, -54}, {58, -54}}));
  EXPECT_EQ(v6.signature, SignatureForm::None);
}

TEST(Build, SignatureFormFollowsTheRoom) {
  const auto form = [](FrameSpec spec, std::uint32_t size) {
    spec.frame_size = size;
    return build(spec, {}).value().signature;
  };
  EXPECT_EQ(form(v4_spec(), 64), SignatureForm::Compact); // 18 bytes of payload
  EXPECT_EQ(form(v4_spec(), 77), SignatureForm::Compact);
  EXPECT_EQ(form(v4_spec(), 78), SignatureForm::Full);
  EXPECT_EQ(form(v6_spec(), 81), SignatureForm::None);
  EXPECT_EQ(form(v6_spec(), 82), SignatureForm::Compact);
  EXPECT_EQ(form(v6_spec(), 97), SignatureForm::Compact);
  EXPECT_EQ(form(v6_spec(), 98), SignatureForm::Full);
  FrameSpec without = v4_spec();
  without.signature = false;
  EXPECT_EQ(form(without, 1518), SignatureForm::None);
}

TEST(Build, RefusesSizesOutsideTheLimits) {
  const auto what = [](FrameSpec spec, std::uint32_t size) -> std::string {
    spec.frame_size = size;
    const Result<Frame> frame = build(spec, {});
    if (frame) return "accepted";
    EXPECT_EQ(frame.error().code, Errc::InvalidArgument);
    return frame.error().what;
  };
  EXPECT_EQ(what(v4_spec(), 64), "accepted");
  EXPECT_EQ(what(v4_spec(), 63), "a frame of 63 bytes is too small: at least 64 with FCS (the "
                                 "smallest Ethernet frame)");
  EXPECT_EQ(what(v6_spec(), 66), "accepted");
  EXPECT_EQ(what(v6_spec(), 65),
            "a frame of 65 bytes is too small: at least 66 with FCS (Ethernet, "
            "IPv6 and UDP headers without payload)");
  EXPECT_EQ(what(v6_spec(), 0).substr(0, 21), "a frame of 0 bytes is");
  for (const FrameSpec& spec : {v4_spec(), v6_spec()}) {
    EXPECT_EQ(what(spec, 3412), "accepted");
    EXPECT_EQ(what(spec, 3413),
              "a frame of 3413 bytes is too large: at most 3412 with FCS (what one "
              "page leaves for a frame when the kernel sends it)");
    EXPECT_EQ(what(spec, 0xffffffff).substr(0, 10), "a frame of");
  }
  EXPECT_EQ(min_frame_size(Family::V4), 64U);
  EXPECT_EQ(min_frame_size(Family::V6), 66U);
  EXPECT_EQ(max_frame_size(), 3412U);
}

TEST(Build, RefusesWhatDoesNotFitTogether) {
  FrameSpec mixed = v4_spec();
  mixed.dst_addr = v6_spec().dst_addr;
  EXPECT_EQ(build(mixed, {}).error().what, "source address 198.18.0.1 and destination address "
                                           "2001:db8::2 are of different families");
  FrameSpec bare = v6_spec();
  bare.udp_checksum = false;
  EXPECT_EQ(build(bare, {}).error().what,
            "UDP over IPv6 needs its checksum (RFC 8200 8.1): only IPv4 may go without");
}

TEST(Build, PlacesTheSweptFields) {
  const auto placed = [](const FrameSpec& spec, FieldKind kind) {
    const Frame frame = build(spec, {{{kind, 0, 0, 1, 2}}, {}, 0}).value();
    const Field& field = frame.sweep.fields.at(0);
    return std::pair<int, int>(field.offset, field.width);
  };
  using Place = std::pair<int, int>;
  for (const FrameSpec& spec : {v4_spec(), v6_spec()}) {
    const int l4 = spec.dst_addr.is_v4() ? 34 : 54;
    EXPECT_EQ(placed(spec, FieldKind::DstMac), Place(0, 6));
    EXPECT_EQ(placed(spec, FieldKind::SrcMac), Place(6, 6));
    EXPECT_EQ(placed(spec, FieldKind::SrcPort), Place(l4, 2));
    EXPECT_EQ(placed(spec, FieldKind::DstPort), Place(l4 + 2, 2));
  }
  EXPECT_EQ(placed(v4_spec(), FieldKind::SrcAddr), Place(26, 4));
  EXPECT_EQ(placed(v4_spec(), FieldKind::DstAddr), Place(30, 4));
  EXPECT_EQ(placed(v6_spec(), FieldKind::SrcAddr), Place(30, 8)); // the low half
  EXPECT_EQ(placed(v6_spec(), FieldKind::DstAddr), Place(46, 8));
}

TEST(Build, KeepsTheOrderAndDropsWhatDoesNotVary) {
  Sweep sweep{{{FieldKind::SrcPort, 0, 0, 1, 5},
               {FieldKind::DstAddr, 0, 0, 0, 1},
               {FieldKind::DstMac, 0, 0, 0, 9}},
              Vary::Product,
              0};
  const Frame frame = build(v4_spec(), sweep).value();
  ASSERT_EQ(frame.sweep.fields.size(), 2U);
  EXPECT_EQ(frame.sweep.fields[0].kind, FieldKind::SrcPort);
  EXPECT_EQ(frame.sweep.fields[1].kind, FieldKind::DstMac);
  EXPECT_EQ(to_hex(std::span(frame.bytes).subspan(30, 4)), "c6 12 00 02"); // stays as in the spec
}

TEST(Build, RefusesRangesThatDoNotFit) {
  const auto what = [](std::vector<Field> fields) -> std::string {
    const Result<Frame> frame = build(v4_spec(), {std::move(fields), {}, 0});
    return frame ? "accepted" : frame.error().what;
  };
  EXPECT_EQ(what({{FieldKind::DstPort, 0, 0, 65530, 6}}), "accepted");
  EXPECT_EQ(what({{FieldKind::DstPort, 0, 0, 65530, 7}}),
            "dst-port varies past the end of its 2 bytes");
  EXPECT_EQ(what({{FieldKind::DstPort, 0, 0, 65536, 2}}),
            "dst-port varies past the end of its 2 bytes");
  EXPECT_EQ(what({{FieldKind::SrcMac, 0, 0, 0xfffffffffffe, 2}}), "accepted");
  EXPECT_EQ(what({{FieldKind::SrcMac, 0, 0, 0xfffffffffffe, 3}}),
            "src-mac varies past the end of its 6 bytes");
  EXPECT_EQ(what({{FieldKind::DstAddr, 0, 0, 0, kMaxRangeCount}}), "accepted");
  EXPECT_EQ(what({{FieldKind::DstAddr, 0, 0, 1, kMaxRangeCount}}),
            "dst-addr varies past the end of its 4 bytes");
  EXPECT_EQ(what({{FieldKind::SrcMac, 0, 0, 0, kMaxRangeCount + 1}}),
            "src-mac varies over 4294967297 values: 1 to 4294967296 are possible");
  EXPECT_EQ(what({{FieldKind::SrcMac, 0, 0, 0, 0}}),
            "src-mac varies over 0 values: 1 to 4294967296 are possible");
  EXPECT_EQ(what({{FieldKind::SrcPort, 0, 0, 1, 2}, {FieldKind::SrcPort, 0, 0, 9, 2}}),
            "src-port varies twice");
}

TEST(Build, TemplateIsZeroWhereASenderWrites) {
  FrameSpec spec = v4_spec();
  spec.frame_size = 128;
  spec.payload = Payload::Pattern;
  const Frame frame = build(spec, {{{FieldKind::SrcAddr, 0, 0, 0xc6120001, 4},
                                    {FieldKind::DstMac, 0, 0, 0x020000000002, 4}},
                                   {},
                                   0})
                          .value();
  const std::span<const std::uint8_t> bytes(frame.bytes);
  EXPECT_EQ(load_be(bytes.subspan(0, 6)), 0U);
  EXPECT_EQ(load_be(bytes.subspan(26, 4)), 0U);
  EXPECT_EQ(load_be(bytes.subspan(24, 2)), 0U);
  EXPECT_EQ(load_be(bytes.subspan(40, 2)), 0U);
  EXPECT_EQ(to_hex(bytes.subspan(frame.signature_offset)),
            to_hex(from_hex("0000000000000000 0000000000000000 11223344 0005 00 00 0000 00 01"
                            "58544753")));
}

TEST(Build, Payloads) {
  const auto payload = [](Payload kind, std::uint64_t seed) {
    FrameSpec spec = v4_spec();
    spec.frame_size = 46 + 600;
    spec.signature = false;
    spec.payload = kind;
    spec.payload_seed = seed;
    const Frame frame = build(spec, {}).value();
    return std::vector<std::uint8_t>(frame.bytes.begin() + frame.header_len, frame.bytes.end());
  };
  EXPECT_EQ(payload(Payload::Zeros, 0), std::vector<std::uint8_t>(600, 0));
  const auto pattern = payload(Payload::Pattern, 0);
  for (std::size_t i = 0; i < pattern.size(); ++i)
    ASSERT_EQ(pattern[i], i & 0xff);
  const auto text = payload(Payload::Text, 0);
  EXPECT_EQ(std::string(text.begin(), text.begin() + 38), "This frame was made by xdp-trafficgen ");
  for (const std::uint8_t byte : text)
    ASSERT_TRUE(byte >= 0x20 && byte < 0x7f);
  // The sentence begins anew as often as it fits.
  const std::string whole(text.begin(), text.end());
  EXPECT_NE(whole.find("This frame", 10), std::string::npos);
  const auto random = payload(Payload::Random, 1);
  EXPECT_EQ(random, payload(Payload::Random, 1));
  EXPECT_NE(random, payload(Payload::Random, 2));
  std::array<int, 256> hits{};
  for (const std::uint8_t byte : random)
    ++hits[byte];
  for (const int hit : hits)
    EXPECT_LT(hit, 15);
}

TEST(Render, SignatureReadsBack) {
  FrameSpec spec = v4_spec();
  spec.frame_size = 200;
  spec.signature_flags = XTG_SIG_F_TAI;
  const Signature full{SignatureForm::Full, 0x123456789a, 99, 0x11223344, 5, 7, XTG_SIG_F_TAI, 1};
  EXPECT_EQ(find_signature(render(build(spec, {}).value(), 0x123456789a, 7, 99)), full);
  spec.frame_size = 64;
  spec.stream = 0x1203;
  const Signature compact{SignatureForm::Compact, 0x3456789a, 0x030405060708, 0x3344, 3, 7, 0, 1};
  EXPECT_EQ(find_signature(render(build(spec, {}).value(), 0x123456789a, 7, 0x0102030405060708)),
            compact);
  spec.signature = false;
  EXPECT_FALSE(find_signature(render(build(spec, {}).value(), 1, 7, 99)));
}

TEST(Render, SweepsTheFields) {
  FrameSpec spec = v4_spec();
  const Frame frame =
      build(spec,
            {{{FieldKind::DstPort, 0, 0, 1000, 10}, {FieldKind::DstAddr, 0, 0, 0xc6120002, 3}},
             Vary::Product,
             0})
          .value();
  const auto bytes = render(frame, 14, 0, 0);
  EXPECT_EQ(load_be(std::span(bytes).subspan(36, 2)), 1004U);
  EXPECT_EQ(load_be(std::span(bytes).subspan(30, 4)), 0xc6120003U);
  EXPECT_TRUE(checksums_valid(bytes));
}

TEST(Render, UdpChecksumIsNeverZeroOnTheWire) {
  // Sweeping one port through all its values meets the sum that comes out as 0.
  const Frame frame =
      build(v6_spec(), {{{FieldKind::SrcPort, 0, 0, 0, 65536}}, Vary::Together, 0}).value();
  int all_ones = 0;
  for (std::uint64_t k = 0; k < 65536; ++k) {
    const auto bytes = render(frame, k, 0, 0);
    const std::uint64_t sum = load_be(std::span(bytes).subspan(60, 2));
    ASSERT_NE(sum, 0U);
    all_ones += sum == 0xffff;
  }
  EXPECT_EQ(all_ones, 1);
}

/// What a sender does: the template, its own parts, and checksums from base plus parts.
class Sender {
public:
  explicit Sender(const Frame& frame)
      : frame_(frame), bytes_(frame.bytes), sums_(frame.checksum_bases(bytes_.size())) {}

  std::vector<std::uint8_t> send(std::uint64_t k, std::uint8_t worker, std::uint64_t tx_ns) {
    for (std::size_t f = 0; f < frame_.sweep.fields.size(); ++f) {
      const Field& field = frame_.sweep.fields[f];
      put(field.offset, field.width, field.wire(frame_.sweep.index(f, k)));
    }
    const std::size_t at = frame_.signature_offset;
    if (frame_.signature == SignatureForm::Full) {
      put(at, 8, k);
      put(at + 8, 8, tx_ns);
      put(at + 22, 1, worker);
    } else if (frame_.signature == SignatureForm::Compact) {
      put(at, 4, k);
      put(at + 4, 6, tx_ns);
      put(at + 13, 1, worker);
    }
    for (std::size_t i = 0; i < sums_.size(); ++i)
      store(frame_.checksums[i].offset, frame_.checksums[i].zero == ZeroRule::AllOnes
                                            ? xtg_csum_udp(sums_[i])
                                            : xtg_csum_ip(sums_[i]));
    return bytes_;
  }

private:
  void put(std::size_t offset, std::size_t width, std::uint64_t value) {
    const auto part = std::span(bytes_).subspan(offset, width);
    EXPECT_EQ(load_be(part), 0U) << "template is not zero at " << offset;
    store_be(part, value);
    std::uint64_t sum = csum_accumulate(part);
    if ((offset - frame_.l3_offset) % 2 != 0) { // straddles the words: rotated by one byte
      const std::uint16_t folded = xtg_csum_fold(sum);
      sum = static_cast<std::uint16_t>(folded << 8 | folded >> 8);
    }
    for (std::size_t i = 0; i < sums_.size(); ++i)
      if (frame_.checksums[i].covers(static_cast<std::uint16_t>(offset))) sums_[i] += sum;
  }

  void store(std::size_t offset, std::uint16_t sum) {
    std::memcpy(bytes_.data() + offset, &sum, 2);
  }

  const Frame& frame_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint64_t> sums_;
};

class RandomFrames {
public:
  explicit RandomFrames(unsigned seed) : random_(seed) {}

  Frame next() {
    FrameSpec spec = chance() ? v4_spec() : v6_spec();
    spec.dst_mac = Mac::from_u64(random_());
    spec.src_mac = Mac::from_u64(random_());
    for (std::size_t i = 0; i < spec.dst_addr.size(); ++i) {
      spec.dst_addr.bytes[i] = byte();
      spec.src_addr.bytes[i] = byte();
    }
    spec.dst_port = static_cast<std::uint16_t>(random_());
    spec.src_port = static_cast<std::uint16_t>(random_());
    spec.hop_limit = byte();
    spec.tos = byte();
    const std::uint32_t least = min_frame_size(spec.dst_addr.family);
    // Half of them near the smallest size, where the forms of the signature change.
    spec.frame_size =
        least + static_cast<std::uint32_t>(random_() % (chance() ? 60 : 3413 - least));
    spec.payload = static_cast<Payload>(random_() % 4);
    spec.payload_seed = random_();
    spec.udp_checksum = !spec.dst_addr.is_v4() || random_() % 8 != 0;
    spec.signature = random_() % 8 != 0;
    spec.run_id = static_cast<std::uint32_t>(random_());
    spec.stream = static_cast<std::uint16_t>(random_());
    spec.signature_flags = byte();
    Sweep sweep{{}, static_cast<Vary>(random_() % 3), random_()};
    for (int kind = 0; kind < 6; ++kind) {
      if (chance()) sweep.fields.push_back(field(spec, static_cast<FieldKind>(kind)));
    }
    std::shuffle(sweep.fields.begin(), sweep.fields.end(), random_);
    return build(spec, sweep).value();
  }

  std::uint64_t operator()() { return random_(); }

private:
  Field field(const FrameSpec& spec, FieldKind kind) {
    int bits = 16;
    if (kind == FieldKind::DstMac || kind == FieldKind::SrcMac) bits = 48;
    if (kind == FieldKind::DstAddr || kind == FieldKind::SrcAddr)
      bits = spec.dst_addr.is_v4() ? 32 : 64;
    const std::uint64_t highest = ~std::uint64_t{0} >> (64 - bits);
    const std::uint64_t first = random_() & highest;
    const std::uint64_t room = std::min(highest - first, kMaxRangeCount - 1);
    return Field{kind, 0, 0, first, 1 + random_() % (room + 1)};
  }
  bool chance() { return random_() % 2 == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

  std::mt19937_64 random_;
};

TEST(Property, BasePlusPartsIsTheFullRecomputation) {
  RandomFrames frames(1);
  for (int i = 0; i < 3000; ++i) {
    const Frame frame = frames.next();
    const std::uint64_t k = frames() >> frames() % 64;
    const auto worker = static_cast<std::uint8_t>(frames() % 64);
    const std::uint64_t tx_ns = frames();
    const auto expected = render(frame, k, worker, tx_ns);
    ASSERT_EQ(Sender(frame).send(k, worker, tx_ns), expected)
        << "frame " << i << " size " << frame.spec.frame_size.to_string() << " k " << k;
    ASSERT_TRUE(checksums_valid(expected)) << "frame " << i;
    ASSERT_EQ(find_signature(expected).has_value(), frame.signature != SignatureForm::None);
  }
}

TEST(Property, EverySizeIsExactAndValid) {
  for (FrameSpec spec : {v4_spec(), v6_spec()}) {
    spec.payload = Payload::Random;
    for (std::uint32_t size = min_frame_size(spec.dst_addr.family); size <= max_frame_size();
         ++size) {
      spec.frame_size = size;
      const auto bytes = rendered(spec, size);
      ASSERT_EQ(bytes.size() + kFcsBytes, size);
      ASSERT_TRUE(checksums_valid(bytes)) << size;
    }
  }
}

TEST(HexDump, SixteenBytesALine) {
  const auto bytes = from_hex("02000000000202000000000108004500 7e7f41 20");
  EXPECT_EQ(hex_dump(bytes),
            "0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00  |..............E.|\n"
            "0010  7e 7f 41 20                                      |~.A |\n");
  EXPECT_EQ(hex_dump({}), "");
}

TEST(Names, AreTheOptionsValues) {
  EXPECT_EQ(to_string(Payload::Zeros), "zeros");
  EXPECT_EQ(to_string(Payload::Pattern), "pattern");
  EXPECT_EQ(to_string(Payload::Random), "random");
  EXPECT_EQ(to_string(Payload::Text), "text");
  EXPECT_EQ(to_string(SignatureForm::None), "none");
  EXPECT_EQ(to_string(SignatureForm::Compact), "compact");
  EXPECT_EQ(to_string(SignatureForm::Full), "full");
}

} // namespace
} // namespace xtg::packet
