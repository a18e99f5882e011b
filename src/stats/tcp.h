// SPDX-License-Identifier: BSD-2-Clause
// Figures of TCP flows: copies of the kernel side's records as plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/histogram.h"
#include "stats/rate.h"
#include "stats/snapshot.h"
#include "stats/tcp_silence.h"

namespace xtg::stats {

/// What made a segment be sent again.
enum class RetransmitCause : std::uint8_t {
  Sack,      ///< found lost by RACK (RFC 8985) or duplicate ACKs
  Rto,       ///< retransmission time-out (RFC 6298)
  TailProbe, ///< RFC 8985, 7
  Local,     ///< refused by this host's driver: the far end never saw it
};
inline constexpr std::size_t kRetransmitCauses = 4;
std::string_view to_string(RetransmitCause cause); // "sack", "rto", "tail_probe", "local_drop"

enum class FlowEnd : std::uint8_t {
  Running,           ///< not ended yet
  Fin,               ///< closed both ways
  FinOneWay,         ///< our FIN was acknowledged, the far end did not close in the time allowed
  FinUnacknowledged, ///< our FIN was sent, and not acknowledged in the time allowed
  Rst,               ///< we reset it, as asked for
  KeptOpen,          ///< left open, as asked for
  PeerReset,         ///< the far end reset it
  Unanswered,        ///< the far end no longer answered: reset from here
  Unfinished,        ///< not everything was acknowledged in the time allowed: reset from here
  NotOpened,         ///< connect failed
  Lost,              ///< given up for a fault on this side
};
std::string_view to_string(FlowEnd end); // "running", "fin", "fin_one_way", "rst", "kept_open", ...
/// One that was not wanted.
bool is_failure(FlowEnd end);

/// Counts from the flow's start; nothing goes down.
struct FlowCounters {
  std::uint64_t segments_sent = 0; ///< data segments, retransmissions included
  std::uint64_t bytes_sent = 0;    ///< payload, retransmissions included
  std::uint64_t bytes_acked = 0;   ///< payload acknowledged cumulatively: the goodput
  std::array<std::uint64_t, kRetransmitCauses>
      retransmit_causes{}; ///< segments sent again, by Again
  std::array<std::uint64_t, kRetransmitCauses>
      retransmit_cause_bytes{}; ///< same in bytes of payload
  std::uint64_t spurious = 0;   ///< segments the far end reported as duplicates (DSACK, RFC 2883)
  std::uint64_t rto_fired = 0;
  std::uint64_t tail_probes = 0;
  std::uint64_t window_probes = 0;
  std::uint64_t dup_acks = 0;       ///< RFC 5681, 2
  std::uint64_t acks = 0;           ///< segments from the far end that were accepted
  std::uint64_t bytes_received = 0; ///< payload from the far end, acknowledged and dropped
  std::uint64_t ecn_reductions = 0;
  std::uint64_t bad_segments =
      0; ///< from the far end and not acceptable (RFC 9293, 3.10.7.4; PAWS)
  std::uint64_t window_limited_us = 0; ///< had data, the far end's window forbade it
  std::uint64_t zero_window_us = 0;    ///< of that: the window was closed
  std::uint64_t idle_us = 0;           ///< nothing in flight and nothing to send
  std::uint64_t board_limited_us = 0;  ///< had data, and TcpSummary::most_in_flight were in flight
  bool operator==(const FlowCounters&) const = default;
  FlowCounters& operator+=(const FlowCounters& other);
  [[nodiscard]] std::uint64_t retransmitted() const; ///< segments, all causes but Local
  [[nodiscard]] std::uint64_t retransmitted_bytes() const;
};

struct FlowState {
  std::uint32_t number = 0;
  std::uint16_t src_port = 0;
  FlowEnd end = FlowEnd::Running;
  std::string detail; ///< of a failure: its text; else empty
  FlowCounters counters;
  std::uint32_t rtt_min_us = 0; ///< 0: none measured
  std::uint32_t rtt_smoothed_us = 0;
  std::optional<Histogram> rtt;    ///< ns; only runs of few flows keep one for each
  std::uint64_t cwnd_segments = 0; ///< ~0: not limited
  std::uint64_t window_bytes = 0;  ///< the far end's, as last announced
  std::uint64_t first_ns = 0;      ///< when its data began to flow; 0: never
  std::uint64_t last_ns = 0;       ///< when the last of it was acknowledged; 0: it flows yet
  /// How long its data flowed, until `now_ns` where it flows yet.
  [[nodiscard]] double flowed_s(std::uint64_t now_ns) const;
};

/// The time on the 64-bit clock that 32 bits of microseconds stand for: the latest that is not
/// after `until_ns`.
std::uint64_t latest_ns(std::uint32_t us, std::uint64_t until_ns);

struct TcpSnapshot {
  std::uint64_t time_ns = 0;
  TxCounters tx;                ///< frames: data, retransmissions, ACKs, probes
  std::vector<FlowState> flows; ///< in flow order
};

/// One interval, or the whole run.
struct TcpSample {
  double start_s = 0;
  double end_s = 0;
  double flowed_s = 0; ///< of it, while data flowed: what the rates are over
  TxCounters tx;
  double xmit_pps = 0;
  double err_pps = 0;
  double goodput_bps = 0;   ///< payload acknowledged
  double l1_bps = 0;        ///< of what was accepted, 0 when not known
  double again_pps = 0;     ///< retransmissions per second, local drops not counted
  std::uint32_t rtt_us = 0; ///< mean of the flows' smoothed RTT, 0: none
  std::uint32_t flows = 0;  ///< open
  double slowest_bps = 0;   ///< goodput of the slowest and fastest flow that was open throughout,
                            ///< each over its own time
  double fastest_bps = 0;
  FlowCounters sum;           ///< within the interval, over all flows
  std::uint32_t compared = 0; ///< flows that `slowest` and `fastest` are of; 0: neither exists
};

/// Sample between two snapshots; as delta() treats what is odd. Rates are over the time in which
/// data flowed, from the first segment to the last acknowledgment, and each flow's over its own;
/// opening and closing dilute none. A flow that `from` lacks was open
/// and had counted nothing. Where no flow is open at the end, as over a whole run, those that ended
/// without failure are compared.
TcpSample tcp_delta(const TcpSnapshot& from, const TcpSnapshot& to, std::uint64_t origin_ns);

struct TcpSummary {
  TcpSample total;
  std::uint64_t end_ns = 0; ///< when `flows` was read
  std::vector<FlowState> flows;
  Histogram rtt; ///< ns, of all flows
  EndReason end = EndReason::Amount;
  CountSource source = CountSource::Tracepoint;
  std::map<int, std::uint64_t> errnos;
  double connect_s = 0;             ///< opening all connections
  double first_data_s = 0;          ///< from the command's start to the first data segment
  std::uint32_t mss = 0;            ///< payload of a full segment
  std::uint64_t most_in_flight = 0; ///< bytes of one flow that this program keeps in flight at most
  bool timestamps = false, sack = false, ecn = false; ///< as negotiated
  std::string ingress;                                ///< "xdp", "tcx", "clsact"
  std::uint64_t queue_drops = 0;     ///< far ends' segments for which a thread's queue had no room
  std::uint64_t wrong_checksums = 0; ///< and those that arrived damaged
  TcpSeen seen;
  std::optional<std::uint32_t> path_mtu; ///< that the run has learnt of, below the first one
  std::vector<std::string> notes;        ///< on what changed during the run
  double cpu_s = 0;
};

/// What a far end did that reset a connection: how much it had taken and sent, and whether it had
/// closed its side before.
std::string reset_text(std::uint64_t taken, std::uint64_t sent, bool closed);

/// Why no byte was acknowledged, a sentence without a period; empty when some was.
std::string explain_no_goodput(const TcpSummary& summary);

} // namespace xtg::stats
