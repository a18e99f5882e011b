// SPDX-License-Identifier: BSD-2-Clause
// A snapshot's records by stream, and what both an interval and a whole run take from them.
// Internal to stats.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "stats/rise.h"
#include "stats/rx.h"

namespace xtg::stats {

using Records = std::vector<const RxRecord*>;

using ByStream = std::map<RxName, Records>;

/// Whose sequence numbers a record keeps. Reflected packets have a second record by the reflector's
/// numbers, which counts only for the return path.
enum class Numbers : std::uint8_t { Sender, Reflector };

bool has_signature(const RxRecord& record);

/// The records of each stream. One that is given out but has no packet yet has no numbers either.
ByStream by_stream(const RxSnapshot& snapshot, Numbers numbers = Numbers::Sender);

/// Of the delays of all: those of one way and of two are never added up.
RxPath path_of(const ByStream& streams);

/// Of one stream. Packets of several queues are distinguished from copies where the records have
/// their windows, that is, at the end.
RxCounters counters_of(const Records& records);

/// Whether it is, or a part has left the windows, and more may be lost.
bool loss_is_exact(const Records& records);

WideSum delay_sum(const RxRecord& record);

/// Mean, or 0 of nothing.
double mean(double sum, std::uint64_t count);

/// Packets that have a delay, and of which the jitter is.
std::uint64_t with_times(const RxCounters& sum);
std::uint64_t least_delay(const Records& records);

/// Of one stream.
RxClockVerdict clock_of(const RxSnapshot& snapshot, const Records& records, const RxCounters& sum);

} // namespace xtg::stats
