// SPDX-License-Identifier: BSD-2-Clause
// What a trial's final counts say about its load. Pure.
#pragma once

#include <vector>

#include "plan/search_spec.h"
#include "search/goal.h"
#include "stats/ledger.h"
#include "stats/rx.h"

namespace xtg::run {

/// The outcome of a trial from its final counts. `seconds`: how long it sent; `shape`: as
/// requested. What the sender's driver refused or its queueing discipline dropped was not sent.
search::Outcome outcome_of(const std::vector<stats::Ledger>& ledgers, const stats::RxDelay& delay,
                           double seconds, const plan::TrialShape& shape);

} // namespace xtg::run
