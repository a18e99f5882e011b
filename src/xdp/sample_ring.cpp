// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/sample_ring.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <bpf/libbpf.h>

namespace xtg::xdp {

void SampleRing::Closer::operator()(ring_buffer* ring) const {
  ring_buffer__free(ring);
}

Result<SampleRing> SampleRing::open(int map_fd) {
  SampleRing ring;
  ring.ring_.reset(ring_buffer__new(map_fd, one, ring.taking_.get(), nullptr));
  if (!ring.ring_) return fail_sys(errno, "map the ring of sampled frames");
  return ring;
}

int SampleRing::one(void* context, void* data, std::size_t size) {
  Taking& taking = *static_cast<Taking*>(context);
  xtg_rx_sample sample{};
  if (size < sizeof sample) return -EINVAL;
  std::memcpy(&sample, data, sizeof sample);
  if (size < sizeof sample + sample.captured) return -EINVAL;
  const auto* bytes = static_cast<const std::uint8_t*>(data) + sizeof sample;
  taking.status = (*taking.take)(sample, {bytes, sample.captured});
  taking.bytes += size;
  // A negative return value ends libbpf's call and leaves the rest in the ring.
  return !taking.status || taking.bytes >= kBytes ? -ECANCELED : 0;
}

Status SampleRing::take(const TakeSample& take) {
  *taking_ = {&take, 0, {}};
  const int taken = ring_buffer__consume(ring_.get());
  if (taken < 0 && taken != -ECANCELED) return fail_sys(-taken, "read the sampled frames");
  return std::move(taking_->status);
}

} // namespace xtg::xdp
