// SPDX-License-Identifier: BSD-2-Clause
#include "bare_loop.h"

#include <array>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"
#include "live_loop.h"
#include "xtg_bench_bpf.skel.h"

#include "core/clock.h"
#include "packet/frame.h"

namespace xtg::bench {

namespace {

constexpr std::uint32_t kRunId = 0xbe7c4;

/// Starts at the first read, when the loop is running.
class Clock {
public:
  explicit Clock(double seconds) : length_(static_cast<std::uint64_t>(seconds * 1e9)) {}
  bool more() {
    now_ = monotonic_ns();
    if (start_ == 0) start_ = now_;
    return now_ - start_ < length_;
  }
  [[nodiscard]] std::uint64_t passed() const { return now_ - start_; }

private:
  std::uint64_t length_, start_ = 0, now_ = 0;
};

/// A frame from end to end with a full signature and no UDP checksum.
Result<std::vector<std::uint8_t>> signed_frame(const net::VethTestBed& bed) {
  packet::FrameSpec spec;
  spec.dst_mac = bed.far().mac;
  spec.src_mac = bed.near().mac;
  spec.dst_addr = bed.far().v4;
  spec.src_addr = bed.near().v4;
  spec.dst_port = spec.src_port = 9;
  spec.frame_size = BENCH_SIGN_LEN + packet::kFcsBytes;
  spec.udp_checksum = false;
  spec.run_id = kRunId;
  auto frame = packet::build(spec, {});
  if (!frame) return tl::unexpected<Error>(frame.error());
  return packet::render(*frame, 0, 0, 0);
}

/// Loads the programs, sets the test bed as their output, and calls `use` with them.
Status with_programs(const net::VethTestBed& bed,
                     const std::function<Status(xtg_bench_bpf*)>& use) {
  xtg_bench_bpf* skel = xtg_bench_bpf::open_and_load();
  if (skel == nullptr) return fail_sys(errno, "load the benchmark's programs");
  Status done = aim(skel, bed);
  if (done) done = use(skel);
  xtg_bench_bpf::destroy(skel);
  return done;
}

} // namespace

Result<double> run_bare(const net::VethTestBed& bed, Bare kind, double seconds, int cpu) {
  double rate = 0;
  const auto done = with_programs(bed, [&](xtg_bench_bpf* skel) {
    const std::array<std::uint8_t, 60> frame{};
    const int prog = bpf_program__fd(kind == Bare::Redirect ? skel->progs.bench_redirect
                                                            : skel->progs.bench_drop);
    Clock clock(seconds);
    std::uint64_t before = 0;
    auto ran = run_live({.prog = prog, .frame = frame, .cpu = cpu}, [&] {
      if (clock.passed() == 0) before = skel->bss->looped;
      return clock.more();
    });
    rate =
        static_cast<double>(skel->bss->looped - before) * 1e9 / static_cast<double>(clock.passed());
    return ran;
  });
  if (!done) return tl::unexpected<Error>(done.error());
  return rate;
}

Status run_bare_tc(const net::VethTestBed& bed, std::uint32_t frame_bytes, double seconds,
                   int cpu) {
  return with_programs(bed, [&](xtg_bench_bpf* skel) {
    const std::array<std::uint8_t, 60> frame{};
    skel->bss->to_ifindex = static_cast<__u32>(bed.near().ifindex);
    skel->bss->grow_to = frame_bytes > frame.size() ? frame_bytes : 0;
    const LiveLoop loop{.prog = bpf_program__fd(skel->progs.bench_pass),
                        .frame = frame,
                        .cpu = cpu,
                        .send_on = bpf_program__fd(skel->progs.bench_send_on),
                        .ns = &bed.near_ns()};
    Clock clock(seconds);
    return run_live(loop, [&] { return clock.more(); });
  });
}

Status run_signed(const net::VethTestBed& bed, unsigned streams, double seconds, int cpu) {
  auto frame = signed_frame(bed);
  if (!frame) return tl::unexpected<Error>(frame.error());
  return with_programs(bed, [&](xtg_bench_bpf* skel) {
    skel->bss->sign.streams = streams;
    const int prog = bpf_program__fd(skel->progs.bench_signed);
    Clock clock(seconds);
    return run_live({.prog = prog, .frame = *frame, .cpu = cpu}, [&] { return clock.more(); });
  });
}

} // namespace xtg::bench
