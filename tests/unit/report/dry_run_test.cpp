// SPDX-License-Identifier: BSD-2-Clause
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/dry_run.h"
#include "unit/report/sample_values.h"

namespace xtg::report {
namespace {

using nlohmann::ordered_json;

std::string printed(const plan::Plan& plan) {
  std::ostringstream out;
  print_plan(out, plan);
  return out.str();
}

TEST(DryRun, TextOfPlanAndFrames) {
  EXPECT_EQ(printed(sample::plan()),
            R"(interface       eth1 (ifindex 7, veth), 02:00:00:00:00:01, MTU 1500, 2 TX queues
session         0x00c0ffee
threads         2 on CPU 2,3
batch           224 frames
duration        2.5s
interval        1s
pace            auto

stream 0
  dst-mac       02:00:00:00:00:02
  src-mac       02:00:00:00:00:01
  dst-addr      198.18.0.2
  src-addr      198.18.0.1
  dst-port      1000-1003 (4 values)
  src-port      1
  varying       dst-port (together)
  hop-limit     64
  tos           0
  frame size    64 bytes with FCS
  payload       zeros
  UDP checksum  yes
  signature     compact at byte 44, send time of each batch
  rate          1Mpps, 1 back to back, 8 slots a batch
  packets       2,000,000

stream 0 packet 0: 60 bytes, 64 with FCS
0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00  |..............E.|
0010  00 2e 00 00 40 00 40 11 ae 97 c6 12 00 01 c6 12  |....@.@.........|
0020  00 02 00 01 03 e8 00 1a a8 18 00 00 00 00 00 00  |................|
0030  00 00 00 00 00 00 ff ee 00 00 c7 a1              |............|

stream 0 packet 1: 60 bytes, 64 with FCS
0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00  |..............E.|
0010  00 2e 00 00 40 00 40 11 ae 97 c6 12 00 01 c6 12  |....@.@.........|
0020  00 02 00 01 03 e9 00 1a a8 16 00 00 00 00 00 01  |................|
0030  00 00 00 00 00 00 ff ee 00 00 c7 a1              |............|
)");
}

TEST(DryRun, TextOfIpv6Plan) {
  plan::Plan plan = sample::plan_v6();
  plan.spec.dry_run_frames = 0;
  EXPECT_EQ(
      printed(plan),
      R"(interface       eth1 (ifindex 7, driver unknown), 02:00:00:00:00:01, MTU 1500, 2 TX queues
session         0x00c0ffee
threads         1 on CPU 5
batch           224 frames
duration        no limit
interval        1s
pace            auto
fix             repair the interface for the run
attach          an XDP pass program for the run

stream 0
  dst-mac       02:00:00:00:00:02
  src-mac       02:00:00:00:00:01-02:00:00:00:00:08 (8 values)
  dst-addr      2001:db8:1::100-2001:db8:1::10f (16 values)
  src-addr      2001:db8::1
  dst-port      1000
  src-port      1
  varying       dst-addr, src-mac (random, seed 42)
  hop-limit     64
  tos           0
  frame size    128 bytes with FCS
  payload       zeros
  UDP checksum  yes
  signature     full at byte 92, send time of each frame
  rate          1Gbps on l2 (976.6 kpps), 1 back to back, 8 slots a batch
  packets       no limit
)");
}

TEST(DryRun, PlanAsJson) {
  EXPECT_EQ(
      ordered_json::parse(plan_json(sample::plan(), false)).dump(),
      R"({"interface":{"name":"eth1","ifindex":7,"driver":"veth","kind":"veth",)"
      R"("mac":"02:00:00:00:00:01","mtu":1500,"tx_queues":2,"rx_queues":2,)"
      R"("speed_bits_per_second":null},"session":12648430,"session_hex":"00c0ffee","threads":2,"cpus":[2,3],)"
      R"("batch":224,"duration_seconds":2.5,"interval_seconds":1.0,"pace":"auto","via":"xdp","via_reason":null,)"
      R"("queues":[],"fix":false,"once":false,"announce":false,"keyed":false,"attach_pass":false,)"
      R"("streams":[{"id":0,"name":null,"weight":1,)"
      R"("dst_mac":{"range":"02:00:00:00:00:02","count":1},)"
      R"("src_mac":{"range":"02:00:00:00:00:01","count":1},)"
      R"("dst_addr":{"range":"198.18.0.2","count":1},)"
      R"("src_addr":{"range":"198.18.0.1","count":1},"dst_port":{"range":"1000-1003",)"
      R"("count":4},"src_port":{"range":"1","count":1},"vary":"together","seed":0,)"
      R"("hop_limit":64,"hop_limits":{"range":"64","count":1},"tos":0,)"
      R"("tos_values":{"range":"0","count":1},"vlans":[],"frame_size":64,)"
      R"("sizes":{"law":"64","smallest":64,"largest":64,"mean":64.0},"flows":null,"payload":"zeros","payload_seed":0,)"
      R"("udp_checksum":true,"signature":{"form":"compact","offset":44},)"
      R"("stamp":"batch","round_trip":false,"clock":"monotonic","rate":{"requested":"1Mpps","target_pps":1000000.0,)"
      R"("bits_per_second":null,"layer":null,"burst":1},)"
      R"("pacing":{"slot_interval_ns":2000.5,"frames_per_slot":1,"slots_per_batch":8,)"
      R"("sleep":false},"num_packets":2000000}],)"
      R"("notes":["dst-mac: no neighbour entry, the peer's address is taken"]})");
}

TEST(DryRun, Ipv6StreamAsJson) {
  const ordered_json plan = ordered_json::parse(plan_json(sample::plan_v6(), false));
  EXPECT_TRUE(plan["duration_seconds"].is_null());
  EXPECT_TRUE(plan["interface"]["driver"].is_null());
  EXPECT_EQ(
      plan["streams"][0].dump(),
      R"({"id":0,"name":null,"weight":1,"dst_mac":{"range":"02:00:00:00:00:02","count":1},)"
      R"("src_mac":{"range":"02:00:00:00:00:01-02:00:00:00:00:08","count":8},)"
      R"("dst_addr":{"range":"2001:db8:1::100-2001:db8:1::10f","count":16},)"
      R"("src_addr":{"range":"2001:db8::1","count":1},"dst_port":{"range":"1000",)"
      R"("count":1},"src_port":{"range":"1","count":1},"vary":"random","seed":42,)"
      R"("hop_limit":64,"hop_limits":{"range":"64","count":1},"tos":0,)"
      R"("tos_values":{"range":"0","count":1},"vlans":[],"frame_size":128,)"
      R"("sizes":{"law":"128","smallest":128,"largest":128,"mean":128.0},"flows":null,"payload":"zeros","payload_seed":0,)"
      R"("udp_checksum":true,"signature":{"form":"full","offset":92},"stamp":"each","round_trip":false,"clock":"monotonic",)"
      R"("rate":{"requested":"1Gbps","target_pps":976562.5,)"
      R"("bits_per_second":1000000000.0,"layer":"l2","burst":1},)"
      R"("pacing":{"slot_interval_ns":2000.5,"frames_per_slot":1,"slots_per_batch":8,)"
      R"("sleep":false},"num_packets":null})");
}

TEST(DryRun, FramesAsJsonAreTheRenderedOnes) {
  const plan::Plan plan = sample::plan();
  const ordered_json document = ordered_json::parse(plan_json(plan, true));
  EXPECT_EQ(document["plan"], ordered_json::parse(plan_json(plan, false)));
  ASSERT_EQ(document["frames"].size(), 2U);
  for (std::uint64_t k = 0; k < 2; ++k) {
    const ordered_json frame = document["frames"][k];
    EXPECT_EQ(frame["stream"], 0);
    EXPECT_EQ(frame["seq"], k);
    const auto hex = frame["hex"].get<std::string>();
    const auto bytes = packet::render(plan.streams[0].frame, k, 0, 0);
    ASSERT_EQ(hex.size(), 2 * bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i)
      EXPECT_EQ(std::stoul(hex.substr(2 * i, 2), nullptr, 16), bytes[i]) << "byte " << i;
  }
}

TEST(DryRun, ShowsNoMoreFramesThanWouldBeSent) {
  plan::Plan plan = sample::plan();
  plan.spec.dry_run_frames = 10;
  plan.streams[0].num_packets = 3;
  EXPECT_EQ(ordered_json::parse(plan_json(plan, true))["frames"].size(), 3U);
  EXPECT_EQ(printed(plan).find("packet 3"), std::string::npos);
}

} // namespace
} // namespace xtg::report
