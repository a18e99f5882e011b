// SPDX-License-Identifier: BSD-2-Clause
// The far end of a benchmark: an XDP program of its own that counts and drops frames, sends them
// back, or passes on those that it does not lose. It may also be attached at the near end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bench.h"
#include "core/result.h"
#include "net/veth_test_bed.h"

struct xtg_bench_bpf;

namespace xtg::bench {

class FarEnd {
public:
  enum class Kind { Count, CountLong, Gaps, Lose, SendBack };
  enum class Side { Far, Near };
  static Result<FarEnd> attach(const net::VethTestBed& bed, Kind kind,
                               std::uint64_t interval_ns = 0, Side side = Side::Far);
  FarEnd(FarEnd&&) noexcept;
  ~FarEnd();

  [[nodiscard]] std::uint64_t packets() const;
  [[nodiscard]] std::function<std::uint64_t()> count() const {
    return [this] { return packets(); };
  }
  [[nodiscard]] bench_gaps gaps() const;

  /// From here on drops this share of the TCP segments with data; the counts of losses start at 0.
  void lose(double share, std::uint64_t seed);
  [[nodiscard]] bench_loss loss() const;

private:
  FarEnd() = default;
  xtg_bench_bpf* skel_ = nullptr;
  UniqueFd link_;
};

} // namespace xtg::bench
