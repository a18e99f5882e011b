// SPDX-License-Identifier: BSD-2-Clause
#include "stats/shortfall.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/units.h"
#include "stats/rise.h"

namespace xtg::stats {

std::string explain_shortfall(const Sample& total) {
  if (shortfall_ratio(total) <= 0.01) return "";
  const TxCounters& tx = total.tx;
  const std::uint64_t largest =
      std::max({tx.driver_drops, tx.redirect_errors, tx.queue_drops + tx.queued, tx.skipped_slots});
  if (largest == 0)
    return "the run was too short for its rate: sending began late or ended within a slot";
  if (largest == tx.driver_drops)
    return fmt::format("the driver refused {} frames: its transmit ring was full",
                       with_thousands(tx.driver_drops));
  if (largest == tx.queue_drops + tx.queued)
    return tx.queue_drops == 0
               ? fmt::format("the queueing discipline of the interface still holds {} frames",
                             with_thousands(tx.queued))
           : tx.queued == 0
               ? fmt::format("the queueing discipline of the interface dropped {} frames",
                             with_thousands(tx.queue_drops))
               : fmt::format("the queueing discipline of the interface dropped {} frames and still "
                             "holds {}",
                             with_thousands(tx.queue_drops), with_thousands(tx.queued));
  if (largest == tx.redirect_errors)
    return fmt::format("{} frames could not be handed to the driver",
                       with_thousands(tx.redirect_errors));
  if (tx.resent != 0)
    return fmt::format("{} frames of the schedule were missed while the driver refused others: "
                       "its transmit ring was full",
                       with_thousands(tx.skipped_slots));
  return fmt::format("the sending threads could not keep the schedule and missed {} frames of it; "
                     "more --threads, "
                     "a larger --burst or a lower rate would keep it",
                     with_thousands(tx.skipped_slots));
}

std::string explain_nothing_sent(const TxCounters& tx) {
  if (tx.skipped_slots == 0)
    return "nothing was sent: the run ended before its sending threads got to run";
  return fmt::format("nothing was sent: the sending threads ran too late for all {} frames that "
                     "were due; less load on their CPUs, or a longer run, would help",
                     with_thousands(tx.skipped_slots));
}

void use_link_counters(Snapshot& snapshot, const LinkSent& before, const LinkSent& now,
                       bool settled) {
  TxCounters& total = snapshot.total;
  total.accepted = std::min(rise(before.transmitted, now.transmitted), total.attempts);
  total.driver_drops = std::min(rise(before.refused, now.refused), total.attempts - total.accepted);
  total.redirect_errors = settled ? total.attempts - total.accepted - total.driver_drops : 0;
}

} // namespace xtg::stats
