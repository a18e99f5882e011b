// SPDX-License-Identifier: BSD-2-Clause
// Hand-made values of a run, shared by the reporters' tests and the schema check's samples.
#pragma once

#include <string>
#include <vector>

#include "packet/frame.h"
#include "plan/plan.h"
#include "report/probe_report.h"
#include "report/sink.h"
#include "stats/rate.h"
#include "support/sample_spec.h"

namespace xtg::report::sample {

/// 64-byte frames at 1 Mpps from one address and port to four destination ports, two threads.
inline plan::Plan plan() {
  packet::FrameSpec spec = test::sample_spec();
  spec.run_id = 0xc0ffee;
  spec.stream = 0;
  packet::Sweep sweep;
  sweep.fields.push_back({packet::FieldKind::DstPort, 0, 2, 1000, 4});

  plan::StreamPlan stream;
  stream.frame = packet::build(spec, sweep).value();
  stream.rate.rate = {Rate::Unit::Pps, 1e6};
  stream.pacing = plan::Pacing{.target_pps = 1e6,
                               .interval_ns = 2000,
                               .interval_frac = 1U << 31,
                               .frames_per_slot = 1,
                               .slots_per_batch = 8,
                               .sleep = false};
  stream.num_packets = 2'000'000;
  stream.l1_bits = 672;
  stream.l2_bits = 512;
  stream.l3_bits = 368;

  plan::Plan plan;
  plan.iface.name = "eth1";
  plan.iface.ifindex = 7;
  plan.iface.driver = "veth";
  plan.iface.kind = "veth";
  plan.iface.mac = spec.src_mac;
  plan.iface.tx_queues = 2;
  plan.iface.rx_queues = 2;
  plan.iface.tx_queues_used = 1;
  plan.iface.offloads = {"rx-gro", "tx-scatter-gather"};
  plan.streams.push_back(stream);
  plan.cpus = {2, 3};
  plan.run_id = spec.run_id;
  plan.duration = Nanoseconds{2'500'000'000};
  plan.notes = {"dst-mac: no neighbour entry, the peer's address is taken"};
  plan.spec.dry_run_frames = 2;
  return plan;
}

/// Same over IPv6 with sweeps of addresses and MACs, a bit rate, no end, one thread.
inline plan::Plan plan_v6() {
  plan::Plan plan = sample::plan();
  packet::FrameSpec spec = plan.streams[0].frame.spec;
  spec.src_addr = packet::Ip::parse("2001:db8::1").value();
  spec.dst_addr = packet::Ip::parse("2001:db8:1::100").value();
  spec.frame_size = 128;
  packet::Sweep sweep;
  sweep.fields.push_back({packet::FieldKind::DstAddr, 0, 8, 0x100, 16});
  sweep.fields.push_back({packet::FieldKind::SrcMac, 0, 6, 0x020000000001, 8});
  sweep.vary = packet::Vary::Random;
  sweep.seed = 42;
  plan::StreamPlan& stream = plan.streams[0];
  stream.frame = packet::build(spec, sweep).value();
  stream.stamp = plan::Stamp::Each;
  stream.rate = {{Rate::Unit::Bps, 1e9}, Layer::L2, 1};
  stream.pacing->target_pps = 976562.5;
  stream.num_packets.reset();
  stream.l1_bits = 1184;
  stream.l2_bits = 1024;
  stream.l3_bits = 880;
  plan.iface.driver.clear();
  plan.cpus = {5};
  plan.duration.reset();
  plan.notes.clear();
  plan.attach_pass = true;
  plan.fix = true;
  return plan;
}

inline RunInfo info() {
  return {.command = "xdp-trafficgen udp eth1 --rate 1Mpps",
          .started_utc = "2025-01-31T12:00:00Z",
          .hostname = "lab1",
          .kernel = "6.1.0-32-amd64",
          .cpu_model = "Example 3000",
          .cpus = 8,
          .source = stats::CountSource::Tracepoint,
          .source_note = "",
          .test = ""};
}

/// Of a run that can be repeated.
inline RunInfo test_info() {
  RunInfo info = sample::info();
  info.test = R"({"command":"udp","interface":"eth1","rate":"1Mpps"})";
  return info;
}

inline RunInfo link_info() {
  RunInfo info = sample::info();
  info.source = stats::CountSource::Link;
  info.source_note = "CAP_PERFMON is missing";
  return info;
}

inline stats::Sample interval() {
  stats::Sample s;
  s.start_s = 0;
  s.end_s = 1;
  s.tx = {.attempts = 999'500,
          .accepted = 999'000,
          .driver_drops = 400,
          .redirect_errors = 100,
          .skipped_slots = 7,
          .nomem_retries = 1};
  s.workers = {
      {.attempts = 499'500, .accepted = 499'000, .driver_drops = 400, .redirect_errors = 100},
      {.attempts = 500'000, .accepted = 500'000, .skipped_slots = 7, .nomem_retries = 1}};
  s.bytes = 999'000 * 64;
  s.xmit_pps = 999'000;
  s.err_pps = 500;
  s.l1_bps = 999'000 * 672.0;
  s.l2_bps = 999'000 * 512.0;
  s.l3_bps = 999'000 * 368.0;
  s.target_pps = 1e6;
  return s;
}

inline stats::Summary summary() {
  stats::Summary summary;
  summary.total = interval();
  summary.total.end_s = 2;
  summary.total.tx.accepted = 1'950'000;
  summary.total.tx.attempts = 1'950'500;
  summary.total.bytes = 1'950'000 * 64;
  summary.total.xmit_pps = 975'000;
  summary.total.err_pps = 250;
  summary.total.l1_bps = 975'000 * 672.0;
  summary.total.l2_bps = 975'000 * 512.0;
  summary.total.l3_bps = 975'000 * 368.0;
  summary.end = stats::EndReason::Duration;
  summary.errnos = {{28, 400}, {4000, 100}};
  summary.release_delay.emplace();
  summary.release_delay->add(10, 98);
  summary.release_delay->add(20, 2);
  summary.first_frame_s = 0.0425;
  summary.first_frame_ns = 42'500'000;
  summary.shortfall = "thread 1 was kept off its CPU for 51 ms";
  summary.cpu_s = 3.25;
  return summary;
}

inline std::vector<Check> checks() {
  return {{"kernel", Verdict::Info, "6.1.0-32-amd64", ""},
          {"live-frames", Verdict::Passed, "64-byte frame sent", ""},
          {"xdp-transmit", Verdict::Fixable, "peer veth1 has neither GRO nor an XDP program",
           "ip netns exec far ethtool -K veth1 gro on"}};
}

} // namespace xtg::report::sample
