// SPDX-License-Identifier: BSD-2-Clause
#include "stats/snapshot.h"

namespace xtg::stats {

TxCounters& TxCounters::operator+=(const TxCounters& other) {
  attempts += other.attempts;
  accepted += other.accepted;
  driver_drops += other.driver_drops;
  redirect_errors += other.redirect_errors;
  queue_drops += other.queue_drops;
  queued += other.queued;
  resent += other.resent;
  skipped_slots += other.skipped_slots;
  nomem_retries += other.nomem_retries;
  return *this;
}

} // namespace xtg::stats
