// SPDX-License-Identifier: BSD-2-Clause
// VLAN tags, sizes, lists and flows: from what was asked to frames.
#include <gtest/gtest.h>

#include "packet/bytes.h"
#include "plan/checks.h"
#include "plan/diagnose.h"
#include "plan/plan.h"

namespace xtg::plan {
namespace {

class LayersPlan : public testing::Test {
protected:
  LayersPlan() {
    InterfaceFacts iface;
    iface.name = "eth1";
    iface.ifindex = 7;
    iface.up = true;
    iface.addresses = {packet::Ip::parse("198.18.0.1").value(),
                       packet::Ip::parse("2001:2::1").value()};
    facts_.cpus = {0};
    facts_.iface = iface;
    spec_.ports.resize(1);
    spec_.ports[0].interface = "eth1";
    spec_.ports[0].streams.resize(1);
    stream().dst_mac = packet::MacRange::parse("02:00:00:00:00:02").value();
  }
  StreamSpec& stream() { return spec_.ports[0].streams[0]; }
  void vlans(std::initializer_list<const char*> tags) {
    stream().vlans.clear();
    for (const char* tag : tags)
      stream().vlans.push_back(packet::VlanRange::parse(tag).value());
  }
  void sizes(std::string_view text) { stream().frame_size = packet::SizeLaw::parse(text).value(); }
  Plan plan() {
    auto out = resolve(spec_, facts_, 1);
    EXPECT_TRUE(out) << out.error().message();
    return out.value_or(Plan{});
  }
  StreamPlan planned() { return plan().streams.at(0); }
  std::string refused() {
    auto out = resolve(spec_, facts_, 1);
    return out ? "accepted" : out.error().message();
  }

