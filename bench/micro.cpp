// SPDX-License-Identifier: BSD-2-Clause
// What user space computes per run or per frame shown, by Google Benchmark: to see a slip, not to
// boast.
#include <benchmark/benchmark.h>

#include "packet/encode.h"
#include "packet/frame.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/hist.h"
#include "xtg/abi/sweep.h"

namespace {

using namespace xtg::packet;

Frame sample(std::uint32_t size) {
  FrameSpec spec;
  spec.dst_addr = *Ip::parse("198.18.0.2");
  spec.src_addr = *Ip::parse("198.18.0.1");
  spec.frame_size = size;
  Field port;
  port.kind = FieldKind::DstPort;
  port.first = 1000;
  port.count = 1000;
  Sweep sweep;
  sweep.fields = {port};
  return *build(spec, sweep);
}

void build_frame(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(sample(static_cast<std::uint32_t>(state.range(0))));
}
BENCHMARK(build_frame)->Arg(64)->Arg(1518);

void render_frame(benchmark::State& state) {
  const Frame frame = sample(static_cast<std::uint32_t>(state.range(0)));
  std::uint64_t k = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(render(frame, k++, 0, 0));
}
BENCHMARK(render_frame)->Arg(64)->Arg(1518);

void encode_stream(benchmark::State& state) {
  const Frame frame = sample(64);
  for (auto _ : state)
    benchmark::DoNotOptimize(encode(frame));
}
BENCHMARK(encode_stream);

void fold_checksum(benchmark::State& state) {
  std::uint64_t acc = 0x123456789abcdef0;
  for (auto _ : state)
    benchmark::DoNotOptimize(xtg_csum_udp(acc++));
}
BENCHMARK(fold_checksum);

void random_index(benchmark::State& state) {
  std::uint64_t k = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(xtg_sweep_random(1, 0, k++, 1000));
}
BENCHMARK(random_index);

void histogram_cell(benchmark::State& state) {
  std::uint64_t ns = 1;
  for (auto _ : state)
    benchmark::DoNotOptimize(xtg_hist_cell(ns += 977));
}
BENCHMARK(histogram_cell);

} // namespace

BENCHMARK_MAIN();
