// SPDX-License-Identifier: BSD-2-Clause
// Which of a sender's packets arrived at any port: the union of the windows of its records of all
// ports, queues and CPUs, so that a copy does not replace another packet that is lost.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/rx.h"

namespace xtg::stats {

/// Counts are sequence numbers, each once.
struct Arrivals {
  std::uint64_t numbers = 0;  ///< that arrived
  std::uint64_t repeated = 0; ///< of those, arrived more than once
  /// Else a part of them has left a window, where only each record's count is known: as many as
  /// fit are then counted as different ones, and more may be lost.
  bool exact = true;
  bool operator==(const Arrivals&) const = default;
};

/// Of one stream: its records of all ports, queues and CPUs, with words.
Arrivals arrivals_of(const std::vector<const RxRecord*>& stream);

/// Whether a record is of this session; the compact form has its low bits only.
bool is_of_run(const xtg_rx_key& key, std::uint32_t run_id);

/// `ports`: what each receiving port counted, with words.
Arrivals arrivals_of(const std::vector<const RxSnapshot*>& ports, std::uint32_t run_id);

/// What a sender's driver took, for all_arrived().
struct Taken {
  std::uint32_t run_id = 0;
  std::uint64_t frames = 0;
};

/// Whether all that was sent has arrived, and no more copies arrive: for some time nothing did.
bool all_arrived(const std::vector<const RxSnapshot*>& ports, const std::vector<Taken>& senders,
                 std::uint64_t now_ns);

/// When the last packet arrived; 0: none did.
std::uint64_t last_arrival(const RxSnapshot& snapshot);

} // namespace xtg::stats
