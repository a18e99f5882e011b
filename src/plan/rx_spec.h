// SPDX-License-Identifier: BSD-2-Clause
// Options of `rx`, before anything is looked up; defaults as in the man page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/sip_key.h"
#include "core/units.h"
#include "packet/filter.h"
#include "plan/sample.h"
#include "plan/spec.h"

namespace xtg::plan {

inline constexpr std::uint32_t kMaxRxStreams = 65'536;

/// Where the program runs: in the driver, in generic mode for drivers without XDP, or at tc
/// ingress. Auto: the first of these that is possible.
enum class RxMode : std::uint8_t { Auto, Native, Generic, Tc };

/// A quantity that --expect can bound.
enum class Expected : std::uint8_t {
  Loss,       ///< share of what was expected, 0 to 1; written 0.001% or 0.00001
  Lost,       ///< packets
  Received,   ///< "rx": packets that arrived, each once, and packets that a filter counted
  Duplicates, ///< "dup"
  Reordered,  ///< "reordered"
  Late,       ///< "late": too late
  Min,
  Mean,
  P50,
  P90,
  P99,
  P999,
  P9999,
  Max,     ///< one-way delay, ns; written 50us
  Jitter,  ///< ns
  Pps,     ///< packets per second, written 1M
  Streams, ///< number of streams
  Bytes,   ///< of all packets that arrived, with FCS
  Refused, ///< by the sender's driver; this and the next two only if both ends are known
  Unsent,  ///< requested and not sent
  Dropped, ///< by the receiving interface
};
enum class Relation : std::uint8_t { Less, LessEqual, Equal, GreaterEqual, Greater };

/// One condition: quantity, relation, bound, and the text as written. If both ends are known, it
/// may apply to one receiving interface ("rx@eth2"), and its bound may be a share of what was sent
/// ("10/11").
struct Condition {
  Expected what = Expected::Loss;
  Relation relation = Relation::Less;
  double bound = 0; ///< the numerator of a share
  std::string text;
  std::string port{};         ///< empty: all
  std::uint64_t share_of = 0; ///< denominator of a share; 0: none
  bool of_asked = false;      ///< the bound is a share of the requested packets, 0 to 1
  bool operator==(const Condition&) const = default;
};

struct RxSpec {
  std::string interface;
  std::string zone; ///< of the addresses in `match`
  RxMode mode = RxMode::Auto;
  std::optional<std::uint32_t> run_id;
  std::uint32_t run_id_mask = ~std::uint32_t{0}; ///< bits of it that are compared
  std::optional<std::uint16_t> port;             ///< UDP destination port
  bool observe = false;                          ///< count test frames and pass them on
  std::vector<packet::Filter> match;             ///< frames without a signature, counted too
  bool drop_matched = false;                     ///< and dropped
  std::uint32_t window = 65'536; ///< sequence numbers remembered per stream: a power of two
  std::uint32_t streams = 256;   ///< streams (times queues) with a record of their own
  std::optional<Nanoseconds> duration;
  std::optional<std::uint64_t> num_packets; ///< stop after this many
  /// How far the sender's CLOCK_MONOTONIC is ahead of this host's; none: they are one clock.
  std::optional<Nanoseconds> clock_offset;
  bool ignore_announcements = false; ///< announcements do not begin or end runs
  std::optional<SipKey> key;         ///< only announcements authenticated by it count
  Nanoseconds drain{2'000'000'000};  ///< after an announced end: wait this long for missing packets
  Nanoseconds interval{1'000'000'000};
  std::vector<Condition> expect;
  bool verify = false;              ///< verify the checksums of test frames
  std::string pcap_path;            ///< --write-pcap; empty: none
  SampleLaw sample{.first = 1'000}; ///< which frames are written there
  OutputSpec output;
  bool operator==(const RxSpec&) const = default;
};

} // namespace xtg::plan
