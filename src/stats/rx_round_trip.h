// SPDX-License-Identifier: BSD-2-Clause
// Residence time in the reflector, and forward and return path, of a reflected stream. Internal to
// this folder.
#pragma once

#include <span>

#include "stats/rx.h"

namespace xtg::stats {

/// Residence time of the packets of a stream's records; does not fill in the paths.
RxRoundTrip round_trip_of(std::span<const RxRecord* const> records);

/// `whole`: the stream by the sender's numbers; `back`: the same packets by the reflector's. None
/// unless the reflector numbered all of them.
std::optional<RxRoundTripPaths> paths_of(const RxStream& whole, const RxStream& back);

/// The stream's end was announced through the reflector, with the number of frames it had sent
/// back: then losses after the last packet are known, too. `stream`: a round trip with a known
/// `sent`.
void add_reflected(RxStream& stream, const RxAnnouncement& end);

} // namespace xtg::stats
