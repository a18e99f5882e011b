// SPDX-License-Identifier: BSD-2-Clause
// The plan: everything decided, nothing done. resolve() needs only values (what was asked, what the
// host is), so it is deterministic, testable without root, and what --dry-run prints.
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
  double target_pps = 0;             ///< of the whole stream
  std::uint64_t interval_ns = 0;     ///< between this thread's slots, whole part
  std::uint32_t interval_frac = 0;   ///< and fraction in 2^-32 ns
  std::uint32_t frames_per_slot = 1; ///< the burst: frames that leave back to back
  std::uint32_t slots_per_batch =
      1;              ///< slots released together when the rate is too high for one by one
  bool sleep = false; ///< the gap is long enough to sleep through most of it
};

/// Frames per flush of an unpaced run. The kernel takes 256, but a veth's ring of as many slots
/// frees them sixteen at a time, so that a full batch would lose a few; beyond some hundred it
/// makes no difference to speed.
inline constexpr std::uint32_t kFloodBatch = 224;

struct StreamPlan {
  packet::Frame frame;
  std::uint16_t id = 0;
  std::string name;         ///< what reports call it; empty: its number
  std::uint32_t weight = 1; ///< not paced: its share of what such streams send
  Stamp stamp = Stamp::Batch;
  StampClock clock = StampClock::Monotonic;
  RateLaw rate;
  std::optional<Pacing> pacing;                 ///< none: as fast as it goes
  std::optional<std::uint64_t> num_packets;     ///< exact total
  double l1_bits = 0, l2_bits = 0, l3_bits = 0; ///< of one frame, the mean where sizes differ
};

/// The frame that is most likely not to fit through.
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
  bool once = false;        ///< what the driver refuses is not sent again
  bool announce = false;    ///< tell receivers of the run's start and end
  bool attach_pass = false; ///< the driver allots XDP transmit queues only with a program attached
  std::vector<std::string>
      notes;     ///< what a reader of the plan should know ("dst-mac: no neighbour entry ...")
  TestSpec spec; ///< as asked, for the report
  std::size_t port = 0; ///< which of its ports this is of
  [[nodiscard]] const PortSpec& asked() const { return spec.ports[port]; }
};

/// The first address a stream is aimed at: its --dst-addr, or the benchmarking range (RFC 2544, RFC
/// 5180).
packet::Ip destination_of(const StreamSpec& stream);

/// What the first frame of a stream asks of the routing tables.
RouteQuestion question_of(const StreamSpec& stream);

/// The first address a stream is sent from: its --src-addr, or one of the interface's by the route.
packet::Ip source_of(const StreamSpec& stream, const HostFacts& facts);

/// InvalidArgument where a destination or the interface needs the user's explicit word.
Status check_safety(const TestSpec& test, const InterfaceFacts& iface, const packet::IpRange& dst);

/// Checks and completes what one port of a test sends. Errors are InvalidArgument (the request does
/// not fit together or would go where it must not without the user's word), NotFound, or
/// NotSupported; each names the option, the value and what would do. `facts` are of the port's
/// interface, `session` is the run's random number, drawn by the caller.
Result<Plan> resolve(const TestSpec& test, const HostFacts& facts, std::uint32_t run_id,
                     std::size_t port = 0);

} // namespace xtg::plan
