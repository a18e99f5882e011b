// SPDX-License-Identifier: BSD-2-Clause
// The ring through which the receiving program delivers sampled frames. Internal to xdp.
#pragma once

#include <cstdint>
#include <memory>

#include "core/result.h"
#include "xdp/receiver.h"

struct ring_buffer;

namespace xtg::xdp {

class SampleRing {
public:
  /// Enough for the frames between two reads.
  static constexpr std::uint32_t kBytes = 8U << 20;

  static Result<SampleRing> open(int map_fd);
  /// As Receiver::take_samples().
  Status take(const TakeSample& take);

private:
  struct Closer {
    void operator()(ring_buffer* ring) const;
  };
  /// Receives the frames of one call; at a fixed address, which libbpf stores.
  struct Taking {
    const TakeSample* take = nullptr;
    std::size_t bytes = 0;
    Status status;
  };
  static int one(void* taking, void* data, std::size_t size);

  std::unique_ptr<Taking> taking_ = std::make_unique<Taking>();
  std::unique_ptr<ring_buffer, Closer> ring_;
};

} // namespace xtg::xdp
