// SPDX-License-Identifier: BSD-2-Clause
// The far end of a benchmark's wire: an XDP program of the benchmark's own that counts and drops,
// sends back, or passes on what it does not lose. It may also stand at the near end.
#pragma once

#include <cstdint>
#include <memory>

#include "bench.h"
#include "core/result.h"
#include "net/veth_test_bed.h"

struct xtg_bench_bpf;

namespace xtg::bench {

class FarEnd {
public:
  enum class Kind { Count, Gaps, Lose, SendBack };
  enum class Side { Far, Near };
  static Result<FarEnd> attach(const net::VethTestBed& bed, Kind kind,
                               std::uint64_t interval_ns = 0, Side side = Side::Far);
  FarEnd(FarEnd&&) noexcept;
  ~FarEnd();

  [[nodiscard]] std::uint64_t packets() const;
  [[nodiscard]] bench_gaps gaps() const;

  /// From here on loses this share of the TCP segments with data; what they were starts at 0.
  void lose(double share, std::uint64_t seed);
  [[nodiscard]] bench_loss loss() const;

private:
  FarEnd() = default;
  xtg_bench_bpf* skel_ = nullptr;
  UniqueFd link_;
};

} // namespace xtg::bench
