// SPDX-License-Identifier: BSD-2-Clause
// What a TcpSender counted.
#include "xdp/tcp_sender_impl.h"

#include <algorithm>
#include <cerrno>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "core/clock.h"
#include "xdp/libbpf.h"

namespace xtg::xdp {

std::uint64_t TcpSender::first_data_ns() const {
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < impl_->workers(); i++) {
    const std::uint64_t at = peek(impl_->worker(i).first_data_ns);
    if (at != 0 && (first == 0 || at < first)) first = at;
  }
  return first;
}

std::uint64_t TcpSender::lost_events() const {
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < impl_->workers(); i++)
    lost += peek(impl_->skel->bss->tcp_queues[i].lost);
  return lost;
}

std::uint64_t TcpSender::wrong_checksums() const {
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < impl_->workers(); i++)
    wrong += peek(impl_->skel->bss->tcp_queues[i].unsound);
  return wrong;
}

stats::TcpSeen TcpSender::seen() const {
  const auto* bss = impl_->skel->bss;
  stats::TcpSeen out;
  out.fragments = peek(bss->tcp_untaken.fragments);
  out.refused_headers = peek(bss->tcp_untaken.headers);
  out.too_big = peek(bss->tcp_icmp.too_big);
  out.icmp_errors = peek(bss->tcp_icmp.errors);
  const std::uint32_t last = peek(bss->tcp_icmp.last);
  out.icmp_type = last >> 8;
  out.icmp_code = last & 0xff;
  out.told_mtu = peek(bss->tcp_icmp.mtu);
  out.ipv6 = impl_->config.ipv6 != 0;
  return out;
}

stats::Snapshot TcpSender::snapshot(bool settled) const {
  stats::Snapshot out;
  const bool traced = impl_->source_note.empty();
  out.source = traced ? stats::CountSource::Tracepoint : stats::CountSource::Link;
  std::uint64_t unseen = 0;
  for (std::size_t i = 0; i < impl_->workers(); i++) {
    xtg_tcp_worker& worker = impl_->worker(i);
    stats::TxCounters c;
    c.accepted = peek(worker.accepted);
    c.driver_drops = peek(worker.driver_drops);
    c.redirect_errors = peek(worker.redirect_errors);
    c.queue_drops = peek(worker.queue_drops);
    c.skipped_slots = peek(worker.skipped_slots);
    c.attempts = std::max<std::uint64_t>(peek(worker.attempts), c.accepted + c.errors());
    if (settled && traced) {
      const std::uint64_t rest = c.attempts - c.accepted - c.errors();
      std::uint64_t& outcome = impl_->config.by_tc != 0 ? c.queued : c.redirect_errors;
      outcome += rest;
      if (impl_->config.by_tc == 0) unseen += rest;
    }
    out.total += c;
    out.workers.push_back(c);
  }
  out.errnos = read_errnos(bpf_map__fd(impl_->skel->maps.tcp_errnos));
  if (unseen != 0) out.errnos[ENODEV] += unseen;
  return out;
}

stats::Histogram TcpSender::rtt() const {
  stats::Histogram out;
  for (std::size_t i = 0; i < impl_->workers(); i++) {
    std::vector<std::uint64_t> cells(XTG_HIST_CELLS);
    for (std::size_t c = 0; c < cells.size(); c++)
      cells[c] = peek(impl_->skel->bss->tcp_rtt[i][c]);
    out.merge(cells);
  }
  return out;
}

stats::FlowState TcpSender::flow_state(std::uint32_t number, bool histogram,
                                       std::uint64_t ended_ns) const {
  const xtg_tcp_flow f = flow(number);
  stats::FlowState out;
  out.number = number;
  out.src_port = __builtin_bswap16(f.port_be);
  stats::FlowCounters& c = out.counters;
  c.segments_sent = f.segments_sent;
  c.bytes_sent = f.bytes_sent;
  c.bytes_acked = f.una;
  std::ranges::copy(f.retransmits, c.retransmit_causes.begin());
  std::ranges::copy(f.retransmitted_bytes, c.retransmit_cause_bytes.begin());
  c.spurious = f.spurious;
  c.rto_fired = f.rto_fired;
  c.tail_probes = f.tail_probes;
  c.window_probes = f.window_probes;
  c.dup_acks = f.dup_acks;
  c.acks = f.acks;
  c.bytes_received = f.bytes_received;
  c.ecn_reductions = f.ecn_reductions;
  c.bad_segments = f.bad_segments;
  c.window_limited_us = f.window_us;
  c.zero_window_us = f.zero_us;
  c.idle_us = f.idle_us;
  c.board_limited_us = f.board_us;
  if (f.phase == XTG_TCP_OPEN && f.held != XTG_TCP_HELD_NO) { // time in the current hold
    const std::uint32_t held = static_cast<std::uint32_t>(monotonic_ns() / 1000) - f.held_us;
    const bool window = f.held == XTG_TCP_HELD_WINDOW || f.held == XTG_TCP_HELD_ZERO;
    if (f.held == XTG_TCP_HELD_IDLE) c.idle_us += held;
    if (f.held == XTG_TCP_HELD_BOARD) c.board_limited_us += held;
    if (window) c.window_limited_us += held;
    if (f.held == XTG_TCP_HELD_ZERO) c.zero_window_us += held;
  }
  out.rtt_min_us = f.rtt_min_us;
  out.rtt_smoothed_us = f.srtt_us8 >> 3;
  out.cwnd_segments = impl_->config.congestion == XTG_TCP_CC_NONE ? ~std::uint64_t{0} : f.cwnd;
  out.window_bytes = f.edge > f.una ? f.edge - f.una : 0;
  out.first_ns = f.first_ns;
  // Data not fully acknowledged was in flight until then.
  if (f.first_ns != 0 && ended_ns != 0)
    out.last_ns = f.una == f.nxt ? stats::latest_ns(f.acked_us, ended_ns) : ended_ns;
  if (!histogram || !impl_->flow_histograms) return out;
  std::vector<std::uint32_t> row(XTG_HIST_CELLS);
  if (bpf_map_lookup_elem(bpf_map__fd(impl_->skel->maps.tcp_flow_rtt), &number, row.data()) == 0) {
    std::vector<std::uint64_t> cells(row.begin(), row.end());
    out.rtt.emplace();
    out.rtt->merge(cells);
  }
  return out;
}

} // namespace xtg::xdp
