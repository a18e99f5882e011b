// SPDX-License-Identifier: BSD-2-Clause
#include "stats/rx_round_trip.h"

#include <algorithm>

#include "stats/rise.h"
#include "xtg/abi/rx_back.h"

namespace xtg::stats {

namespace {

/// A receiver that was there from the start has one of the first numbers, unless all of them were
/// lost: then both sides' numbers count from 0, so that a first frame that was lost is one. One
/// that came later counts from the first frame that it saw.
constexpr std::uint64_t kFirstNumbers = XTG_RX_WINDOW_LEAST;

std::int64_t missing(const RxStream& stream, bool from_start) {
  const std::uint64_t from = from_start ? 0 : stream.first_number;
  return static_cast<std::int64_t>(stream.next_number - from - stream.counters.unique);
}

} // namespace

RxRoundTrip round_trip_of(std::span<const RxRecord* const> records) {
  RxRoundTrip out;
  WideSum sum;
  for (const RxRecord* record : records) {
    const xtg_rx_slot& s = record->slot;
    if (s.stamped == 0) continue;
    out.residence_min = out.stamped == 0
                            ? s.residence_min
                            : std::min<std::uint64_t>(out.residence_min, s.residence_min);
    out.residence_max = std::max<std::uint64_t>(out.residence_max, s.residence_max);
    out.stamped += s.stamped;
    sum += WideSum{s.residence_sum, s.residence_high};
  }
  if (out.stamped != 0) out.residence_mean = sum.value() / static_cast<double>(out.stamped);
  return out;
}

// N numbers were sent. The reflector sent back M frames, each under a number of its own. U of the
// sender's numbers came back and B of the reflector's, of P packets:
//
//   lost                    = N - U
//   lost on the way back    = M - B
//   copies of the way back  = P - B     (one number of the reflector more than once)
//   copies of both ways     = P - U     (one number of the sender more than once)
//   copies of the way there = B - U     (several of the reflector's numbers for one of the
//   sender's)
//
// So the reflector heard M - (B - U) of the sender's numbers, and
//
//   lost on the way there   = N - (M - (B - U)) = (N - U) - (M - B)
//
// A copy of the way there that was lost on the way back is not known to have been one: by as many
// the last figure is too low, and it may be as much as below 0. N and M are told by the highest
// numbers that came, so the last frames, if they were lost, are not in any of these.
std::optional<RxRoundTripPaths> paths_of(const RxStream& whole, const RxStream& back) {
  // One more may have come back already where the records are read while they are written.
  if (back.counters.packets < whole.counters.packets) return std::nullopt;
  const bool from_start = whole.first_number < kFirstNumbers;
  RxRoundTripPaths paths;
  paths.reflected = back.next_number;
  paths.back = back.counters;
  paths.back.lost = missing(back, from_start);
  const std::int64_t there = missing(whole, from_start) - paths.back.lost;
  // A packet whose number is not believed is no copy of another.
  const auto copies = static_cast<std::int64_t>(back.counters.unique - whole.counters.unique) +
                      back.counters.suspect - whole.counters.suspect;
  paths.forward_lost = static_cast<std::uint64_t>(std::max<std::int64_t>(there, 0));
  paths.forward_duplicates = static_cast<std::uint64_t>(std::max<std::int64_t>(copies, 0));
  paths.back_clock = back.clock.clock;
  paths.back_delay = back.delay;
  return paths;
}

void add_reflected(RxStream& stream, const RxAnnouncement& end) {
  const bool told =
      end.reflected && end.reflector_tx_ns != 0 && end.reflector_seq != XTG_RX_UNNUMBERED;
  if (!told || !stream.round_trip->paths) return;
  RxRoundTripPaths& paths = *stream.round_trip->paths;
  paths.reflected = std::max(paths.reflected, end.reflector_seq);
  paths.back.lost = static_cast<std::int64_t>(paths.reflected - paths.back.unique);
  paths.forward_lost =
      static_cast<std::uint64_t>(std::max<std::int64_t>(stream.counters.lost - paths.back.lost, 0));
}

} // namespace xtg::stats
