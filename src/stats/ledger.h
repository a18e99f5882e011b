// SPDX-License-Identifier: BSD-2-Clause
// Where every packet of a run went, if both ends of the run are known. Counts are packets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stats/port_test_union.h"
#include "stats/rate.h"
#include "stats/rx.h"

namespace xtg::stats {

/// Which side kept a run from delivering what was requested.
enum class Limit : std::uint8_t {
  None,      ///< everything requested was sent and arrived
  Generator, ///< not sent, or refused by the sender's driver
  Receiver,  ///< dropped at the receiving interface
  Path,      ///< lost, or late, on the path
};

/// Every requested packet is in exactly one of the seven members after `asked`, which add up to it.
struct Ledger {
  std::uint64_t asked = 0;
  std::uint64_t not_sent = 0;     ///< missed slots, or amount not reached
  std::uint64_t driver_drops = 0; ///< refused by the sender's driver, or lost before it
  std::uint64_t lost = 0;         ///< on the path
  std::uint64_t dropped = 0;      ///< by the receiving interface, by its own counters
  std::uint64_t received = 0;     ///< arrived exactly once
  std::uint64_t duplicated = 0;   ///< arrived more than once (RFC 5560: replicated)
  std::uint64_t late = 0;         ///< arrived below the window
  std::uint64_t copies = 0;       ///< surplus copies; not part of the sum
  /// Of driver_drops: dropped by the sender's queueing discipline, or still in it.
  std::uint64_t queue_drops = 0;
  bool exact = true; ///< otherwise more may be lost or duplicated: see Arrivals
  bool slow = false; ///< the rate was missed, even if everything was sent in the end
  Limit limit = Limit::None;
  bool operator==(const Ledger&) const = default;
};

/// Input of a ledger.
struct LedgerFacts {
  TxCounters tx;
  EndReason end = EndReason::Amount;
  std::optional<std::uint64_t> amount; ///< frames requested
  bool paced = false;
  bool short_of_rate = false;       ///< by more than 1 %
  RxCounters received;              ///< the sum over all receiving ports
  Arrivals arrived;                 ///< at any receiving port
  std::uint64_t receiver_drops = 0; ///< by the receiving interfaces; may include other frames
};

Ledger make_ledger(const LedgerFacts& facts);

/// Splits a count in proportion to weights, without a remainder; all shares are 0 if all weights
/// are 0.
std::vector<std::uint64_t> share_out(std::uint64_t count,
                                     const std::vector<std::uint64_t>& weights);

} // namespace xtg::stats
