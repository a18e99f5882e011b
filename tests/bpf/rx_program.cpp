// SPDX-License-Identifier: BSD-2-Clause
#include "rx_program.h"

#include <sched.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

// The skeleton names the types of the shared ABI, so those headers come first.
#include "xtg/abi/rx.h"
#include "xtg/abi/rx_match.h"
#include "xtg/abi/rx_sample.h"
#include "xtg_rx_bpf.skel.h"

#include "packet/filter.h"

namespace xtg::test {

void RxProgram::Closer::operator()(xtg_rx_bpf* skeleton) const {
  xtg_rx_bpf::destroy(skeleton);
}
void RxProgram::Closer::operator()(ring_buffer* ring) const {
  ring_buffer__free(ring);
}

RxProgram::RxProgram(const RxSetup& setup)
    : skel_(xtg_rx_bpf::open(nullptr)), window_(setup.window) {
  xtg_rx_config config{};
  config.n_slots = setup.n_slots;
  config.window = setup.window;
  config.by_run_id = setup.by_run_id;
  config.run_id_mask = setup.run_id_mask;
  config.run_id = setup.run_id;
  config.by_port = setup.by_port;
  config.port = setup.port;
  config.observe = setup.observe;
  config.has_tai = setup.has_tai;
  config.sender_ahead_ns = setup.sender_ahead_ns;
  config.shared = setup.shared;
  config.limit = setup.limit;
  config.key = setup.key;
  std::memcpy(&skel_->rodata->rx_config, &config, sizeof config);
  std::memcpy(&skel_->rodata->rx_sampling, &setup.sampling, sizeof setup.sampling);
  skel_->rodata->rx_sampling.watch = setup.sampling.why != 0 || setup.sampling.verify != 0 ? 1 : 0;
  bpf_map__set_max_entries(skel_->maps.rx_ring, setup.ring_bytes);
  xtg_rx_filters& filters = skel_->rodata->rx_filters;
  for (const std::string& text : setup.match)
    filters.match[filters.count++] = packet::encode(*packet::Filter::parse(text));
  filters.take = setup.drop_matched ? 1 : 0;
  bpf_map__set_max_entries(skel_->maps.rx_records, setup.n_slots);
  bpf_map__set_value_size(skel_->maps.rx_records, XTG_RX_RECORD(setup.window));
  bpf_map__set_max_entries(skel_->maps.rx_places, setup.n_slots);
  EXPECT_EQ(xtg_rx_bpf::load(skel_.get()), 0) << std::strerror(errno);
  control().started = 1;
  const auto take = [](void* context, void* data, std::size_t size) {
    Shown shown;
    std::memcpy(&shown.about, data, sizeof shown.about);
    const auto* bytes = static_cast<const std::uint8_t*>(data) + sizeof shown.about;
    EXPECT_EQ(size, sizeof shown.about + shown.about.captured);
    shown.bytes.assign(bytes, bytes + shown.about.captured);
    static_cast<RxProgram*>(context)->shown_.push_back(std::move(shown));
    return 0;
  };
  ring_.reset(ring_buffer__new(bpf_map__fd(skel_->maps.rx_ring), take, this, nullptr));
  EXPECT_NE(ring_, nullptr) << std::strerror(errno);
}

std::uint32_t RxProgram::receive(const Bytes& frame) {
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = frame.data();
  opts.data_size_in = static_cast<__u32>(frame.size());
  opts.repeat = 1;
  const int failed = bpf_prog_test_run_opts(bpf_program__fd(skel_->progs.xtg_rx), &opts);
  EXPECT_EQ(failed, 0) << std::strerror(errno) << ", " << frame.size() << " bytes";
  return opts.retval;
}

std::uint32_t RxProgram::receive_on(unsigned cpu, const Bytes& frame) {
  cpu_set_t all, one;
  EXPECT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  CPU_ZERO(&one);
  for (int number = 0, place = 0; number < CPU_SETSIZE; number++)
    if (CPU_ISSET(number, &all) && static_cast<int>(cpu) == place++) CPU_SET(number, &one);
  EXPECT_EQ(sched_setaffinity(0, sizeof one, &one), 0) << "CPU " << cpu << " of this thread";
  const std::uint32_t answer = receive(frame);
  EXPECT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
  return answer;
}

xtg_rx_queue& RxProgram::queue() {
  return skel_->bss->rx_queues[0];
}
xtg_rx_samples& RxProgram::samples() {
  return skel_->bss->rx_samples[0];
}
std::vector<Shown> RxProgram::shown() {
  EXPECT_GE(ring_buffer__consume(ring_.get()), 0);
  return std::exchange(shown_, {});
}
xtg_rx_control& RxProgram::control() {
  return skel_->bss->rx_control;
}

xtg_rx_announcement RxProgram::announcement(std::uint32_t run_id, std::uint16_t stream,
                                            std::uint8_t type, bool reflected) {
  const xtg_rx_announce_key key = {run_id, stream, type, static_cast<__u8>(reflected ? 1 : 0)};
  xtg_rx_announcement out{};
  const int failed = bpf_map_lookup_elem(bpf_map__fd(skel_->maps.rx_announced), &key, &out);
  return failed != 0 ? xtg_rx_announcement{} : out;
}

xtg_rx_slot RxProgram::slot(std::uint32_t number) {
  std::vector<std::uint8_t> record(XTG_RX_RECORD(window_));
  EXPECT_EQ(bpf_map_lookup_elem(bpf_map__fd(skel_->maps.rx_records), &number, record.data()), 0);
  xtg_rx_slot out{};
  std::memcpy(&out, record.data(), sizeof out);
  return out;
}

} // namespace xtg::test
