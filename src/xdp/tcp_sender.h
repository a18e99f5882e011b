// SPDX-License-Identifier: BSD-2-Clause
// The kernel programs of a `tcp` run: loading them, attaching them, giving them flows, running
// them, reading what they counted. Owns the loaded object, its mapped memory and every attachment;
// all of it is gone when the TcpSender is, and all but a clsact filter when the process is killed.
// Methods may be called from any thread; run() from one thread per worker at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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
  /// Complete but for what load() fills in: events_mask, ready_mask.
  xtg_tcp_config config{};
  std::span<const std::uint8_t> payload; ///< one period, or a whole file; empty: zeros
  std::span<const std::uint32_t> sums;   ///< packet::segment_sums() of it
  bool flow_histograms = false;          ///< a histogram of round trips for every flow
};

/// Where the far end's segments are taken from the interface.
enum class IngressHook : std::uint8_t { Xdp, Tcx, Clsact };
std::string_view to_string(IngressHook ingress_hook); // "xdp", "tcx", "clsact"

/// A connection as it is taken over.
struct FlowSetup {
  std::uint64_t limit = ~std::uint64_t{0};
  std::uint32_t isn = 0;
  std::uint32_t rcv_nxt = 0;
  std::uint32_t tsval_base = 0; ///< TSval less CLOCK_MONOTONIC in ms
  bool peer_fin = false;        ///< the far end has closed already; rcv_nxt counts it
  std::uint32_t window = 0;     ///< the far end's, in bytes
  std::uint32_t wscale = 0;
  std::uint16_t own_window = 0; ///< as in the header
  std::uint16_t own_wscale = 0;
  std::uint16_t port = 0;
  std::uint32_t wl1 = 0;
  std::uint32_t rtt_us = 0;
};

/// How far a flow has come, in bytes.
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
  Status attach_pass(int ifindex);
  /// Takes segments from this interface, in the calling thread's network namespace. An XDP slot
  /// that is taken is NotSupported, and nothing was changed.
  Status attach_xdp_hook(int ifindex);
  /// By tcx (Linux 6.6), or clsact before that.
  Status attach_tc_hook(int ifindex);
  /// Where it is a filter (before Linux 6.6), which outlives its process. From any thread.
  void detach_tc_hook();
  [[nodiscard]] IngressHook ingress_hook() const;

  /// Empty when frames are counted by tracepoint; else why not.
  [[nodiscard]] const std::string& count_source_note() const;

  /// From now on the far end's segments of this connection go to the flow, which keeps them until
  /// open_flow().
  Status claim(std::uint32_t flow, const xtg_tcp_key& key);
  /// Reads TS.Recent of all connections claimed; in their network namespace, before open_flow().
  Status read_ts_recent();
  /// The worker leaves the flow alone from now on, and is not at work on it any more.
  void park(std::uint32_t flow);
  /// They go to the kernel again.
  Status release(const xtg_tcp_key& key);
  /// Fills in the flow and has its worker send.
  void open_flow(std::uint32_t flow, const FlowSetup& setup);
  /// The flow as it stands.
  [[nodiscard]] xtg_tcp_flow flow(std::uint32_t number) const;
  [[nodiscard]] FlowProgress progress(std::uint32_t number) const;
  [[nodiscard]] std::uint32_t phase(std::uint32_t number) const;

  void set_end_ns(std::uint64_t end_ns);
  void start_pacing(std::uint64_t first_ns);
  /// Gives each worker a share of the rate for each of its flows that is open: after
  /// start_pacing(), and whenever flows have ended.
  void share_rate();
  void stop_new_data();
  void stop();

  Result<RunEnd> run(std::size_t worker, std::span<const std::uint8_t> frame, std::uint32_t runs,
                     std::uint32_t batch);
  /// Frames sent so far: unchanged means that the worker had nothing to send.
  [[nodiscard]] std::uint64_t frames(std::size_t worker) const;
  /// Segments from far ends wait for the worker.
  [[nodiscard]] bool has_events(std::size_t worker) const;
  /// A paced worker is due, or flows have to be told that the run is ending.
  [[nodiscard]] bool wants_look(std::size_t worker, std::uint64_t now_ns) const;
  /// When the first timer of the worker's flows goes off, at most `most_us` from now.
  [[nodiscard]] std::uint32_t next_timer_us(std::size_t worker, std::uint32_t most_us) const;
  [[nodiscard]] std::uint64_t first_data_ns() const; ///< 0: none yet
  /// Segments from far ends that a later one took the place of, for the worker's queue was full;
  /// and those that were ignored for their checksum.
  [[nodiscard]] std::uint64_t lost_events() const;
  [[nodiscard]] std::uint64_t wrong_checksums() const;
  [[nodiscard]] stats::TcpSeen seen() const;
  /// An open flow has waited in vain for an acknowledgment, so that its timer went off.
  [[nodiscard]] bool any_timed_out() const;
  /// From now on frames have at most that much payload, less than a segment.
  void set_cut(std::uint32_t payload);
  /// From the next burst on.
  void set_next_hop(const packet::Mac& mac);

  /// As Sender::snapshot(): frames.
  [[nodiscard]] stats::Snapshot snapshot(bool settled) const;
  /// Figures of one flow; `end` and `detail` are the caller's. `ended_ns`: when it was seen not to
  /// send any longer; 0: it does.
  [[nodiscard]] stats::FlowState flow_state(std::uint32_t number, bool histogram,
                                            std::uint64_t ended_ns = 0) const;
  [[nodiscard]] stats::Histogram rtt() const;

private:
  struct Impl;
  explicit TcpSender(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Kernel memory that a flow takes: state, scoreboard, its place in the maps.
std::uint32_t flow_memory(std::uint32_t board_words);

} // namespace xtg::xdp
