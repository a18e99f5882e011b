// SPDX-License-Identifier: BSD-2-Clause
// What was received: the kernel's records (xtg/abi/rx.h) added up to streams, and what happened
// between two looks at them. Counts are packets, times ns, unless a name says otherwise.
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

/// A copy of a kernel record. `words`: the window's bitmap, only when the run is over;
/// `twice`: the bitmap of repeated numbers.
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
  std::uint64_t passed = 0;  ///< not ours: went on to the stack
  bool operator==(const RxUnit&) const = default;
};

/// A stream's packets that arrived through one receive queue; in generic mode, on one CPU.
struct RxShare {
  unsigned unit = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0; ///< without FCS
  bool operator==(const RxShare&) const = default;
};

/// Test frames that no stream has, and what the interface lost.
struct RxUncounted {
  std::uint64_t filtered = 0;     ///< of another session or port; passed on
  std::uint64_t no_slot = 0;      ///< of a stream without a record; not passed on
  std::uint64_t unknown = 0;      ///< of an unknown version or type; passed on
  std::uint64_t candidates = 0;   ///< of streams of one frame only; short ones were passed on
  std::uint64_t link_dropped = 0; ///< rx_dropped of the interface since the start
  std::uint64_t link_missed = 0;  ///< rx_missed_errors + rx_fifo_errors
  std::uint64_t link_errors = 0;  ///< rx_errors
  std::uint64_t unannounced = 0;  ///< during announced runs: of other sessions; not passed on
  std::uint64_t unsound = 0;      ///< announcements with a wrong sum, or nonsense; passed on
  std::uint64_t unheard = 0;      ///< announcements there was no room for; not passed on
  std::uint64_t unconfirmed = 0;  ///< announced runs without data
  bool operator==(const RxUncounted&) const = default;
};

struct RxSnapshot {
  std::uint64_t time_ns = 0; ///< CLOCK_MONOTONIC
  std::vector<RxRecord> records;
  std::vector<RxUnit> queues; ///< those that received anything
  std::vector<RxUnit> cpus;   ///< likewise
  RxUncounted uncounted;
  HostClock here;                   ///< this host's clocks, as far as known
  std::vector<RxSender> senders;    ///< what was announced
  std::vector<std::string> filters; ///< of frames without a signature, as text
};

/// Whether frames arrived directly from their sender, or back from a reflector.
enum class RxPath : std::uint8_t { OneWay, RoundTrip };

/// What identifies a stream: of the compact form only the low bits are known. Frames without a
/// signature are the stream of the filter that counted them; those follow the others.
struct RxName {
  std::uint32_t run_id = 0;
  std::uint16_t stream = 0; ///< or number of the filter
  bool compact = false;
  RxPath path = RxPath::OneWay;
  bool match = false; ///< counted by a filter: there are neither numbers nor send times
  bool operator==(const RxName&) const = default;
  auto operator<=>(const RxName& other) const {
    return std::tie(match, run_id, stream, compact, path) <=>
           std::tie(other.match, other.run_id, other.stream, other.compact, other.path);
  }
};

/// Everything that is counted of a stream, or of all. Of two moments' figures the difference is the
/// interval's (operator-), except for extremes, which stay those of the whole run.
struct RxCounters {
  /// All that arrived: unique + duplicates + too_late + suspect + matched.
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0; ///< without FCS
  std::uint64_t unique = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t too_late = 0;
  std::uint64_t reordered = 0;
  /// Numbers up to the highest one seen, minus those that arrived. May fall when late ones arrive.
  std::int64_t lost = 0;
  std::uint64_t negative = 0;   ///< delays below zero: clock error
  std::uint64_t replicated = 0; ///< unique ones with duplicates
  std::uint64_t absurd = 0;     ///< delays beyond an hour, either way; not in `negative`
  /// With a sequence number so far off that it is not believed before a second one agrees (see
  /// xtg/abi/rx_seq.h). Falls when one does.
  std::int64_t suspect = 0;
  std::uint64_t matched = 0; ///< counted by a filter: of those nothing but the size is known
  bool operator==(const RxCounters&) const = default;
  RxCounters& operator+=(const RxCounters& other);
  RxCounters operator-(const RxCounters& before) const;
  /// lost / (lost + unique); 0 when nothing was expected.
  [[nodiscard]] double loss_ratio() const;
};

