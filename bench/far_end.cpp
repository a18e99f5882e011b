// SPDX-License-Identifier: BSD-2-Clause
#include "far_end.h"

#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "xtg_bench_bpf.skel.h"

namespace xtg::bench {

namespace {

const bpf_program* program(const xtg_bench_bpf* skel, FarEnd::Kind kind) {
  switch (kind) {
  case FarEnd::Kind::CountLong:
    return skel->progs.bench_count_long;
  case FarEnd::Kind::Gaps:
    return skel->progs.bench_gap;
  case FarEnd::Kind::Lose:
    return skel->progs.bench_lose;
  case FarEnd::Kind::SendBack:
    return skel->progs.bench_send_back;
  case FarEnd::Kind::Count:
    break;
  }
  return skel->progs.bench_count;
}

} // namespace

FarEnd::FarEnd(FarEnd&& other) noexcept
    : skel_(std::exchange(other.skel_, nullptr)), link_(std::move(other.link_)) {}

FarEnd::~FarEnd() {
  link_.reset();
  if (skel_ != nullptr) xtg_bench_bpf::destroy(skel_);
}

Result<FarEnd> FarEnd::attach(const net::VethTestBed& bed, Kind kind, std::uint64_t interval_ns,
                              Side side) {
  FarEnd out;
  out.skel_ = xtg_bench_bpf::open_and_load();
  if (out.skel_ == nullptr) return fail_sys(errno, "load the benchmark's programs");
  out.skel_->bss->interval_ns = interval_ns;
  const bpf_program* prog = program(out.skel_, kind);
  const bool far = side == Side::Far;
  const auto attached = (far ? bed.far_ns() : bed.near_ns()).run([&]() -> Status {
    LIBBPF_OPTS(bpf_link_create_opts, opts);
    const int ifindex = far ? bed.far().ifindex : bed.near().ifindex;
    const int fd = bpf_link_create(bpf_program__fd(prog), ifindex, BPF_XDP, &opts);
    if (fd < 0) return fail_sys(-fd, "attach the far end's program");
    out.link_.reset(fd);
    return {};
  });
  if (!attached) return tl::unexpected<Error>(attached.error());
  return out;
}

std::uint64_t FarEnd::packets() const {
  std::uint64_t sum = 0;
  for (const auto& counter : skel_->bss->counters)
    sum += *const_cast<const volatile __u64*>(&counter.packets);
  return sum;
}

bench_gaps FarEnd::gaps() const {
  return skel_->bss->gaps;
}

void FarEnd::lose(double share, std::uint64_t seed) {
  constexpr double kCertain = 4294967296.0;
  bench_loss rule = {};
  rule.chance = static_cast<__u64>(share * kCertain);
  rule.seed = seed;
  skel_->bss->loss = rule;
}

bench_loss FarEnd::loss() const {
  return skel_->bss->loss;
}

} // namespace xtg::bench
