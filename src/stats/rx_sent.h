// SPDX-License-Identifier: BSD-2-Clause
// What a summary gains where senders announced the end of their runs. Internal to stats.
#pragma once

#include <optional>

#include "stats/rx.h"
#include "stats/rx_interval.h"

namespace xtg::stats {

/// From the first packet to the last, whose interval belongs to it: what was waited before and
/// behind is not part of a rate. Where all has ended that was announced, of packets with a
/// signature, whatever came without one meanwhile. None of fewer than two packets. `summary`: has
/// the streams that came, and senders.
std::optional<RxSpan> flow_span(const RxSummary& summary);

/// The sums over the streams, to which add_sent() may have added.
void add_sent_to_all(RxSummary& summary);

} // namespace xtg::stats