  TestSpec spec_;
  HostFacts facts_;
};

TEST_F(LayersPlan, TagsHaveTheirTpids) {
  vlans({"200", "100-199:5"});
  using packet::VlanTag;
  EXPECT_EQ(planned().frame.spec.tags, (std::vector<VlanTag>{{0x88a8, 0, 200}, {0x8100, 5, 100}}));
  stream().tpids = {0x9100};
  EXPECT_EQ(planned().frame.spec.tags[0].tpid, 0x9100);
  EXPECT_EQ(planned().frame.spec.tags[1].tpid, 0x8100) << "the default";
  stream().tpids = {0x88a8, 0x88a8, 0x8100};
  EXPECT_EQ(refused(), "--tpid: 3 for 2 VLAN tags: one for each --vlan, the outer one first");
  stream().tpids.clear();
  vlans({"1", "2", "3", "4", "5"});
  EXPECT_EQ(refused(), "--vlan: 5 tags, at most 4 are sent");
}

TEST_F(LayersPlan, TheDefaultSizeHasRoomForTagsAndSignature) {
  const auto size = [&] { return planned().frame.mix.largest(); };
  vlans({"1"});
  EXPECT_EQ(size(), 66U);
  vlans({"1", "2"});
  EXPECT_EQ(size(), 70U);
  stream().signature = false;
  EXPECT_EQ(size(), 64U);
  stream().dst_addr = packet::IpRange::parse("2001:2::9").value();
  EXPECT_EQ(size(), 74U);
}

TEST_F(LayersPlan, RatesAreOfTheMeanSize) {
  sizes("imix");
  stream().rate = {{Rate::Unit::Bps, 1e9}, Layer::L1, 1};
  const StreamPlan out = planned();
  EXPECT_DOUBLE_EQ(out.l1_bits, (4342.0 / 12 + 20) * 8);
  EXPECT_DOUBLE_EQ(out.pacing->target_pps, 1e9 * 12 / ((4342 + 12 * 20) * 8));
  stream().rate.layer = Layer::L3;
  EXPECT_DOUBLE_EQ(planned().pacing->target_pps, 1e9 * 12 / ((4342 - 12 * 18) * 8));
}

TEST_F(LayersPlan, ASizeThatIsTooSmallIsNamed) {
  sizes("imix");
  stream().dst_addr = packet::IpRange::parse("2001:2::9").value();
  EXPECT_EQ(refused(),
            "--pkt-size imix (64:7,594:4,1518:1): the headers of UDP over IPv6 take at "
            "least 66 bytes with FCS, 3412 are the most; the smallest frame of these has "
            "64");
  vlans({"1"});
  stream().frame_size = 69;
  EXPECT_EQ(refused(),
            "--pkt-size 69: the headers of UDP over IPv6 with 1 VLAN tag take at least 70 "
            "bytes with FCS, 3412 are the most");
}

TEST_F(LayersPlan, OneFormOfSignatureForAllSizes) {
  sizes("imix");
  EXPECT_EQ(planned().frame.signature, packet::SignatureForm::Compact);
  EXPECT_TRUE(plan().notes.empty());
  sizes("78:1,1518:1");
  EXPECT_EQ(planned().frame.signature, packet::SignatureForm::Full);
  vlans({"1"});
  sizes("imix");
  EXPECT_EQ(planned().frame.signature, packet::SignatureForm::None);
  EXPECT_EQ(plan().notes,
            std::vector<std::string>{"frames of 64 bytes have no room for a signature, so no frame "
                                     "of the stream carries one: the smallest with room has 66"});
}

TEST_F(LayersPlan, FlowsWithoutAFieldDifferByTheirSourcePort) {
  stream().flow = {1024, 0};
  EXPECT_EQ(planned().frame.sweep.fields.at(0).count, 1024U);
  EXPECT_EQ(plan().notes.at(0), "flows differ by their source port, 1-1024: no other field varies");
  stream().flow.packets = 8; // each is replaced: whole rounds of 1024 ports, as many as there are
  EXPECT_EQ(planned().frame.sweep.fields.at(0).count, 63U * 1024);
  stream().dst_port = {1000, 4};
  ASSERT_EQ(planned().frame.sweep.fields.size(), 1U);
  EXPECT_EQ(planned().frame.sweep.fields[0].kind, packet::FieldKind::DstPort);
  stream().flow = {0, 8};
  EXPECT_EQ(planned().frame.sweep.flow.flows, 1U) << "one flow at a time";
}

TEST_F(LayersPlan, EveryFieldTakesStepsAndLists) {
  vlans({"100,7,300:2"});
  stream().tos = packet::ByteRange::parse("0-252/4").value();
  stream().src_port = packet::PortRange::parse("10-100/30").value();
  stream().dst_addr = packet::IpRange::parse("198.18.0.9,198.18.0.5").value();
  const auto bytes = render(planned().frame, 1, 0, 0);
  const auto at = [&](std::size_t offset, std::size_t width) {
    return packet::load_be(std::span(bytes).subspan(offset, width));
  };
  EXPECT_EQ(at(14, 2), 2U << 13 | 7);
  EXPECT_EQ(at(19, 1), 4U);
  EXPECT_EQ(at(34, 4), 0xc6120005U);
  EXPECT_EQ(at(38, 2), 40U);
}

TEST_F(LayersPlan, EachAddressOfAListIsChecked) {
  stream().dst_addr = packet::IpRange::parse("198.18.0.5,8.8.8.8,198.18.0.9").value();
  EXPECT_EQ(refused(), "--dst-addr 198.18.0.5,8.8.8.8,198.18.0.9: a public address; --allow-public "
                       "to send there all the same");
  stream().dst_addr = packet::IpRange::parse("10.0.0.1,192.168.0.1").value();
  EXPECT_EQ(refused(), "accepted") << "what lies between is not sent to";
}

TEST_F(LayersPlan, ListsAndSizesHaveToFit) {
  stream().src_port = packet::PortRange::parse("1-3000,1").value();
  stream().dst_port = stream().src_port;
  EXPECT_EQ(refused(), "the streams list 6002 values: at most 4096 are kept");
  stream().dst_port = {1000, 1};
  sizes("64-3412");
  spec_.ports[0].streams.push_back(stream());
  spec_.ports[0].streams[1].src_port = {1, 1};
  EXPECT_EQ(refused(), "the streams' sizes make 6698 entries: at most 4096 are kept");
}

/// The kernel's device map and drivers leave room for one tag.
TEST_F(LayersPlan, TheFirstTagDoesNotCountAgainstTheMtu) {
  const InterfaceFacts& iface = *facts_.iface;
  EXPECT_FALSE(preflight(iface, FrameSize(1518)));
  EXPECT_TRUE(preflight(iface, FrameSize(1522)));
  EXPECT_FALSE(preflight(iface, FrameSize(1522, 1)));
  EXPECT_TRUE(preflight(iface, FrameSize(1523, 1)));
  EXPECT_TRUE(preflight(iface, FrameSize(1526, 2)));
  sizes("imix");
  vlans({"1"});
  EXPECT_EQ(largest_frame(planned()).bytes, 1518U);
  EXPECT_EQ(largest_frame(planned()).tags, 1U);
}

} // namespace
} // namespace xtg::plan
