// SPDX-License-Identifier: BSD-2-Clause
#include "delay_line.h"

#include <array>
#include <span>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "live_loop.h"
#include "xtg_bench_bpf.skel.h"

namespace xtg::bench {

namespace {

constexpr int kRuns = 65'536; // some 10 ms: then the loop asks whether it is over

/// Middle of the cell that has this part of all below it.
double quantile(std::span<const __u64> cells, std::uint64_t all, double q) {
  const double wanted = q * static_cast<double>(all);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < cells.size(); i++) {
    below += cells[i];
    if (static_cast<double>(below) >= wanted)
      return (static_cast<double>(i) + 0.5) * BENCH_LINE_CELL;
  }
  return 0;
}

} // namespace

DelayLine::DelayLine(DelayLine&& other) noexcept
    : skel_(std::exchange(other.skel_, nullptr)), link_(std::move(other.link_)),
      loop_(std::move(other.loop_)) {}

DelayLine::~DelayLine() {
  if (loop_ && loop_->thread.joinable()) {
    loop_->over = true;
    loop_->thread.join();
  }
  link_.reset();
  if (skel_ != nullptr) xtg_bench_bpf::destroy(skel_);
}

Result<DelayLine> DelayLine::start(const net::VethTestBed& in, const net::VethTestBed& out,
                                   std::uint64_t delay_ns, int cpu) {
  DelayLine line;
  line.skel_ = xtg_bench_bpf::open_and_load();
  if (line.skel_ == nullptr) return fail_sys(errno, "load the benchmark's programs");
  line.skel_->bss->line.delay_ns = delay_ns;
  if (auto ok = aim(line.skel_, out); !ok) return tl::unexpected<Error>(ok.error());
  const auto attached = in.far_ns().run([&]() -> Status {
    LIBBPF_OPTS(bpf_link_create_opts, opts);
    const int prog = bpf_program__fd(line.skel_->progs.bench_line_in);
    const int fd = bpf_link_create(prog, in.far().ifindex, BPF_XDP, &opts);
    if (fd < 0) return fail_sys(-fd, "attach the delay line");
    line.link_.reset(fd);
    return {};
  });
  if (!attached) return tl::unexpected<Error>(attached.error());

  line.loop_ = std::make_unique<Loop>();
  const int prog = bpf_program__fd(line.skel_->progs.bench_line_out);
  line.loop_->thread = std::thread([loop = line.loop_.get(), prog, cpu] {
    const std::array<std::uint8_t, BENCH_SIGN_LEN> frame{};
    loop->done = run_live({.prog = prog, .frame = frame, .batch = 1, .runs = kRuns, .cpu = cpu},
                          [loop] { return !loop->over; });
  });
  return line;
}

Result<Kept> DelayLine::stop() {
  loop_->over = true;
  loop_->thread.join();
  if (!loop_->done) return tl::unexpected<Error>(loop_->done.error());
  const bench_line& line = skel_->bss->line;
  Kept kept;
  kept.frames = line.tail;
  kept.lost = line.overrun + line.other;
  if (kept.frames == 0) return kept;
  kept.mean = static_cast<double>(line.sum_ns) / static_cast<double>(kept.frames);
  kept.p50 = quantile(line.cells, kept.frames, 0.5);
  kept.p99 = quantile(line.cells, kept.frames, 0.99);
  return kept;
}

} // namespace xtg::bench
