// SPDX-License-Identifier: BSD-2-Clause
// Additions to a summary if senders announced the end of their runs. Internal to stats.
#pragma once

#include <optional>

#include "stats/rx.h"
#include "stats/rx_interval.h"

namespace xtg::stats {

/// From the first packet to the last, including the latter's interval: waiting before and after is
/// not part of a rate. If all announced runs have ended, only packets with a signature count. None
/// for fewer than two packets. `summary`: has the streams that arrived, and senders.
std::optional<RxSpan> flow_span(const RxSummary& summary);

/// Sums over the streams, including those from add_sent().
void add_sent_to_all(RxSummary& summary);

} // namespace xtg::stats
