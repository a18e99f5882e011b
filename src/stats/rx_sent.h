// SPDX-License-Identifier: BSD-2-Clause
// What a summary gains where senders announced the end of their runs. Internal to stats.
#pragma once

#include <optional>

#include "stats/rx.h"
#include "stats/rx_interval.h"

namespace xtg::stats {

/// From the first packet to the last, whose interval belongs to it: waiting before and
/// after is not part of a rate. Where all that was announced has ended, of packets with a
/// signature, not of others meanwhile. None of fewer than two packets. `summary`: has
/// the streams that arrived, and senders.
std::optional<RxSpan> flow_span(const RxSummary& summary);

/// The sums over the streams, to which add_sent() may have added.
void add_sent_to_all(RxSummary& summary);

} // namespace xtg::stats
