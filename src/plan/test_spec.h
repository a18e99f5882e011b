// SPDX-License-Identifier: BSD-2-Clause
// Options of `udp`, before anything is looked up: ports, each of which sends streams, receives, or
// both. A plain run is one port that sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/sip_key.h"
#include "core/units.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"

namespace xtg::plan {

/// How long to wait for frames in flight after the last frame (RFC 2544, 23).
inline constexpr Nanoseconds kDrain{2'000'000'000};
inline constexpr std::size_t kMaxPorts = 16;

/// An interface that sends, receives, or both.
struct PortSpec {
  std::string interface; ///< empty: the outgoing interface of the route to the first destination
  std::vector<StreamSpec> streams{}; ///< sent from here; none: the port only receives
  bool receive = false;
  std::uint32_t threads = 1;
  std::vector<int> cpus{}; ///< empty: the first allowed ones
  Pace pace = Pace::Auto;
  TxPath via = TxPath::Auto;
  QueueLaw queues{};
  bool once = false; ///< offer each frame to the driver once; otherwise refused frames are resent
  [[nodiscard]] bool sends() const { return !streams.empty(); }
  bool operator==(const PortSpec&) const = default;
};

struct TestSpec {
  std::vector<PortSpec> ports; ///< at least one
  std::optional<Nanoseconds> duration;
  Nanoseconds interval{1'000'000'000};
  bool allow_default_route = false;
  bool allow_public = false;
  bool fix = false;                     ///< repair the interface if possible; undone afterwards
  bool announce = false;                ///< announce the run's start and end to receivers
  Nanoseconds announce_gap{50'000'000}; ///< between an announcement's copies
  std::optional<std::uint32_t> run_id;  ///< the run's number; none: drawn
  std::optional<SipKey> key;            ///< authenticates the announcements
  bool bidir = false; ///< ports that only receive send the first one's streams reversed
  std::uint32_t window = RxSpec{}.window; ///< sequence numbers remembered per stream
  Nanoseconds drain = kDrain;
  std::vector<Condition> expect;
  bool dry_run = false;
  std::string pcap_path;             ///< --write-pcap; empty: none
  std::uint32_t dry_run_frames = 10; ///< frames that --dry-run dumps and --write-pcap writes
  OutputSpec output;
  bool operator==(const TestSpec&) const = default;
};

/// Some port receives, so every packet is accounted for.
bool sees_both_ends(const TestSpec& test);

} // namespace xtg::plan
