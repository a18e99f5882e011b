// SPDX-License-Identifier: BSD-2-Clause
// What was received: the kernel's records (xtg/abi/rx.h) added up to streams, and differences
// between two snapshots. Counts are packets, times ns, unless a name says otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "stats/histogram.h"
#include "stats/rate.h"
#include "stats/rx_samples.h"
#include "stats/rx_sender.h"
#include "xtg/abi/rx.h"

namespace xtg::stats {

/// A copy of a kernel record. `words`: the window's bitmap, only when the run is over; `twice`: the
/// bitmap of repeated numbers.
struct RxRecord {
  xtg_rx_slot slot{};
  std::vector<std::uint64_t> bitmap, twice;
  std::vector<std::uint64_t> delay;   ///< XTG_HIST_CELLS cells
  std::vector<std::uint64_t> arrival; ///< XTG_HIST_CELLS cells
};

/// A receive queue, or a CPU.
struct RxUnit {
  unsigned number = 0;
  std::uint64_t packets = 0; ///< counted as test frames
  std::uint64_t bytes = 0;   ///< of those, without FCS
  std::uint64_t passed = 0;  ///< not test frames: passed to the stack
  bool operator==(const RxUnit&) const = default;
};

/// A stream's packets of one receive queue; in generic mode, of one CPU.
struct RxShare {
  unsigned unit = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0; ///< without FCS
  bool operator==(const RxShare&) const = default;
};

/// Test frames outside all streams, and drops at the interface.
struct RxUncounted {
  std::uint64_t filtered = 0;     ///< other session or port; passed on
  std::uint64_t no_slot = 0;      ///< no record for the stream; dropped
  std::uint64_t unknown = 0;      ///< unknown version or type; passed on
  std::uint64_t candidates = 0;   ///< in streams of one frame only; compact ones were passed on
  std::uint64_t link_dropped = 0; ///< rx_dropped of the interface since the start
  std::uint64_t link_missed = 0;  ///< rx_missed_errors + rx_fifo_errors
  std::uint64_t link_errors = 0;  ///< rx_errors
  std::uint64_t unannounced = 0;  ///< in announced runs: other sessions; dropped
  std::uint64_t unsound = 0;      ///< announcements with a wrong sum, or invalid; passed on
  std::uint64_t unheard = 0;      ///< announcements without room for a record; dropped
  std::uint64_t unconfirmed = 0;  ///< announced runs without data
  bool operator==(const RxUncounted&) const = default;
};

struct RxSnapshot {
  std::uint64_t time_ns = 0; ///< CLOCK_MONOTONIC
  std::vector<RxRecord> records;
  std::vector<RxUnit> queues; ///< only active ones
  std::vector<RxUnit> cpus;   ///< likewise
  RxUncounted uncounted;
  HostClock here;                   ///< this host's clocks, as far as known
  bool sender_offset = false;       ///< delays are corrected by an offset that was given
  std::vector<RxSender> senders;    ///< what was announced
  std::vector<std::string> filters; ///< for frames without a signature, as text
};

/// Whether frames arrived directly from their sender or were returned by a reflector.
enum class RxPath : std::uint8_t { OneWay, RoundTrip };

/// Identifies a stream; of the compact form only the low bits are known. Frames without a signature
/// form one stream for each filter; those come after the others.
struct RxName {
  std::uint32_t run_id = 0;
  std::uint16_t stream = 0; ///< or the filter's number
  bool compact = false;
  RxPath path = RxPath::OneWay;
  bool match = false; ///< counted by a filter: without sequence numbers and send times
  bool operator==(const RxName&) const = default;
  auto operator<=>(const RxName& other) const {
    return std::tie(match, run_id, stream, compact, path) <=>
           std::tie(other.match, other.run_id, other.stream, other.compact, other.path);
  }
};

/// Counters of a stream, or of all. The difference of two snapshots (operator-) is the interval's,
/// except for extremes, which are those of the whole run.
struct RxCounters {
  /// All that arrived: unique + duplicates + too_late + suspect + matched.
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0; ///< without FCS
  std::uint64_t unique = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t too_late = 0;
  std::uint64_t reordered = 0;
  /// Numbers up to the highest one seen, minus those that arrived. May decrease when late ones
  /// arrive.
  std::int64_t lost = 0;
  std::uint64_t negative = 0;   ///< delays below zero: clock error
  std::uint64_t replicated = 0; ///< unique ones that were also duplicated
  std::uint64_t absurd = 0;     ///< delays beyond an hour, either way; not in `negative`
  /// Packets whose sequence number is too far off to be accepted before a second one agrees (see
  /// xtg/abi/rx_seq.h). Decreases when one does.
  std::int64_t suspect = 0;
  std::uint64_t matched = 0; ///< counted by a filter: only their size is known
  bool operator==(const RxCounters&) const = default;
  RxCounters& operator+=(const RxCounters& other);
  RxCounters operator-(const RxCounters& before) const;
  /// lost / (lost + unique); 0 when nothing was expected.
  [[nodiscard]] double loss_ratio() const;
};

/// Delays in ns; none if the clocks are not comparable (see RxClock).
struct RxDelay {
  std::uint64_t count = 0;
  std::uint64_t min = 0, max = 0;
  double mean = 0;
  Histogram histogram;
  /// Histogram::quantile() bounded by `min` and `max`.
  [[nodiscard]] std::uint64_t quantile(double q) const;
  /// Adds delays of the same path, measured elsewhere.
  void merge(const RxDelay& more);
};

/// Whether the sender's timestamps are comparable with this host's clock.
enum class RxClock : std::uint8_t {
  Shared,  ///< the same clock: as announced by the sender, or by the delays
  Tai,     ///< CLOCK_TAI of two synchronised hosts
  Offset,  ///< another clock, whose offset was given
  Differs, ///< no delay is reported
};
/// Why a clock Differs, or what is unknown about Tai.
enum class RxClockReason : std::uint8_t {
  None,
  Contradicted,    ///< more than 1 % of the delays are below zero, or the smallest is above 10 s
  OtherHost,       ///< CLOCK_MONOTONIC of another host, or another boot of this one
  HereNotInStep,   ///< this host's CLOCK_TAI is not known to be synchronised
  SenderNotInStep, ///< the sender's
  SenderUnknown,   ///< Tai: the error is this host's alone; the sender's is unknown
};
struct RxClockVerdict {
  RxClock clock = RxClock::Shared;
  RxClockReason reason = RxClockReason::None;
  std::optional<std::uint64_t> error_ns; ///< Tai: maximum error of a delay
  bool operator==(RxClock other) const { return clock == other; }
  bool operator==(const RxClockVerdict&) const = default;
};

/// Forward and return path separately, if the reflector numbers the frames.
struct RxRoundTripPaths {
  std::uint64_t reflected = 0;          ///< frames the reflector sent back, as far as known
  std::uint64_t forward_lost = 0;       ///< before the reflector
  std::uint64_t forward_duplicates = 0; ///< duplicated before the reflector
  RxCounters back;                      ///< by the reflector's numbers
  RxClock back_clock = RxClock::Shared; ///< whether the reflector's clock is this host's
  RxDelay back_delay;                   ///< one-way; empty if back_clock Differs
};

/// Results of a reflected stream beyond those of any stream.
struct RxRoundTrip {
  std::uint64_t stamped = 0; ///< packets with a residence time ...
  std::uint64_t residence_min = 0, residence_max = 0;
  double residence_mean = 0;             ///< ... which is excluded from their delay
  std::optional<RxRoundTripPaths> paths; ///< none: the reflector did not number all of them
};

struct RxStream {
  RxName name;
  std::string filter; ///< text of the filter, if name.match
  RxCounters counters;
  std::optional<std::uint64_t>
      sent; ///< announced: accepted by the sender's driver; `lost` is relative to it
  std::uint64_t first_number = 0;           ///< lowest sequence number seen
  std::uint64_t next_number = 0;            ///< one past the highest
  std::uint64_t first_ns = 0, last_ns = 0;  ///< arrivals, CLOCK_MONOTONIC
  std::uint32_t size_min = 0, size_max = 0; ///< bytes without FCS
  unsigned units = 0;                       ///< receive queues (or CPUs) it arrived through
  std::vector<RxShare> shares;              ///< one for each of them, by number

