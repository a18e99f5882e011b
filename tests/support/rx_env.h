// SPDX-License-Identifier: BSD-2-Clause
// One slot of the receiver's accounting: the source that the kernel program runs.
#pragma once

#include <cstdint>
#include <vector>

#include "xtg/abi/base.h"

namespace xtg::test {

/// What the accounting did in loops, of which a packet must not make too much.
inline std::uint64_t rx_steps = 0;

inline long rx_loop(__u32 n, long (*fn)(__u32, void*), void* ctx) {
  __u32 i = 0;
  for (bool over = false; i < n && !over; i++, rx_steps++)
    over = fn(i, ctx) != 0;
  return i;
}

} // namespace xtg::test

#define xtg_rx_loop xtg::test::rx_loop
#include "xtg/abi/rx_seq.h"

namespace xtg::test {

/// A slot and all that belongs to it, as zeroed maps hold them.
class RxFlow {
public:
  /// `window`: sequence numbers, a power of two. `position`: of the stream, where several share it.
  explicit RxFlow(std::uint32_t window, std::uint64_t* position = nullptr)
      : mask_(window / XTG_RX_WORD - 1), words_(XTG_RX_BITMAP_U64S(window)), position_(position) {}

  xtg_rx_verdict packet(std::uint64_t seq, std::uint32_t worker, std::uint32_t size,
                        std::int64_t delay, std::uint64_t now) {
    // Made for every packet, as the program does: nothing may be kept there.
    xtg_rx_state state = state_of(slot_, words_);
    __u64 position = position_ != nullptr ? *position_ : 0;
    if (position_ != nullptr) state.position = &position;
    const xtg_rx_verdict verdict = xtg_rx_packet(&state, &hist_, seq, worker, size, delay, now);
    if (position_ != nullptr) *position_ = position;
    return verdict;
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
    state.bitmap = words.data();
    state.mask = mask_;
    return state;
  }

  std::uint64_t mask_;
  xtg_rx_slot slot_{};
  mutable xtg_rx_order order_{}; ///< finishing leaves it alone
  xtg_rx_hist hist_{};
  std::vector<__u64> words_; ///< both rings
  std::uint64_t* position_;
};

} // namespace xtg::test