/// Delays in ns; none where the clocks are not in step (see RxClock).
struct RxDelay {
  std::uint64_t count = 0;
  std::uint64_t min = 0, max = 0;
  double mean = 0;
  Histogram histogram;
  /// Histogram::quantile() between `min` and `max`.
  [[nodiscard]] std::uint64_t quantile(double q) const;
};

/// Whether the sender's time stamps can be compared with this host's clock.
enum class RxClock : std::uint8_t {
  Shared,  ///< the same clock: announced by the sender, or as far as the delays show
  Tai,     ///< CLOCK_TAI of two hosts that are in step
  Differs, ///< no delay is reported
};
/// Why a clock Differs, or what about Tai is not known.
enum class RxClockReason : std::uint8_t {
  None,
  Contradicted,    ///< more than 1 % of the delays are below zero, or the smallest is above 10 s
  OtherHost,       ///< CLOCK_MONOTONIC of another host, or another boot of this one
  HereNotInStep,   ///< this host's CLOCK_TAI is not known to be in step
  SenderNotInStep, ///< the sender's
  SenderUnknown,   ///< Tai: the error is this host's alone, the sender's is not known
};
struct RxClockVerdict {
  RxClock clock = RxClock::Shared;
  RxClockReason reason = RxClockReason::None;
  std::optional<std::uint64_t> error_ns; ///< Tai: by which a delay may be off
  bool operator==(RxClock other) const { return clock == other; }
  bool operator==(const RxClockVerdict&) const = default;
};

/// Forward and return path by themselves, where the reflector numbers the frames.
struct RxRoundTripPaths {
  std::uint64_t reflected = 0;          ///< frames that the reflector sent back, as far as is known
  std::uint64_t forward_lost = 0;       ///< before the reflector
  std::uint64_t forward_duplicates = 0; ///< made before the reflector
  RxCounters back;                      ///< by the reflector's numbers
  RxClock back_clock = RxClock::Shared; ///< whether the reflector's clock is this host's
  RxDelay back_delay;                   ///< one-way; empty where back_clock Differs
};

/// What is known of a reflected stream beyond the stream's own figures.
struct RxRoundTrip {
  std::uint64_t stamped = 0; ///< packets with the time in the reflector ...
  std::uint64_t residence_min = 0, residence_max = 0;
  double residence_mean = 0;             ///< ... which is not in their delay
  std::optional<RxRoundTripPaths> paths; ///< none: the reflector did not number all of them
};

struct RxStream {
  RxName name;
  std::string filter; ///< text of the filter, where name.match
  RxCounters counters;
  std::optional<std::uint64_t> sent; ///< announced: what the sender's driver took; lost is by it
  std::uint64_t first_number = 0;    ///< lowest sequence number seen
  std::uint64_t next_number = 0;     ///< one past the highest
  std::uint64_t first_ns = 0, last_ns = 0;  ///< arrivals, CLOCK_MONOTONIC
  std::uint32_t size_min = 0, size_max = 0; ///< bytes without FCS
  unsigned units = 0;                       ///< queues (or CPUs) that it arrived through
  std::vector<RxShare> shares;              ///< of each of them, by its number

  RxClockVerdict clock;
  RxDelay delay; ///< of its path: one-way (RFC 7679) or round trip; empty where the clock Differs
  std::int64_t negative_min = 0; ///< the most negative delay
  double jitter_ns = 0;          ///< RFC 3550, 6.4.1; of several units the mean by packets
  double ipdv_mean_ns = 0;       ///< mean of |delay - delay before| (RFC 3393)
  std::uint64_t ipdv_max_ns = 0;
  Histogram arrival; ///< time between packets of one unit

