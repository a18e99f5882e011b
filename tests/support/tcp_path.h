// SPDX-License-Identifier: BSD-2-Clause
// One direction of a simulated path: a bottleneck with a queue, a delay, and seeded faults. Times
// are virtual microseconds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "support/tcp_env.h"

namespace xtg::test {

struct PathSpec {
  std::uint64_t delay_us = 1000;
  double loss = 0;
  double duplicate = 0;
  double reorder = 0; ///< this fraction of frames is up to reorder_us late
  std::uint64_t reorder_us = 0;
  double mark = 0;                ///< fraction with a congestion mark (RFC 3168)
  std::uint64_t us_per_frame = 0; ///< of the bottleneck; 0: none
  std::uint64_t queue = 1000;     ///< frames waiting for it; more are lost
  std::pair<std::uint64_t, std::uint64_t> held{0, 0}; ///< from first to second all frames wait
};

template <typename Frame>
class Path {
public:
  Path(const PathSpec& spec, std::uint64_t seed) : spec_(spec), dice_(seed) {}

  PathSpec& spec() { return spec_; }

  void send(std::uint64_t now, Frame frame) {
    sent++;
    if (spec_.us_per_frame) {
      busy_until_ = std::max(busy_until_, now);
      if (busy_until_ - now > spec_.queue * spec_.us_per_frame) {
        lost++;
        return;
      }
      busy_until_ += spec_.us_per_frame;
      now = busy_until_;
    }
    if (dice_.chance(spec_.loss)) {
      lost++;
      return;
    }
    if (dice_.chance(spec_.mark)) {
      frame.marked = true;
      marked++;
    }
    std::uint64_t at = now + spec_.delay_us;
    if (at >= spec_.held.first && at < spec_.held.second) at = spec_.held.second;
    if (dice_.chance(spec_.reorder)) {
      at += dice_.between(1, spec_.reorder_us);
      late++;
    }
    if (dice_.chance(spec_.duplicate)) {
      duplicated++;
      under_way_.emplace(at + dice_.below(100), frame);
    }
    under_way_.emplace(at, std::move(frame));
  }

  [[nodiscard]] bool empty() const { return under_way_.empty(); }
  [[nodiscard]] std::uint64_t next_us() const {
    return empty() ? ~std::uint64_t{0} : under_way_.begin()->first;
  }
  std::pair<std::uint64_t, Frame> take() {
    auto first = std::move(*under_way_.begin());
    under_way_.erase(under_way_.begin());
    return first;
  }

  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::uint64_t late = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t marked = 0;

private:
  PathSpec spec_;
  Dice dice_;
  std::uint64_t busy_until_ = 0;
  std::multimap<std::uint64_t, Frame> under_way_; // equal times: in order of sending
};

} // namespace xtg::test