  RxClockVerdict clock;
  RxDelay delay; ///< of its path: one-way (RFC 7679) or round trip; empty if the clock Differs
  std::int64_t negative_min = 0; ///< the most negative delay
  double jitter_ns = 0;    ///< RFC 3550, 6.4.1; for several units the mean weighted by packets
  double ipdv_mean_ns = 0; ///< mean of |delay - previous delay| (RFC 3393)
  std::uint64_t ipdv_max_ns = 0;
  Histogram arrival; ///< interarrival time within one unit

  // Order (RFC 4737), within each sending worker and receive queue.
  std::uint64_t extents = 0; ///< reordered packets with known extent
  double extent_mean = 0;    ///< mean of those
  std::uint32_t extent_max = 0;
  std::uint64_t late_max_ns = 0; ///< late time offset (4.3)

  /// False: some packets that arrived through several queues (or CPUs) have left the windows, where
  /// copies cannot be recognised; then more may be lost. Not evaluated during a run.
  bool loss_exact = true;

  // Loss periods (RFC 3357). Known only if one unit has the whole stream; otherwise `bursts` is 0.
  bool bursts_known = false;
  std::uint64_t bursts = 0;                             ///< runs of lost packets
  std::uint64_t longest_burst = 0;                      ///< packets
  std::array<std::uint64_t, XTG_RX_RUNS> burst_class{}; ///< by length: 1, 2-3, 4-7 ...
  std::uint64_t outage_ns = 0; ///< longest time without a packet across a gap in the numbers

