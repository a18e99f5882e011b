// SPDX-License-Identifier: BSD-2-Clause
// Which of a sender's packets arrived at any port: the union of the bitmaps of its records on all
// ports, queues and CPUs, so that a copy does not hide a lost packet.
#pragma once

#include <cstdint>
#include <vector>

#include "stats/rx.h"

namespace xtg::stats {

/// Counts are distinct sequence numbers.
struct Arrivals {
  std::uint64_t numbers = 0;  ///< that arrived
  std::uint64_t repeated = 0; ///< of those, arrived more than once
  /// False: some numbers have left a window, where only each record's count is known. As many as
  /// possible are then counted as different ones, and more may be lost.
  bool exact = true;
  bool operator==(const Arrivals&) const = default;
};

/// For one stream: its records on all ports, queues and CPUs, with bitmaps.
Arrivals arrivals_of(const std::vector<const RxRecord*>& stream);

/// Whether a record is of this session; the compact form has only the low bits.
bool is_of_run(const xtg_rx_key& key, std::uint32_t run_id);

/// `ports`: the records of each receiving port, with bitmaps.
Arrivals arrivals_of(const std::vector<const RxSnapshot*>& ports, std::uint32_t run_id);

/// What a sender's driver accepted, for all_arrived().
struct Taken {
  std::uint32_t run_id = 0;
  std::uint64_t frames = 0;
};

/// Whether all sent packets have arrived and no more copies follow: for some time nothing arrived.
bool all_arrived(const std::vector<const RxSnapshot*>& ports, const std::vector<Taken>& senders,
                 std::uint64_t now_ns);

/// When the last packet arrived; 0: none.
std::uint64_t last_arrival(const RxSnapshot& snapshot);

} // namespace xtg::stats
