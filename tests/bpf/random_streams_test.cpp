// SPDX-License-Identifier: BSD-2-Clause
// Streams drawn at random, of all laws together: what the send programs make of encode()'s tables
// is what packet::render() makes, byte for byte.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "program.h"

namespace xtg::test {
namespace {

using packet::Family;
using packet::FieldKind;
using packet::Frame;
using packet::FrameSpec;

/// Random streams of every law: fields in steps, lists and at random, tags, sizes, flows.
class RandomStreams {
public:
  Frame next() {
    const Family family = below(2) == 0 ? Family::V4 : Family::V6;
    FrameSpec spec = plain_spec(family, 66);
    spec.tags.resize(below(3) == 0 ? below(5) : 0);
    for (packet::VlanTag& tag : spec.tags)
      tag = {static_cast<std::uint16_t>(below(2) == 0 ? 0x8100 : 0x88a8),
             static_cast<std::uint8_t>(below(8)), static_cast<std::uint16_t>(below(4095))};
    spec.tos = static_cast<std::uint8_t>(random_());
    spec.payload = static_cast<packet::Payload>(below(4));
    spec.signature = below(5) != 0;
    spec.udp_checksum = family == Family::V6 || below(4) != 0;
    spec.frame_size = size_law(packet::min_frame_size(family, spec.tags.size()));
    spec.reflector =
        spec.signature && below(2) == 0 &&
        spec.frame_size.smallest() >= packet::min_reflector_frame_size(family, spec.tags.size());
    packet::Sweep sweep{
        .fields = {}, .vary = static_cast<packet::Vary>(below(3)), .seed = random_()};
    if (below(3) == 0) sweep.flow = {1 + below(9), below(4)};
    add_fields(spec, sweep);
    return packet::build(spec, sweep).value();
  }

private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  packet::SizeLaw size_law(std::uint32_t least) {
    const auto size = [&] { return least + static_cast<std::uint32_t>(below(80)); };
    std::string text;
    if (below(2) == 0) return {size()};
    if (below(2) == 0)
      text = std::to_string(least) + "-" + std::to_string(size() + 30) + "/" +
             std::to_string(1 + below(9));
    else
      text = std::to_string(size()) + ":3," + std::to_string(size()) + ":2," +
             std::to_string(size() + 400) + ":1";
    return packet::SizeLaw::parse(text + (below(3) == 0 ? ":random" : "")).value();
  }

  packet::Field field(FieldKind kind, std::uint64_t most, std::uint8_t nth = 0) {
    packet::Values values;
    values.first = below(most / 2);
    values.count = 2 + below(9);
    values.step = 1 + below(std::min<std::uint64_t>(most / 32, 300));
    if (below(4) == 0) {
      std::vector<std::uint64_t> list(2 + below(5));
      for (std::uint64_t& value : list)
        value = below(most);
      values = packet::Values::listed(std::move(list));
    }
    return packet::Field::of(kind, std::move(values), nth);
  }

  void add_fields(const FrameSpec& spec, packet::Sweep& sweep) {
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
    // A MAC that was given follows no address.
    if (!dst || std::ranges::count(sweep.fields, FieldKind::DstMac, &packet::Field::kind) != 0)
      return;
    sweep.hop_law = static_cast<packet::HopLaw>(below(3));
    if (sweep.hop_law == packet::HopLaw::Listed)
      for (std::uint64_t i = 0; i < sweep.fields[*dst].count; i++)
        sweep.next_hops.push_back(random_() >> 16);
  }

  std::mt19937_64 random_{11};
};

class RandomStreamsTest : public BpfTest, public testing::WithParamInterface<Which> {};
INSTANTIATE_TEST_SUITE_P(Programs, RandomStreamsTest, testing::Values(Which::Any, Which::Multi),
                         [](const auto& info) {
                           return std::string(info.param == Which::Any ? "Any" : "Multi");
                         });

TEST_P(RandomStreamsTest, AreAsRendered) {
  RandomStreams random;
  for (int round = 0; round < 12; round++) {
    const Frame frame = random.next();
    SCOPED_TRACE(testing::Message()
                 << "round " << round << " sizes " << frame.spec.frame_size.to_string());
    Program program({.frames = {frame}, .which = GetParam()});
    ASSERT_TRUE(program.ok()) << program.error();
    program.worker().batch = 3;
    for (const std::uint64_t first : {0ULL, 77'777ULL, 123'456'789'012ULL}) {
      program.progress().next = first;
      for (std::uint64_t k = first; k < first + 9; k++)
        ASSERT_TRUE(sends(program.run(), frame, k, 0, 0)) << k;
    }
  }
}

} // namespace
} // namespace xtg::test
