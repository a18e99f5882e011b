// SPDX-License-Identifier: BSD-2-Clause
// A snapshot's records by stream, and what both an interval and a whole run derive from them.
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
/// numbers, used only for the return path.
enum class Numbers : std::uint8_t { Sender, Reflector };

bool has_signature(const RxRecord& record);

/// The records of each stream. An allocated record without a packet has no numbers either.
ByStream by_stream(const RxSnapshot& snapshot, Numbers numbers = Numbers::Sender);

/// Path for the delays of all: one-way and round-trip delays are never combined.
RxPath path_of(const ByStream& streams);

/// For one stream. Packets of several queues are distinguished from copies if the records have
/// their bitmaps, that is, at the end.
RxCounters counters_of(const Records& records);

/// False: some have left the windows, and more may be lost.
bool loss_is_exact(const Records& records);

WideSum delay_sum(const RxRecord& record);

/// The mean; 0 if there are none.
double mean(double sum, std::uint64_t count);

/// Packets with a delay, which the jitter is computed from.
std::uint64_t with_times(const RxCounters& sum);
std::uint64_t least_delay(const Records& records);

/// For one stream.
RxClockVerdict clock_of(const RxSnapshot& snapshot, const Records& records, const RxCounters& sum);

} // namespace xtg::stats
