// SPDX-License-Identifier: BSD-2-Clause
// The plan: everything is decided, nothing done. resolve() needs only values (the request and the
// host's facts), so it is deterministic and testable without root; --dry-run prints its result.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "packet/frame.h"
#include "plan/diagnose.h"
#include "plan/facts.h"
#include "plan/test_spec.h"

namespace xtg::plan {

/// The schedule of one thread's share of a paced stream: slot i of this thread is due at
/// start + phase + i * interval. Times are ns with a 32-bit binary fraction, so that the long-run
/// rate is exact to 2^-32 ns per slot.
struct Pacing {
  double target_pps = 0;             ///< for the whole stream
  std::uint64_t interval_ns = 0;     ///< between this thread's slots: whole part
  std::uint32_t interval_frac = 0;   ///< and fraction in 2^-32 ns
  std::uint32_t frames_per_slot = 1; ///< the burst: frames sent back to back
  std::uint32_t slots_per_batch =
      1;              ///< slots released together when the rate is too high for single ones
  bool sleep = false; ///< the gap is long enough to sleep through most of it
};

/// Frames per flush of an unpaced run. The kernel takes 256, but a veth's ring of 256 slots frees
/// them sixteen at a time, so a full batch would lose a few; beyond some hundred frames the size
/// makes no difference to speed.
inline constexpr std::uint32_t kFloodBatch = 224;

struct StreamPlan {
  packet::Frame frame;
  std::uint16_t id = 0;
  std::string name;         ///< shown in reports; empty: its number
  std::uint32_t weight = 1; ///< unpaced streams: relative share
  Stamp stamp = Stamp::Batch;
  StampClock clock = StampClock::Monotonic;
  RateLaw rate;
  std::optional<Pacing> pacing;                 ///< none: as fast as possible
  std::optional<std::uint64_t> num_packets;     ///< exact total
  double l1_bits = 0, l2_bits = 0, l3_bits = 0; ///< of one frame; the mean if sizes differ
};

/// The frame that is least likely to fit the path.
FrameSize largest_frame(const StreamPlan& stream);

struct Plan {
  InterfaceFacts iface;
  std::vector<StreamPlan> streams;
  std::vector<int> cpus;             ///< one per thread, in worker order
  std::uint32_t batch = kFloodBatch; ///< frames per flush when not paced
  std::uint32_t run_id = 0;
  std::optional<Nanoseconds> duration;
  Nanoseconds interval{1'000'000'000};
  Pace pace = Pace::Auto;
  bool fix = false;
  bool once = false;        ///< frames that the driver refuses are not resent
  bool announce = false;    ///< announce the run's start and end to receivers
  TxPath via = TxPath::Xdp; ///< never Auto
  std::string via_reason;   ///< why Auto did not choose Xdp
  std::vector<int> queues;  ///< of --queues: used by the threads in turn; empty: see tx_queues()
  bool attach_pass = false; ///< the driver has XDP transmit queues only with a program
  std::vector<std::string>
      notes;     ///< information for the reader of the plan ("dst-mac: no neighbour entry ...")
  TestSpec spec; ///< as requested, for the report
  std::size_t port = 0; ///< index of its port among the spec's
  [[nodiscard]] const PortSpec& asked() const { return spec.ports[port]; }
};

/// The first destination address of a stream: its --dst-addr, or one of the benchmarking range (RFC
/// 2544, RFC 5180).
packet::Ip destination_of(const StreamSpec& stream);

/// The routing query for the first frame of a stream.
RouteQuestion question_of(const StreamSpec& stream);

/// The first source address of a stream: its --src-addr, or the interface's by the route.
packet::Ip source_of(const StreamSpec& stream, const HostFacts& facts);

/// InvalidArgument if a destination or the interface needs an explicit option.
Status check_safety(const TestSpec& test, const InterfaceFacts& iface, const packet::IpRange& dst);

/// Checks and completes what one port of a test sends. Errors are InvalidArgument (options that do
/// not fit together, or a destination that needs an explicit option), NotFound or NotSupported;
/// each names the option, the value and a remedy. `facts` are of the port's interface; the caller
/// draws the run's random number `session`.
Result<Plan> resolve(const TestSpec& test, const HostFacts& facts, std::uint32_t run_id,
                     std::size_t port = 0);

} // namespace xtg::plan
