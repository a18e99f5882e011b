// SPDX-License-Identifier: BSD-2-Clause
// A run with both ends in one place: what each port sent, what arrived from each port at each other
// one, and the ledgers that follow from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stats/ledger.h"
#include "stats/rate.h"
#include "stats/rx.h"

namespace xtg::stats {

/// What arrived from one port at another, by their indices in the run. T: RxSample or RxSummary.
template <class T>
struct Flow {
  std::size_t from = 0, to = 0;
  T rx;
};

/// An interval.
struct PortTestSample {
  double start_s = 0, end_s = 0;         ///< since the first frame
  std::vector<std::optional<Sample>> tx; ///< by port; none of one that does not send
  std::vector<Flow<RxSample>> flows;     ///< of every sending port to every receiving one
  /// By port: packets it sent that no port has received yet; negative when late packets arrive, as
  /// packets in flight count as lost in one interval and as arrived in the next.
  std::vector<std::int64_t> lost;
  /// By port: the loss of each of its flows is known, too. Not where its packets go to several
  /// ports, or where its driver refused some for good, which leaves gaps in the numbers.
  std::vector<bool> loss_by_flow;
  /// By port: `lost` of the whole run so far.
  std::vector<std::int64_t> missing{};
};

/// Enters `lost` and `loss_by_flow` of one interval after the other.
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
  std::optional<Ledger> ledger; ///< of what it sent
  std::optional<RxSummary> rx;  ///< all that arrived here: its queues, CPUs and what was aside
};

struct PortTestSummary {
  double start_s = 0, end_s = 0; ///< from the first frame to the last one sent
  std::vector<PortSummary> ports;
  std::vector<Flow<RxSummary>> flows;
  EndReason end = EndReason::Amount;
  double cpu_s = 0;
};

/// As PortTestSample::loss_by_flow, over the whole run.
bool loss_by_flow(const PortTestSummary& summary, std::size_t from);

/// The ports whose driver accepted frames, none of which arrived anywhere.
std::vector<std::size_t> silent_senders(const PortTestSummary& summary);

/// The records of one sender.
RxSnapshot of_run(const RxSnapshot& snapshot, std::uint32_t run_id);

/// What arrived, at whichever port: total and streams.
RxSummary all_ports(const PortTestSummary& summary);

/// What the ledgers need to know of a port beside its counters.
struct PortFacts {
  std::optional<std::uint64_t> amount; ///< frames asked for
  bool paced = false;
  /// The port at the other end of the same veth pair. Its kernel counts a frame that the sender's
  /// driver refused as one that the receiving end dropped.
  std::optional<std::size_t> peer;
  Arrivals arrived; ///< of what it sent
};

/// Enters the ledger of every port that sends. `facts`: one for each port.
void add_ledgers(PortTestSummary& summary, const std::vector<PortFacts>& facts);

} // namespace xtg::stats
