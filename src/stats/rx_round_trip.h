// SPDX-License-Identifier: BSD-2-Clause
// Time in the reflector, and forward and return path, of a reflected stream. Internal to
// this folder.
#pragma once

#include <span>

#include "stats/rx.h"

namespace xtg::stats {

/// Time in the reflector of the packets of a stream's records; `ways` is not filled in.
RxRoundTrip round_trip_of(std::span<const RxRecord* const> records);

/// `whole`: the stream by the sender's numbers; `back`: the same packets by the reflector's. None
/// unless the reflector numbered all of them.
std::optional<RxRoundTripPaths> paths_of(const RxStream& whole, const RxStream& back);

/// The stream's end was announced by way of the reflector, which said how many frames it had sent
/// back: then what was lost last is known, too. `stream`: a round trip, with what was sent.
void add_reflected(RxStream& stream, const RxAnnouncement& end);

} // namespace xtg::stats
