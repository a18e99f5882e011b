// SPDX-License-Identifier: BSD-2-Clause
// Hand-made values of a `tcp` run, shared by the reporters' tests and the schema check's samples.
#pragma once

#include "plan/tcp_plan.h"
#include "report/sink.h"
#include "stats/tcp.h"
#include "unit/report/sample_values.h"

namespace xtg::report::sample {

/// Three flows from two threads, 3 MB of pattern, cubic, a bit rate.
inline plan::TcpPlan tcp_plan() {
  plan::TcpPlan plan;
  plan.iface = sample::plan().iface;
  plan.dst = packet::Ip::parse("198.18.0.2").value();
  plan.src = packet::Ip::parse("198.18.0.1").value();
  plan.dst_mac = packet::Mac::from_u64(0x020000000002);
  plan.src_mac = plan.iface.mac;
  plan.cpus = {2, 3};
  plan.max_segment_ip = 1500;
  plan.flow_bytes = {1'000'000, 1'000'000, 1'000'000};
  plan.notes = {"dst-mac is that of the veth peer"};
  plan.spec.host = "server1";
  plan.spec.src_addr = plan.src;
  plan.spec.src_port = 40'000;
  plan.spec.flows = 3;
  plan.spec.threads = 2;
  plan.spec.bytes = 3'000'000;
  plan.spec.duration = Nanoseconds{2'500'000'000};
  plan.spec.payload = plan::TcpPayload::Pattern;
  plan.spec.congestion = plan::Congestion::Cubic;
  plan.spec.ingress = plan::Ingress::Xdp;
  plan.spec.rate = {{Rate::Unit::Bps, 1e9}, Layer::L1, 1};
  return plan;
}

/// One flow over IPv6 that sends a file once and is left open.
inline plan::TcpPlan tcp_file_plan() {
  plan::TcpPlan plan = tcp_plan();
  plan.dst = packet::Ip::parse("2001:db8::2").value();
  plan.src.reset();
  plan.cpus = {5};
  plan.max_segment_ip = 1400;
  plan.flow_bytes = {4096};
  plan.notes.clear();
  plan.iface.driver.clear();
  plan.spec = plan::TcpSpec{};
  plan.spec.host = "2001:db8::2";
  plan.spec.payload = plan::TcpPayload::File;
  plan.spec.payload_file = "request.txt";
  plan.spec.close = plan::TcpClose::KeepOpen;
  plan.spec.ingress = plan::Ingress::Tc;
  plan.spec.mss = 1000;
  plan.spec.fix = true;
  plan.spec.rate.rate = {Rate::Unit::Pps, 1e3};
  return plan;
}

inline stats::FlowCounters flow_counters() {
  stats::FlowCounters c;
  c.segments_sent = 2'000;
  c.bytes_sent = 2'896'000;
  c.bytes_acked = 2'500'000;
  c.retransmit_causes = {20, 3, 1, 50};
  c.retransmit_cause_bytes = {28'960, 4'344, 1'448, 72'400};
  c.spurious = 4;
  c.rto_fired = 2;
  c.tail_probes = 5;
  c.window_probes = 6;
  c.dup_acks = 40;
  c.acks = 900;
  c.bytes_received = 70;
  c.ecn_reductions = 8;
  c.bad_segments = 9;
  c.window_limited_us = 500'000;
  c.zero_window_us = 250'000;
  c.idle_us = 1'000;
  c.board_limited_us = 100'000;
  return c;
}

inline stats::TcpSample tcp_interval() {
  stats::TcpSample s;
  s.start_s = 0;
  s.end_s = 1;
  s.flowed_s = 1;
  s.tx = {.attempts = 2'060,
          .accepted = 2'005,
          .driver_drops = 50,
          .redirect_errors = 5,
          .skipped_slots = 30,
          .nomem_retries = 1};
  s.xmit_pps = 2'005;
  s.err_pps = 55;
  s.goodput_bps = 2e7;
  s.l1_bps = 2.5e7;
  s.again_pps = 24;
  s.rtt_us = 1'250;
  s.flows = 2;
  s.slowest_bps = 9e6;
  s.fastest_bps = 1.1e7;
  s.compared = 2;
  s.sum = flow_counters();
  return s;
}

inline stats::FlowState reset_flow() {
  stats::FlowState flow;
  flow.number = 2;
  flow.src_port = 40'002;
  flow.end = stats::FlowEnd::PeerReset;
  flow.detail = "RST after 500,000 bytes\nof 1,000,000";
  flow.counters.bytes_acked = 500'000;
  flow.first_ns = 1'000'000'000;
  flow.last_ns = 2'250'000'000;
  return flow;
}

inline stats::TcpSummary tcp_summary() {
  stats::TcpSummary summary;
  summary.total = tcp_interval();
  summary.total.end_s = 2;
  summary.total.flowed_s = 1.9;
  summary.end_ns = 9'000'000'000;
  summary.total.flows = 0;
  summary.flows.resize(3);
  for (std::uint32_t i = 0; i < 2; i++) {
    stats::FlowState& flow = summary.flows[i];
    flow.number = i;
    flow.src_port = static_cast<std::uint16_t>(40'000 + i);
    flow.end = stats::FlowEnd::Fin;
    flow.counters = flow_counters();
    flow.counters.bytes_acked = 1'000'000;
    flow.rtt_min_us = 45 + i;
    flow.rtt_smoothed_us = 1'250;
    flow.cwnd_segments = i == 0 ? 120 : ~std::uint64_t{0};
    flow.window_bytes = 3'145'728;
    flow.first_ns = 1'000'000'000;
    flow.last_ns = 3'000'000'000;
  }
  summary.flows[0].rtt.emplace();
  summary.flows[0].rtt->add(48'000, 99);
  summary.flows[0].rtt->add(2'000'000);
  summary.flows[2] = reset_flow();
  summary.rtt.add(48'000, 190);
  summary.rtt.add(2'000'000, 10);
  summary.end = stats::EndReason::Amount;
  summary.errnos = {{28, 50}};
  summary.connect_s = 0.012;
  summary.first_data_s = 0.0425;
  summary.mss = 1448;
  summary.most_in_flight = 94'804'352;
  summary.timestamps = true;
  summary.sack = true;
  summary.ingress = "xdp";
  summary.queue_drops = 1'200;
  summary.wrong_checksums = 3;
  summary.cpu_s = 1.5;
  return summary;
}

/// A run of which no connection was opened.
inline stats::TcpSummary tcp_refused() {
  stats::TcpSummary summary;
  summary.total.end_s = 0.5;
  summary.flows.resize(1);
  summary.flows[0].end = stats::FlowEnd::NotOpened;
  summary.flows[0].detail = "198.18.0.2 port 10000: Connection refused";
  summary.end = stats::EndReason::Failed;
  summary.connect_s = 0.5;
  return summary;
}

} // namespace xtg::report::sample
