// SPDX-License-Identifier: BSD-2-Clause
// What a summary gains where senders announced the end of their runs. Internal to stats.
#pragma once

#include <optional>

#include "stats/rx.h"
#include "stats/rx_interval.h"

namespace xtg::stats {

/// Where all has ended that was announced: from the first packet with a signature to the last,
/// whose interval belongs to the run. What was waited before and behind it does not, whatever came
/// without a signature meanwhile. `summary`: has the streams that came, and senders.
std::optional<RxSpan> announced_span(const RxSummary& summary);

/// The sums over the streams, to which add_sent() may have added.
void add_sent_to_all(RxSummary& summary);

} // namespace xtg::stats
