// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/tcp_sender.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "core/clock.h"
#include "plan/pacing.h"
#include "xdp/libbpf.h"
#include "xdp/tcp_sender_impl.h"

namespace xtg::xdp {

namespace {

constexpr std::uint64_t kPaceLeadNs =
    60'000; // a sleeping thread wakes this long before its deadline

} // namespace

std::uint32_t flow_memory(std::uint32_t board_words) {
  constexpr std::uint32_t kPlace = 96; // hash map element and its bucket
  return sizeof(xtg_tcp_flow) + board_words * sizeof(xtg_tcp_word) + kPlace + 4 +
         4 * sizeof(xtg_tcp_event) + sizeof(xtg_tcp_kept) + sizeof(xtg_tcp_link);
}

TcpSender::TcpSender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TcpSender::TcpSender(TcpSender&&) noexcept = default;
TcpSender& TcpSender::operator=(TcpSender&&) noexcept = default;
TcpSender::~TcpSender() = default;

const std::string& TcpSender::count_source_note() const {
  return impl_->source_note;
}

Status TcpSender::claim(std::uint32_t flow, const xtg_tcp_key& key) {
  const xtg_tcp_place place{flow, flow % impl_->config.n_workers};
  impl_->flows[flow].number = flow;
  impl_->flows[flow].worker = place.worker;
  if (bpf_map_update_elem(bpf_map__fd(impl_->skel->maps.tcp_places), &key, &place, 0) != 0)
    return fail_sys(errno, "add a connection to the map");
  return {};
}

Status TcpSender::read_ts_recent() {
  bpf_link* link = bpf_program__attach_iter(impl_->skel->progs.xtg_tcp_recent, nullptr);
  if (link == nullptr) return fail_sys(errno, "iterate over the TCP sockets");
  const UniqueFd fd(bpf_iter_create(bpf_link__fd(link)));
  bpf_link__destroy(link);
  if (!fd.valid()) return fail_sys(errno, "iterate over the TCP sockets");
  char none[64]; // the program writes nothing: the last read is the only one
  ssize_t got = 0;
  do
    got = read(fd.get(), none, sizeof none);
  while (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)));
  if (got < 0) return fail_sys(errno, "iterate over the TCP sockets");
  return {};
}

