// SPDX-License-Identifier: BSD-2-Clause
// The request, before anything is looked up: plain structs with the defaults of the man page.
// Values are syntactically valid; resolve() (plan/plan.h) checks them against each other and the
// host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/listen_address.h"
#include "packet/ranges.h"

namespace xtg::plan {

/// Limits of one run: XTG_MAX_WORKERS, and the largest kernel batch in frames.
inline constexpr std::uint32_t kMaxThreads = 64;
inline constexpr std::uint32_t kMaxBurst = 256;
/// Frames shown by --dry-run and written by --write-pcap.
inline constexpr std::uint32_t kMaxShownFrames = 1'000'000;
/// ALTIFNAMSIZ - 1: alternative names are longer than an interface's own.
inline constexpr std::size_t kMaxInterfaceName = 127;

/// When the send time of the signature is read.
enum class Stamp : std::uint8_t { Batch, Each };
/// Clock of the send time in the signature: the host's own, or CLOCK_TAI, which hosts share.
enum class StampClock : std::uint8_t { Monotonic, Tai };
/// How a thread waits for its next deadline.
enum class Pace : std::uint8_t { Auto, Busy }; ///< Auto sleeps through long gaps

/// How frames leave: redirected to the interface's XDP transmit; out of it as the stack's frames
/// do, through its queueing discipline; or into it, as if they had arrived there. Auto is Xdp where
/// that works, else Tc.
enum class TxPath : std::uint8_t { Auto, Xdp, Tc, Receive };

/// Transmit queues that the threads are spread over, in turn: the first ones, all, or those listed;
/// none of it: the kernel chooses.
struct QueueLaw {
  std::uint32_t count = 0;
  bool all = false;
  std::vector<int> list{};
  [[nodiscard]] bool asked() const { return all || count != 0 || !list.empty(); }
  bool operator==(const QueueLaw&) const = default;
};

/// The rate law of a stream. Add further laws (ramps, Poisson) here.
struct RateLaw {
  Rate rate;               ///< total over all threads
  Layer layer = Layer::L1; ///< on which a bit rate counts
  std::uint32_t burst = 1; ///< frames back to back, then the gap for the mean rate
  bool operator==(const RateLaw&) const = default;
};

struct StreamSpec {
  std::string name;                        ///< shown in reports; empty: its number
  std::uint32_t weight = 1;                ///< share of the batches among unpaced streams
  std::optional<packet::MacRange> dst_mac; ///< default: next hop's, looked up
  std::optional<packet::MacRange> src_mac; ///< default: the interface's
  std::optional<packet::IpRange> dst_addr; ///< default: see resolve()
  std::optional<packet::IpRange> src_addr; ///< default: the interface's, by the route
  std::string zone; ///< interface named by an address, as in fe80::1%eth0; empty: none
  packet::PortRange dst_port{1000, 1};
  packet::PortRange src_port{1, 1};
  std::uint32_t dyn_ports =
      0; ///< xdp-tools' --dyn-ports: sweep this many destination ports, starting at dst_port
  packet::Vary vary = packet::Vary::Together;
  std::uint64_t seed = 1;
  packet::FlowLaw flow; ///< --flows, --flow-packets
  packet::ByteRange hop_limit{64};
  packet::ByteRange tos;
  std::vector<packet::VlanRange> vlans;      ///< outermost first
  std::vector<std::uint16_t> tpids;          ///< of the outermost tags; the others have the default
  std::optional<packet::SizeLaw> frame_size; ///< with FCS; default: the smallest that fits
                                             ///< a signature (64, IPv6 82; with round_trip
                                             ///< 102, 122), else 64, 66; plus tags
  packet::Payload payload = packet::Payload::Zeros;
  bool udp_checksum = true;
  bool signature = true;
  bool round_trip = false; ///< reserve bytes for reflector timestamps in every frame
  Stamp stamp = Stamp::Batch;
  StampClock clock = StampClock::Monotonic;
  RateLaw rate;
  std::optional<std::uint64_t> num_packets; ///< exact total over all threads; default: no limit
  bool operator==(const StreamSpec&) const = default;
};

/// Where results are written.
struct OutputSpec {
  bool json = false;        ///< one document at the end
  bool json_stream = false; ///< one line per event
  bool quiet = false;
  bool verbose = false;
  std::string report_path;                         ///< an HTML report, besides; empty: none
  std::optional<packet::ListenAddress> prometheus; ///< serve the figures of the run there
  bool operator==(const OutputSpec&) const = default;
};

/// `report`: results to one HTML text.
struct ReportSpec {
  std::vector<std::string> files; ///< "-": the standard input
  std::string output = "-";       ///< "-": the standard output
  bool operator==(const ReportSpec&) const = default;
};

struct ProbeSpec {
  std::string interface; ///< empty: check the host only
  bool json = false;
  bool operator==(const ProbeSpec&) const = default;
};

struct DemoSpec {
  Nanoseconds duration{5'000'000'000};
  std::uint32_t threads = 1;
  std::vector<int> cpus;
  std::uint32_t frame_size = 64;
  RateLaw rate;
  TxPath via = TxPath::Xdp;
  Nanoseconds interval{1'000'000'000};
  /// A command to run on the test bed instead of the demo, as tests and benchmarks do. It runs in
  /// the near namespace with XTG_NEAR_IF, XTG_FAR_NS ... in its environment.
  std::vector<std::string> command;
  std::uint32_t queues = 2; ///< of the veth pair
  /// None: 1500, or what the frames need.
  std::optional<std::uint32_t> mtu{};
  bool gro = true; ///< at the far end: a veth needs it to receive frames from XDP
  bool far_drops =
      true; ///< an XDP program drops everything there; false: the network stack receives
  OutputSpec output;
  bool operator==(const DemoSpec&) const = default;
};

} // namespace xtg::plan
