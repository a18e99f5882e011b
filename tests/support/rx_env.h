// SPDX-License-Identifier: BSD-2-Clause
// One slot of the receiver's accounting: the source that the kernel program runs.
#pragma once

#include <cstdint>
#include <vector>

#include "xtg/abi/rx_seq.h"

namespace xtg::test {

/// A slot and all that belongs to it, as zeroed maps hold them.
class RxFlow {
public:
  /// `window`: sequence numbers, a power of two.
  explicit RxFlow(std::uint32_t window) : words_(2 * window / XTG_RX_WORD) {}

  xtg_rx_verdict packet(std::uint64_t seq, std::uint32_t lane, std::uint32_t size,
                        std::int64_t delay, std::uint64_t now) {
    // Made for every packet, as the program does: nothing may be kept there.
    xtg_rx_state state = state_of(slot_, words_);
    return xtg_rx_packet(&state, &hist_, seq, lane, size, delay, now);
  }

  const xtg_rx_slot& slot() const { return slot_; }
  const xtg_rx_hist& hist() const { return hist_; }

  /// As though nothing more came; the flow itself goes on.
  xtg_rx_slot finished() const {
    xtg_rx_slot slot = slot_;
    std::vector<__u64> words = words_;
    xtg_rx_state state = state_of(slot, words);
    xtg_rx_finish(&state);
    return slot;
  }

private:
  xtg_rx_state state_of(xtg_rx_slot& slot, std::vector<__u64>& words) const {
    xtg_rx_state state{};
    state.slot = &slot;
    state.order = &order_;
    state.words = words.data();
    state.mask = words.size() / 2 - 1;
    return state;
  }

  xtg_rx_slot slot_{};
  mutable xtg_rx_order order_{}; ///< finishing leaves it alone
  xtg_rx_hist hist_{};
  std::vector<__u64> words_; ///< both rings
};

} // namespace xtg::test
