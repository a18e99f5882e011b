// SPDX-License-Identifier: BSD-2-Clause
// A plain scoreboard beside the sender's own: which segments the far end has reported, from the
// same acknowledgments, by RFC 2018 and 2883, segment by segment.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/tcp_env.h"

namespace xtg::test {

class BoardModel {
public:
  /// Offsets of segment starts, and of the last end.
  explicit BoardModel(std::vector<std::uint64_t> starts, std::uint64_t first_seg)
      : starts_(std::move(starts)), first_(first_seg), sacked_(starts_.size()) {}

  std::uint64_t forgotten = 0; ///< times that the far end was found to renege

  /// `e` was accepted.
  void input(const xtg_tcp_flow& f, const xtg_tcp_event& e) {
    const auto off = [&](std::uint32_t seq) {
      return static_cast<std::int64_t>(una_) +
             static_cast<std::int32_t>(seq - (f.isn + static_cast<std::uint32_t>(una_)));
    };
    const std::int64_t ack = off(e.ack);
    if (ack < static_cast<std::int64_t>(una_) || ack > static_cast<std::int64_t>(f.sent_end))
      return;
    for (std::uint32_t i = 0; i < e.n_sack; ++i) {
      const std::int64_t from = off(e.sack[i][0]);
      const std::int64_t to = off(e.sack[i][1]);
      if (i == 0 && to <= ack) continue;
      if (i == 0 && e.n_sack > 1 && from >= off(e.sack[1][0]) && to <= off(e.sack[1][1])) continue;
      for (auto it = std::lower_bound(starts_.begin(), starts_.end(),
                                      static_cast<std::uint64_t>(std::max<std::int64_t>(from, 0)));
           it != starts_.end() && std::next(it) != starts_.end(); ++it) {
        if (static_cast<std::int64_t>(*std::next(it)) > to) break;
        sacked_[static_cast<std::size_t>(it - starts_.begin())] = true;
      }
    }
    una_ = static_cast<std::uint64_t>(ack);
  }

  void start(std::uint64_t una) { una_ = una; }

  /// The retransmission timer is about to expire.
  void timeout(const xtg_tcp_flow& f) {
    if (!sacked(f.una_seg) || f.una_seg >= f.nxt_seg) return;
    forgotten++;
    std::fill(sacked_.begin(), sacked_.end(), false);
  }

  [[nodiscard]] bool sacked(std::uint64_t seg) const { return sacked_.at(seg - first_); }

  /// Describes an error in the sender's scoreboard; empty: none.
  [[nodiscard]] std::string compare(const xtg_tcp_flow& f) const {
    std::uint32_t sacked_out = 0;
    std::uint32_t lost_out = 0;
    for (std::uint64_t seg = f.una_seg; seg < f.nxt_seg; ++seg) {
      const xtg_tcp_word& word = *xtg_tcp_word_at(&f, seg / 64);
      const bool is_sacked = word.sacked >> (seg % 64) & 1;
      const bool is_lost = word.lost >> (seg % 64) & 1;
      const bool is_local = word.local >> (seg % 64) & 1;
      sacked_out += is_sacked;
      lost_out += is_lost;
      if (is_sacked && is_lost) return "sacked and lost: " + std::to_string(seg);
      if (is_local && !is_lost) return "local and not lost: " + std::to_string(seg);
      if (is_sacked != sacked(seg))
        return "sacked is " + std::to_string(is_sacked) + ": " + std::to_string(seg);
    }
    if (sacked_out != f.sacked_out) return "sacked_out";
    if (lost_out != f.lost_out)
      return "lost_out " + std::to_string(f.lost_out) + ", counted " + std::to_string(lost_out);
    if (f.una != una_) return "una";
    if (f.una > f.sent_end || f.sent_end > f.nxt || f.una_seg > f.nxt_seg)
      return "order of offsets";
    if (xtg_tcp_in_flight(&f) != f.nxt_seg - f.una_seg - sacked_out - lost_out && !f.dupacks)
      return "in flight";
    return {};
  }

private:
  std::vector<std::uint64_t> starts_;
  std::uint64_t first_;
  std::vector<bool> sacked_;
  std::uint64_t una_ = 0;
};

} // namespace xtg::test