  std::optional<RxRoundTrip> round_trip; ///< if the path is a round trip
};

/// Per second, of a stream or of all.
struct RxRates {
  double pps = 0;
  double l1_bps = 0, l2_bps = 0; ///< including preamble, gap and FCS; including FCS
};
/// 0 if no time has passed.
RxRates rx_rates(const RxCounters& counters, double seconds);

/// One interval, or the whole run. Rates are of all packets that arrived.
struct RxSample : RxRates {
  double start_s = 0, end_s = 0; ///< since the run's start
  RxCounters sum;                ///< in the interval
  /// Numbers up to the highest one seen that have not arrived by the end of the interval: they may
  /// be late. At the end of a run they are lost.
  std::int64_t missing = 0;
  RxDelay delay; ///< in the interval; empty if no clock is Shared
  /// Path of the delays. With both one-way and reflected streams, the delays are those of the
  /// one-way streams.
  RxPath path = RxPath::OneWay;
  double jitter_ns = 0;          ///< current value, the largest of the streams
  std::uint64_t passed = 0;      ///< frames that were not ours
  std::vector<RxStream> streams; ///< current values, by name; for the whole run see RxSummary
};

struct RxSummary {
  RxSample total;       ///< from the first packet to the last, including the latter's interval
  double waiting_s = 0; ///< rest of the run, before and after that
  EndReason end = EndReason::Interrupted;
  /// Final: the remaining window is counted. Includes filters that matched nothing.
  std::vector<RxStream> streams;
  /// All streams as one, without name and numbers. Delays are of streams with comparable clocks and
  /// the path of `total`; `sent` is known if it is for every stream.
  RxStream all;
  std::vector<RxSender> senders; ///< what was announced
  std::vector<RxUnit> queues, cpus;
  RxUncounted uncounted;
  std::optional<RxVerified> verified; ///< if checksums were verified
  std::optional<RxSamples> samples;   ///< if frames were written to a file
  double cpu_s = 0;
};

/// Streams of a snapshot, by name. `final`: numbers still missing in the windows are lost.
std::vector<RxStream> rx_streams(const RxSnapshot& snapshot, bool final);

/// Sets `sent` of each stream whose end was announced; adds those of which nothing arrived.
void add_sent(std::vector<RxStream>& streams, const std::vector<RxSender>& senders);

/// Differences from one snapshot to a later one.
RxSample rx_delta(const RxSnapshot& from, const RxSnapshot& to, std::uint64_t origin_ns);

/// The whole run: from `first` (before any packet) to `last`, whose records have their bitmaps. A
/// run whose end was announced lasts from its first packet with a signature to its last.
RxSummary rx_summary(const RxSnapshot& first, const RxSnapshot& last, std::uint64_t origin_ns);

} // namespace xtg::stats
