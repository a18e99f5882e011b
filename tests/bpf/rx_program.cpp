// SPDX-License-Identifier: BSD-2-Clause
#include "rx_program.h"

#include <sched.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <gtest/gtest.h>

// The skeleton names the types of the shared ABI, so those headers come first.
#include "xtg/abi/rx.h"
#include "xtg/abi/rx_match.h"
#include "xtg/abi/rx_sample.h"
#include "xtg_rx_bpf.skel.h"
#include "xtg_rx_tc_bpf.skel.h"

#include "packet/filter.h"

namespace xtg::test {

void RxProgram::Closer::operator()(ring_buffer* ring) const {
  ring_buffer__free(ring);
}

namespace {

void set_framing(xtg_rx_bpf& /*skel*/, const RxSetup& /*setup*/) {}
void set_framing(xtg_rx_tc_bpf& skel, const RxSetup& setup) {
  skel.rodata->without_link_header = setup.link_header ? 0 : 1;
}

} // namespace

RxProgram::RxProgram(const RxSetup& setup) : by_tc_(setup.by_tc), window_(setup.window) {
  if (by_tc_)
    load<xtg_rx_tc_bpf>(setup);
  else
    load<xtg_rx_bpf>(setup);
}

template <class Skeleton>
void RxProgram::load(const RxSetup& setup) {
  const std::shared_ptr<Skeleton> skel(Skeleton::open(nullptr), Skeleton::destroy);
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
  std::memcpy(&skel->rodata->rx_config, &config, sizeof config);
  std::memcpy(&skel->rodata->rx_sampling, &setup.sampling, sizeof setup.sampling);
  skel->rodata->rx_sampling.watch = setup.sampling.why != 0 || setup.sampling.verify != 0 ? 1 : 0;
  bpf_map__set_max_entries(skel->maps.rx_ring, setup.ring_bytes);
  xtg_rx_filters& filters = skel->rodata->rx_filters;
  for (const std::string& text : setup.match)
    filters.match[filters.count++] = packet::encode(*packet::Filter::parse(text));
  filters.take = setup.drop_matched ? 1 : 0;
  bpf_map__set_max_entries(skel->maps.rx_records, setup.n_slots);
  bpf_map__set_value_size(skel->maps.rx_records, XTG_RX_RECORD(setup.window));
  bpf_map__set_max_entries(skel->maps.rx_places, setup.n_slots);
  set_framing(*skel, setup);
  EXPECT_EQ(Skeleton::load(skel.get()), 0) << std::strerror(errno);
  program_ = bpf_program__fd(skel->progs.xtg_rx);
  announced_ = bpf_map__fd(skel->maps.rx_announced);
  records_ = bpf_map__fd(skel->maps.rx_records);
  queues_ = skel->bss->rx_queues;
  samples_ = skel->bss->rx_samples;
  control_ = &skel->bss->rx_control;
  skel_ = skel;
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
  ring_.reset(ring_buffer__new(bpf_map__fd(skel->maps.rx_ring), take, this, nullptr));
  EXPECT_NE(ring_, nullptr) << std::strerror(errno);
}

std::uint32_t RxProgram::receive(const Bytes& frame) {
  return receive_merged(frame, 0);
}

std::uint32_t RxProgram::receive_merged(const Bytes& frame, std::uint32_t size,
                                        std::uint32_t frames) {
  __sk_buff skb{};
  skb.gso_size = size;
  skb.gso_segs = frames;
  bpf_test_run_opts opts{};
  opts.sz = sizeof opts;
  opts.data_in = frame.data();
  opts.data_size_in = static_cast<__u32>(frame.size());
  opts.repeat = 1;
  if (size != 0) {
    opts.ctx_in = &skb;
    opts.ctx_size_in = sizeof skb;
  }
  const int failed = bpf_prog_test_run_opts(program_, &opts);
  EXPECT_EQ(failed, 0) << std::strerror(errno) << ", " << frame.size() << " bytes";
  if (!by_tc_) return opts.retval;
  EXPECT_TRUE(opts.retval == TC_ACT_SHOT || static_cast<int>(opts.retval) == TC_ACT_UNSPEC);
  return opts.retval == TC_ACT_SHOT ? XDP_DROP : XDP_PASS;
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
  return queues_[0];
}
xtg_rx_samples& RxProgram::samples() {
  return samples_[0];
}
std::vector<Shown> RxProgram::shown() {
  EXPECT_GE(ring_buffer__consume(ring_.get()), 0);
  return std::exchange(shown_, {});
}
xtg_rx_control& RxProgram::control() {
  return *control_;
}

xtg_rx_announcement RxProgram::announcement(std::uint32_t run_id, std::uint16_t stream,
                                            std::uint8_t type, bool reflected) {
  const xtg_rx_announce_key key = {run_id, stream, type, static_cast<__u8>(reflected ? 1 : 0)};
  xtg_rx_announcement out{};
  const int failed = bpf_map_lookup_elem(announced_, &key, &out);
  return failed != 0 ? xtg_rx_announcement{} : out;
}

xtg_rx_slot RxProgram::slot(std::uint32_t number) {
  std::vector<std::uint8_t> record(XTG_RX_RECORD(window_));
  EXPECT_EQ(bpf_map_lookup_elem(records_, &number, record.data()), 0);
  xtg_rx_slot out{};
  std::memcpy(&out, record.data(), sizeof out);
  return out;
}

} // namespace xtg::test
