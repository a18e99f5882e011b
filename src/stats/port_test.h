// SPDX-License-Identifier: BSD-2-Clause
// Results of a run with both ends in one process: what each port sent, what arrived from each port
// at each other port, and the ledgers derived from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stats/ledger.h"
#include "stats/rate.h"
#include "stats/rx.h"

namespace xtg::stats {

/// What arrived from one port at another; indices of ports in the run. T: RxSample or RxSummary.
template <class T>
struct Flow {
  std::size_t from = 0, to = 0;
  T rx;
};

/// One interval.
struct PortTestSample {
  double start_s = 0, end_s = 0;         ///< since the first frame
  std::vector<std::optional<Sample>> tx; ///< by port; none if it does not send
  std::vector<Flow<RxSample>> flows;     ///< from every sending port to every receiving one
  /// By port: packets this port sent that no port has received yet. Negative when late packets
  /// arrive, as packets in flight count as lost in one interval and as arrived in the next.
  std::vector<std::int64_t> lost;
  /// By port: whether the loss of each of its flows is known. Not if its packets go to several
  /// ports, or its driver refused some for good, which leaves gaps in the sequence numbers.
  std::vector<bool> loss_by_flow;
  /// By port: `lost` since the start of the run.
  std::vector<std::int64_t> missing{};
};

/// Computes `lost` and `loss_by_flow` of successive intervals.
class LossSoFar {
public:
  void enter(PortTestSample& sample);

private:
  struct Sender {
    std::uint64_t accepted = 0, refused = 0, resent = 0, lost = 0;
    std::vector<std::uint64_t> arrived; ///< by port
  };
  std::vector<Sender> senders_;
};

struct PortSummary {
  std::optional<Summary> tx;
  std::optional<Ledger> ledger; ///< of the packets it sent
  std::optional<RxSummary>
      rx; ///< all that arrived here, by queue and CPU, with the uncounted frames
};

struct PortTestSummary {
  double start_s = 0, end_s = 0; ///< from the first to the last frame sent
  std::vector<PortSummary> ports;
  std::vector<Flow<RxSummary>> flows;
  EndReason end = EndReason::Amount;
  double cpu_s = 0;
};

/// As PortTestSample::loss_by_flow, for the whole run.
bool loss_by_flow(const PortTestSummary& summary, std::size_t from);

/// Ports whose driver accepted frames of which none arrived anywhere.
std::vector<std::size_t> silent_senders(const PortTestSummary& summary);

/// The records of one sender's streams.
RxSnapshot of_run(const RxSnapshot& snapshot, std::uint32_t run_id);

/// Arrivals at any port: total and by stream.
RxSummary all_ports(const PortTestSummary& summary);

/// Facts about a port that the ledgers need beside its counters.
struct PortFacts {
  std::optional<std::uint64_t> amount; ///< frames requested
  bool paced = false;
  /// The port at the other end of the same veth pair. The kernel counts a frame that the sender's
  /// driver refused as dropped by the receiving end.
  std::optional<std::size_t> peer;
  Arrivals arrived; ///< of the packets it sent
};

/// Computes the ledger of every sending port. `facts`: one for each port.
void add_ledgers(PortTestSummary& summary, const std::vector<PortFacts>& facts);

} // namespace xtg::stats
