// SPDX-License-Identifier: BSD-2-Clause
// What senders announced of their runs (xtg_sig_announce in xtg/abi/signature.h).
#pragma once

#include <cstdint>
#include <map>

#include "core/host_clock.h"

namespace xtg::stats {

/// One announcement as the kernel entered it; its copies are one.
struct RxAnnouncement {
  std::uint32_t run_id = 0;
  std::uint16_t stream = 0;
  bool end = false;       ///< else a start
  bool reflected = false; ///< a reflector sent it back
  bool tai = false;       ///< the stream's send times are CLOCK_TAI
  std::uint64_t frames = 0;
  std::uint64_t driver_drops = 0;
  std::uint64_t duration_ns = 0;
  std::uint64_t rate_millipps = 0;
  std::uint64_t host = 0;
  std::uint64_t clock_error_ns = kNotInStep;
  std::uint32_t frame_size = 0; ///< with FCS
  std::uint16_t streams = 0;
  std::uint16_t threads = 0;
  std::uint64_t arrival_ns = 0; ///< of the first copy
  std::uint32_t seen = 0;       ///< copies
  // Reflector timestamps of the last copy.
  std::uint64_t reflector_seq = 0, reflector_rx_ns = 0, reflector_tx_ns = 0;
};

/// What one record received, by which a run may be identified.
struct RxArrived {
  std::uint32_t run_id = 0;
  bool compact = false; ///< of the session only the low 16 bits are known
  std::uint64_t packets = 0;
  std::uint64_t suspect = 0; ///< not in `packets`
  std::uint64_t last_ns = 0; ///< arrival of the last one
};

/// A session, as its sender announced it.
struct RxSender {
  std::uint32_t run_id = 0;
  bool start_seen = false; ///< else only ends: what was sent before this receiver is among the lost
  bool overdue = false;    ///< the announced time is over, and the end was not announced
  RxAnnouncement about;    ///< its start, or its first end
  std::map<std::uint16_t, RxAnnouncement> ends; ///< by stream

  /// Every stream has ended.
  [[nodiscard]] bool ended() const { return !ends.empty() && ends.size() >= about.streams; }
};

} // namespace xtg::stats
