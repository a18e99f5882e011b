// SPDX-License-Identifier: BSD-2-Clause
// Where every packet of a run went that both ends of it are known of. Counts are packets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stats/port_test_union.h"
#include "stats/rate.h"
#include "stats/rx.h"

namespace xtg::stats {

/// Which side kept a run from being what was asked for.
enum class Limit : std::uint8_t {
  None,      ///< everything that was asked for was sent and arrived
  Generator, ///< not sent, or refused by the sender's driver
  Receiver,  ///< dropped at the receiving interface
  Path,      ///< lost, or late, in between
};

/// Every packet asked for is in exactly one of the seven members after `asked`, which add up to it.
struct Ledger {
  std::uint64_t asked = 0;
  std::uint64_t not_sent = 0;     ///< slots missed, or the amount not reached
  std::uint64_t driver_drops = 0; ///< by the sender's driver, or never got that far
  std::uint64_t lost = 0;         ///< on the way
  std::uint64_t dropped = 0;      ///< by the receiving interface, as its own counters say
  std::uint64_t received = 0;     ///< arrived once
  std::uint64_t duplicated = 0;   ///< arrived more than once (RFC 5560: replicated)
  std::uint64_t late = 0;         ///< arrived below the window
  std::uint64_t copies = 0;       ///< in no column: surplus copies
  bool exact = true;              ///< else more may be lost or duplicated: see Arrivals
  bool slow = false;              ///< the rate was missed, even if all was sent in the end
  Limit limit = Limit::None;
  bool operator==(const Ledger&) const = default;
};

/// What a ledger is made of.
struct LedgerFacts {
  TxCounters tx;
  EndReason end = EndReason::Amount;
  std::optional<std::uint64_t> amount; ///< frames asked for
  bool paced = false;
  bool short_of_rate = false;       ///< by more than 1 %
  RxCounters received;              ///< the sum over all receiving ports
  Arrivals arrived;                 ///< at any of them
  std::uint64_t receiver_drops = 0; ///< by the receiving interfaces: may count other frames, too
};

Ledger make_ledger(const LedgerFacts& facts);

/// Divides a count by weights, without a remainder; all shares are 0 where all weights are 0.
std::vector<std::uint64_t> share_out(std::uint64_t count,
                                     const std::vector<std::uint64_t>& weights);

} // namespace xtg::stats