  // Order (RFC 4737), within each sending worker and receive queue.
  std::uint64_t extents = 0; ///< reordered packets whose extent is known
  double extent_mean = 0;    ///< of those
  std::uint32_t extent_max = 0;
  std::uint64_t late_max_ns = 0; ///< late time offset (4.3)

  /// False: some packets that arrived through several queues (or CPUs) have left the windows, where
  /// copies cannot be distinguished; then more may be lost. Not evaluated during a run.
  bool loss_exact = true;

  // Loss periods (RFC 3357). Known only where one unit has the whole stream, else `bursts` is 0.
  bool bursts_known = false;
  std::uint64_t bursts = 0;                             ///< runs of lost packets
  std::uint64_t longest_burst = 0;                      ///< packets
  std::array<std::uint64_t, XTG_RX_RUNS> burst_class{}; ///< by length: 1, 2-3, 4-7 ...
  std::uint64_t outage_ns = 0; ///< longest time without a packet where numbers were jumped over

  std::optional<RxRoundTrip> round_trip; ///< where the path is one
};

/// Per second, of a stream or of all.
struct RxRates {
  double pps = 0;
  double l1_bps = 0, l2_bps = 0; ///< with preamble, gap and FCS; with FCS
};
/// 0 where there is no time.
RxRates rx_rates(const RxCounters& counters, double seconds);

/// One interval, or the whole run. The rates are of all packets that arrived.
struct RxSample : RxRates {
  double start_s = 0, end_s = 0; ///< since the run's start
  RxCounters sum;                ///< within the interval
  /// Numbers up to the highest one seen that have not arrived by the end of the
  /// interval: they may be late. At the end of a run they are lost.
  std::int64_t missing = 0;
  RxDelay delay; ///< within the interval; empty where no clock is Shared
  /// Path of the delays. If some streams are one-way and some reflected, the delays are of the
  /// former alone.
  RxPath path = RxPath::OneWay;
  double jitter_ns = 0;          ///< current value, the largest of the streams
  std::uint64_t passed = 0;      ///< frames that were not ours
  std::vector<RxStream> streams; ///< current values, by name; of the whole run: see RxSummary
};

struct RxSummary {
  RxSample total;       ///< from the first packet to the last, whose interval belongs to it
  double waiting_s = 0; ///< of the run, before and after that
  EndReason end = EndReason::Interrupted;
  /// Final: the window's rest is counted. Filters that counted nothing are there, too.
  std::vector<RxStream> streams;
  /// All streams as one; has no name and no numbers. Delays are of those whose clock does not
  /// differ and whose path is that of `total`; `sent` is known where it is of all.
  RxStream all;
  std::vector<RxSender> senders; ///< what was announced
  std::vector<RxUnit> queues, cpus;
  RxUncounted uncounted;
  std::optional<RxVerified> verified; ///< where checksums were verified
  std::optional<RxSamples> samples;   ///< where frames were written to a file
  double cpu_s = 0;
};

/// Streams of a snapshot, by name. `final`: what is still missing in the windows is lost.
std::vector<RxStream> rx_streams(const RxSnapshot& snapshot, bool final);

/// Sets what was sent of each stream whose end was announced; those of which nothing arrived
/// are added.
void add_sent(std::vector<RxStream>& streams, const std::vector<RxSender>& senders);

/// What happened from one snapshot to a later one.
RxSample rx_delta(const RxSnapshot& from, const RxSnapshot& to, std::uint64_t origin_ns);

/// The whole run: from `first` (before any packet) to `last`, whose records have their bitmaps. A
/// run whose end was announced lasts from its first packet with a signature to its last.
RxSummary rx_summary(const RxSnapshot& first, const RxSnapshot& last, std::uint64_t origin_ns);

} // namespace xtg::stats
