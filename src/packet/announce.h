// SPDX-License-Identifier: BSD-2-Clause
// Frames that tell a receiver of a run's start and end (xtg/abi/signature.h). They have the headers
// of the stream's packet 0, so that they take the same way through switches and NAT.
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "packet/frame.h"
#include "xtg/abi/siphash.h"

namespace xtg::packet {

enum class AnnouncementKind : std::uint8_t { Start, End };

struct Announcement {
  AnnouncementKind kind = AnnouncementKind::Start;
  std::uint64_t frames = ~std::uint64_t{0}; ///< asked for (~0: no limit), or sequence numbers used
  std::uint64_t driver_drops = 0;           ///< of those, by the sender's driver
  std::uint64_t duration_ns = ~std::uint64_t{0};    ///< of the run; ~0: no limit
  std::uint64_t rate_millipps = 0;                  ///< frames per 1,000 s; 0: as fast as it goes
  std::uint64_t host = 0;                           ///< the sender's boot
  std::uint64_t clock_error_ns = ~std::uint64_t{0}; ///< of its CLOCK_TAI; ~0: not known
  std::uint16_t streams = 1;                        ///< of the run
  std::uint16_t threads = 1;
};

/// The announcement on the wire. `copy` (0, 1, 2 ...) stands in the signature's seq, `tx_ns` is of
/// the clock that the stream's frames are stamped with. `reflector`: with room for reflector
/// timestamps, as the stream's frames have. `key`: of its sum (xtg/abi/announce.h).
Result<std::vector<std::uint8_t>> render_announcement(const Frame& stream, const Announcement& what,
                                                      bool reflector, std::uint64_t copy,
                                                      std::uint64_t tx_ns,
                                                      const xtg_sip_key& key = {});

} // namespace xtg::packet