void TcpSender::park(std::uint32_t number) {
  xtg_tcp_flow& f = impl_->flows[number];
  xtg_tcp_worker& worker = impl_->worker(f.worker);
  // Twice: a turn in progress may have written a phase of its own.
  for (int i = 0; i < 2; i++) {
    std::atomic_ref<__u32>(f.phase).store(XTG_TCP_PARKED, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const __u64 turns = peek(worker.turns);
    while (turns % 2 != 0 && peek(worker.turns) == turns)
      std::this_thread::yield();
  }
}

Status TcpSender::release(const xtg_tcp_key& key) {
  if (bpf_map_delete_elem(bpf_map__fd(impl_->skel->maps.tcp_places), &key) != 0 && errno != ENOENT)
    return fail_sys(errno, "remove a connection from the map");
  return {};
}

std::uint64_t TcpSender::frames(std::size_t worker) const {
  return peek(impl_->worker(worker).attempts);
}
bool TcpSender::has_events(std::size_t worker) const {
  return peek(impl_->skel->bss->tcp_queues[worker].head) != peek(impl_->worker(worker).event_tail);
}

xtg_tcp_flow TcpSender::flow(std::uint32_t number) const {
  xtg_tcp_flow out;
  std::memcpy(&out, &impl_->flows[number], sizeof out);
  return out;
}
FlowProgress TcpSender::progress(std::uint32_t number) const {
  xtg_tcp_flow& f = impl_->flows[number];
  return {peek(f.una), peek(f.sent_end) >= f.limit};
}
std::uint32_t TcpSender::phase(std::uint32_t number) const {
  return peek(impl_->flows[number].phase);
}

void TcpSender::set_end_ns(std::uint64_t end_ns) {
  poke(impl_->skel->bss->tcp_control.end_ns, __u64{end_ns});
}
void TcpSender::start_pacing(std::uint64_t first_ns) {
  for (std::size_t i = 0; i < impl_->workers(); i++)
    poke(impl_->worker(i).pace_ns, __u64{first_ns});
}
void TcpSender::share_rate() {
  if (impl_->config.pace_ns_q == 0) return;
  std::vector<std::uint32_t> open(impl_->workers());
  for (std::uint32_t i = 0; i < impl_->config.n_flows; i++)
    if (phase(i) == XTG_TCP_OPEN) open[i % open.size()]++;
  const std::vector<std::uint64_t> gaps = plan::share_pace(impl_->config.pace_ns_q, open);
  for (std::size_t i = 0; i < gaps.size(); i++)
    if (gaps[i] != 0) poke(impl_->worker(i).pace_ns_q, __u64{gaps[i]});
}
void TcpSender::stop_new_data() {
  poke(impl_->skel->bss->tcp_control.stop, __u32{1});
}
void TcpSender::stop() {
  poke(impl_->skel->bss->tcp_control.stop, __u32{2});
}

Result<RunEnd> TcpSender::run(std::size_t number, std::span<const std::uint8_t> frame,
                              std::uint32_t runs, std::uint32_t batch) {
  xtg_tcp_worker& worker = impl_->worker(number);
  worker.batch = batch;
  worker.idle_left = 0;
  worker.thread = static_cast<__u32>(gettid());
  worker.batch_used = worker.left % batch; // of a burst that a signal cut short
  return run_live(bpf_program__fd(impl_->skel->progs.xtg_tcp_tx), frame,
                  impl_->config.ingress_base + static_cast<__u32>(number), runs, batch);
}

std::uint32_t TcpSender::next_timer_us(std::size_t worker, std::uint32_t most_us) const {
  const xtg_tcp_wheel& wheel = impl_->skel->bss->tcp_wheels[worker];
  __u32 slot = 0;
  const __u32 wait = xtg_tcp_wheel_wait(&wheel, &slot);
  if (wait == ~0U) return most_us;
  const std::uint32_t at = wheel.clock_us + wait;
  const auto now = static_cast<std::uint32_t>(monotonic_ns() / 1000);
  return xtg_before(at, now) ? 0 : std::min(most_us, at - now);
}

bool TcpSender::wants_look(std::size_t worker, std::uint64_t now_ns) const {
  xtg_tcp_worker& l = impl_->worker(worker);
  auto& control = impl_->skel->bss->tcp_control;
  if (peek(l.sweep) < impl_->config.n_flows || peek(l.round) != peek(control.rounds)) return true;
  const bool ending = peek(control.stop) != 0 || now_ns >= peek(control.end_ns);
  if (ending && peek(l.ended) == 0) return true;
  if (peek(l.ready_head) == peek(l.ready_tail) || now_ns < peek(l.hold_ns)) return false;
  return impl_->config.pace_ns_q == 0 || peek(l.to_poll) != 0 ||
         now_ns + kPaceLeadNs >= peek(l.pace_ns);
}

bool TcpSender::any_timed_out() const {
  for (std::uint32_t i = 0; i < impl_->config.n_flows; i++) {
    xtg_tcp_flow& f = impl_->flows[i];
    if (peek(f.backoff) != 0 && peek(f.phase) == XTG_TCP_OPEN) return true;
  }
  return false;
}

void TcpSender::set_next_hop(const packet::Mac& mac) {
  __u64 head = impl_->config.header[0]; // ends with the first bytes of our own MAC address
  std::memcpy(&head, mac.bytes.data(), mac.bytes.size());
  poke(impl_->skel->bss->tcp_control.link, head);
}

void TcpSender::set_cut(std::uint32_t payload) {
  poke(impl_->skel->bss->tcp_control.cut, __u32{payload});
}

void TcpSender::open_flow(std::uint32_t number, const FlowSetup& setup) {
  xtg_tcp_flow& f = impl_->flows[number];
  const auto now_us = static_cast<std::uint32_t>(monotonic_ns() / 1000);
  f.limit = setup.limit;
  f.isn = setup.isn;
  f.wscale = setup.wscale;
  f.own_window = setup.own_window;
  f.own_wscale = setup.own_wscale;
  f.port_be = __builtin_bswap16(setup.port);
  f.rcv_nxt = setup.rcv_nxt;
  f.tsval_base = setup.tsval_base;
  f.wl1 = setup.wl1;
  f.peer_fin = setup.peer_fin ? 1 : 0;
  xtg_tcp_flow_open(&impl_->config, &f, setup.window, setup.rtt_us, now_us);
  std::atomic_ref<__u32>(f.phase).store(XTG_TCP_OPEN, std::memory_order_release);
  impl_->begin_round();
}

} // namespace xtg::xdp
