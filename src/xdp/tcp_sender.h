// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs of a `tcp` run: loads them, attaches them, adds flows, runs them, reads their
// counters. Owns the loaded object, its mapped memory and its attachments; all of it ends with the
// TcpSender, also when the process is killed. Methods may be called from any thread; run() from one
// thread per worker at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "packet/address.h"
#include "stats/histogram.h"
#include "stats/snapshot.h"
#include "stats/tcp.h"
#include "xdp/live.h"
#include "xtg/abi/tcp.h"

namespace xtg::xdp {

struct TcpSenderSpec {
  /// Complete except events_mask and ready_mask, which load() sets.
  xtg_tcp_config config{};
  std::span<const std::uint8_t> payload; ///< one period, or a whole file; empty: zeros
  std::span<const std::uint32_t> sums;   ///< packet::segment_sums() of the payload
  bool flow_histograms = false;          ///< a round-trip time histogram for every flow
};

/// A connection's state at take-over.
struct FlowSetup {
  std::uint64_t limit = ~std::uint64_t{0};
  std::uint32_t isn = 0;
  std::uint32_t rcv_nxt = 0;
  std::uint32_t tsval_base = 0; ///< TSval minus CLOCK_MONOTONIC in ms
  bool peer_fin = false;        ///< the far end has closed already; rcv_nxt includes its FIN
  std::uint32_t window = 0;     ///< the far end's, in bytes
  std::uint32_t wscale = 0;
  std::uint16_t own_window = 0; ///< as in the TCP header, scaled down
  std::uint16_t own_wscale = 0;
  std::uint16_t port = 0;
  std::uint32_t wl1 = 0;
  std::uint32_t rtt_us = 0;
};

/// Progress of a flow, in bytes.
struct FlowProgress {
  std::uint64_t acked = 0;
  bool all_sent = false;
};

class TcpSender {
public:
  static Result<TcpSender> load(const TcpSenderSpec& spec);
  TcpSender(TcpSender&&) noexcept;
  TcpSender& operator=(TcpSender&&) noexcept;
  ~TcpSender();

  /// As Sender::attach_ingress_devices().
  Status attach_ingress_devices();
  /// As Sender::attach_egress(), where config.by_tc is set.
  Status attach_egress();
  Status attach_pass(int ifindex);
  /// Intercepts segments on this interface, in the calling thread's network namespace. NotSupported
  /// if the XDP slot is taken; then nothing was changed.
  Status attach_xdp_hook(int ifindex);
  /// The same at tc ingress, before the programs that are there. EINVAL before Linux 6.6, where
  /// tc_program() can be a filter (net/tc_filter.h).
  Status attach_tcx_hook(int ifindex);
  [[nodiscard]] int tc_program() const;

  /// Why frames are not counted by tracepoint; empty if they are.
  [[nodiscard]] const std::string& count_source_note() const;

  /// From now on the far end's segments of this connection reach the flow, which stores them until
  /// open_flow().
  Status claim(std::uint32_t flow, const xtg_tcp_key& key);
  /// Reads TS.Recent of all claimed connections; call it in their network namespace, before
  /// open_flow().
  Status read_ts_recent();
  /// From now on the worker leaves the flow alone, and no longer works on it.
  void park(std::uint32_t flow);
  /// The connection's segments reach the kernel again.
  Status release(const xtg_tcp_key& key);
  /// Fills in the flow and makes its worker send.
  void open_flow(std::uint32_t flow, const FlowSetup& setup);
  /// A copy of the flow's current state.
  [[nodiscard]] xtg_tcp_flow flow(std::uint32_t number) const;
  [[nodiscard]] FlowProgress progress(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t phase(std::uint32_t number) const;

  void set_end_ns(std::uint64_t end_ns);
  void start_pacing(std::uint64_t first_ns);
  /// Gives each worker a share of the rate for each of its open flows: call it after
  /// start_pacing(), and whenever flows have ended.
  void share_rate();
  void stop_new_data();
  void stop();

  Result<RunEnd> run(std::size_t worker, std::span<const std::uint8_t> frame, std::uint32_t runs,
                     std::uint32_t batch);
  /// Frames sent so far: unchanged if the worker had nothing to send.
  [[nodiscard]] std::uint64_t frames(std::size_t worker) const;
  /// Whether segments from far ends wait for the worker.
  [[nodiscard]] bool has_events(std::size_t worker) const;
  /// Whether a paced worker is due, or flows have to learn that the run is ending.
  [[nodiscard]] bool wants_look(std::size_t worker, std::uint64_t now_ns) const;
  /// Time to the first timer of the worker's flows, at most `most_us`.
  [[nodiscard]] std::uint32_t next_timer_us(std::size_t worker, std::uint32_t most_us) const;
  [[nodiscard]] std::uint64_t first_data_ns() const; ///< 0: none yet
  /// Segments from far ends that a later one replaced because the worker's queue was full, and
  /// those ignored because of their checksum.
  [[nodiscard]] std::uint64_t lost_events() const;
  [[nodiscard]] std::uint64_t wrong_checksums() const;
  [[nodiscard]] stats::TcpSeen seen() const;
  /// Whether the timer of an open flow has expired without an acknowledgment.
  [[nodiscard]] bool any_timed_out() const;
  /// From now on frames have at most this much payload, less than a segment.
  void set_cut(std::uint32_t payload);
  /// Takes effect from the next burst on.
  void set_next_hop(const packet::Mac& mac);

  /// As Sender::snapshot(), for frames.
  [[nodiscard]] stats::Snapshot snapshot(bool settled) const;
  /// Figures of one flow; the caller sets `end` and `detail`. `ended_ns`: when it was seen to have
  /// stopped sending; 0: still sending.
  [[nodiscard]] stats::FlowState flow_state(std::uint32_t number, bool histogram,
                                            std::uint64_t ended_ns = 0) const;
  [[nodiscard]] stats::Histogram rtt() const;

private:
  struct Impl;
  explicit TcpSender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Kernel memory per flow: state, scoreboard, map entries.
std::uint32_t flow_memory(std::uint32_t board_words);

} // namespace xtg::xdp
