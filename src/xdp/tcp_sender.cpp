// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/tcp_sender.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

// The skeleton uses types of the shared ABI, so those headers come first.
#include "xtg/abi/tcp.h"
#include "xtg/abi/tcp_math.h"
#include "xtg/abi/tcp_open.h"
#include "xtg/abi/tcp_wheel.h"
#include "xtg_tcp_bpf.skel.h"

#include "core/clock.h"
#include "core/unique_fd.h"
#include "plan/pacing.h"
#include "xdp/egress.h"
#include "xdp/libbpf.h"
#include "xdp/mapped.h"

namespace xtg::xdp {

namespace {

struct Closer {
  void operator()(xtg_tcp_bpf* skeleton) const { xtg_tcp_bpf::destroy(skeleton); }
};
using Skeleton = std::unique_ptr<xtg_tcp_bpf, Closer>;

/// Same layout as in the kernel programs (bpf/tcp_maps.bpf.h).
struct Chunk {
  std::uint8_t bytes[XTG_TCP_CHUNK + XTG_TCP_OVERLAP];
};

constexpr std::uint64_t kPaceLeadNs =
    60'000; // a sleeping thread wakes this long before its deadline
// Four per flow: the last quarter is reserved for one notice per flow (bpf/tcp_rx.bpf.h).
constexpr __u32 kLeastEvents = 1024, kMostEvents = 4 * XTG_TCP_MAX_FLOWS;

__u32 flows_per_worker(const xtg_tcp_config& c) {
  return (c.n_flows + c.n_workers - 1) / c.n_workers;
}

__u32 chunks(std::size_t bytes) {
  return static_cast<__u32>(std::max<std::size_t>(1, (bytes + XTG_TCP_CHUNK - 1) / XTG_TCP_CHUNK));
}

void size_maps(const xtg_tcp_bpf& skel, const TcpSenderSpec& spec, const xtg_tcp_config& c) {
  const auto& maps = skel.maps;
  bpf_map__set_max_entries(maps.tcp_flows, c.n_flows);
  bpf_map__set_max_entries(maps.tcp_boards, c.n_flows * c.board_words);
  bpf_map__set_max_entries(maps.tcp_events, c.n_workers * (c.events_mask + 1));
  bpf_map__set_max_entries(maps.tcp_ready, c.n_workers * (c.ready_mask + 1));
  bpf_map__set_max_entries(maps.tcp_places, c.n_flows);
  bpf_map__set_max_entries(maps.tcp_kept, c.n_flows);
  bpf_map__set_max_entries(maps.tcp_links, c.n_flows);
  bpf_map__set_max_entries(maps.tcp_flow_rtt, spec.flow_histograms ? c.n_flows : 1);
  bpf_map__set_max_entries(maps.tcp_payload, chunks(spec.payload.size()));
  bpf_map__set_max_entries(maps.tcp_sums,
                           static_cast<__u32>(std::max<std::size_t>(1, spec.sums.size())));
}

/// The tracepoint programs that count on each path.
std::vector<bpf_program*> counters_of(const xtg_tcp_bpf& skel, bool by_tc) {
  const auto& progs = skel.progs;
  if (by_tc) return {progs.xtg_tcp_offer, progs.xtg_tcp_offered, progs.xtg_tcp_free};
  return {progs.xtg_tcp_xmit, progs.xtg_tcp_err};
}

Result<Skeleton> open_and_load(const TcpSenderSpec& spec, bool tracepoints) {
  Skeleton skel(xtg_tcp_bpf::open(nullptr));
  if (!skel) return fail_sys(errno, "open the kernel programs");
  xtg_tcp_config c = spec.config;
  c.events_mask = std::clamp(std::bit_ceil(flows_per_worker(c) * 4), kLeastEvents, kMostEvents) - 1;
  c.ready_mask = std::bit_ceil(flows_per_worker(c) + 1) - 1;
  std::memcpy(&skel->rodata->tcp_config, &c, sizeof c);
  size_maps(*skel, spec, c);
  const auto counters = counters_of(*skel, false), tc_counters = counters_of(*skel, true);
  for (bpf_program* prog : counters)
    bpf_program__set_autoload(prog, tracepoints && c.by_tc == 0);
  for (bpf_program* prog : tc_counters)
    bpf_program__set_autoload(prog, tracepoints && c.by_tc != 0);
  bpf_program__set_autoload(skel->progs.xtg_tcp_egress, c.by_tc != 0);
  bpf_map__set_autocreate(skel->maps.in_drivers, c.by_tc != 0);
  const int error = xtg_tcp_bpf::load(skel.get());
  if (error != 0) return fail_sys(-error, "load the kernel programs");
  return skel;
}

} // namespace

std::uint32_t flow_memory(std::uint32_t board_words) {
  constexpr std::uint32_t kPlace = 96; // hash map element and its bucket
  return sizeof(xtg_tcp_flow) + board_words * sizeof(xtg_tcp_word) + kPlace + 4 +
         4 * sizeof(xtg_tcp_event) + sizeof(xtg_tcp_kept) + sizeof(xtg_tcp_link);
}

struct TcpSender::Impl {
  Skeleton skel;
  xtg_tcp_config config{};
  std::string source_note;
  MappedArray<xtg_tcp_flow> flows;
  bool flow_histograms = false;
  // Attachments end before the programs: destruction is in reverse member order.
  std::vector<UniqueFd> links;

  [[nodiscard]] xtg_tcp_worker& worker(std::size_t i) const { return skel->bss->tcp_workers[i]; }
  [[nodiscard]] std::size_t workers() const { return config.n_workers; }
  /// Makes the workers check all their flows once.
  void begin_round() const { std::atomic_ref<__u32>(skel->bss->tcp_control.rounds)++; }
  Status fill_payload(const TcpSenderSpec& spec) const;
};

Status TcpSender::Impl::fill_payload(const TcpSenderSpec& spec) const {
  if (spec.payload.empty()) return {};
  const std::size_t count = chunks(spec.payload.size());
  auto map = MappedArray<Chunk>::map(bpf_map__fd(skel->maps.tcp_payload), count);
  if (!map) return tl::unexpected<Error>(std::move(map.error()));
  for (std::size_t i = 0; i < count; i++) {
    const auto rest = spec.payload.subspan(i * XTG_TCP_CHUNK);
    std::ranges::copy(rest.first(std::min(rest.size(), sizeof(Chunk))), (*map)[i].bytes);
  }
  auto sums = MappedArray<std::uint32_t>::map(bpf_map__fd(skel->maps.tcp_sums), spec.sums.size());
  if (!sums) return tl::unexpected<Error>(std::move(sums.error()));
  for (std::size_t i = 0; i < spec.sums.size(); i++)
    (*sums)[i] = spec.sums[i];
  return {};
}

TcpSender::TcpSender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TcpSender::TcpSender(TcpSender&&) noexcept = default;
TcpSender& TcpSender::operator=(TcpSender&&) noexcept = default;
TcpSender::~TcpSender() = default;

Result<TcpSender> TcpSender::load(const TcpSenderSpec& spec) {
  auto impl = std::make_unique<Impl>();
  auto skel = open_and_load(spec, true);
  if (!skel) {
    impl->source_note = why_no_tracepoint(skel.error());
    auto again = open_and_load(spec, false);
    if (!again) return tl::unexpected<Error>(load_error(std::move(again.error())));
    skel = std::move(again);
  }
  impl->skel = std::move(*skel);
  std::memcpy(&impl->config, &impl->skel->rodata->tcp_config, sizeof impl->config);
  impl->flow_histograms = spec.flow_histograms;

  auto* bss = impl->skel->bss;
  bss->tcp_control.end_ns = ~0ULL;
  for (std::size_t i = 0; i < impl->workers(); i++) {
    bss->tcp_workers[i].number = static_cast<__u32>(i);
    bss->tcp_workers[i].sweep = static_cast<__u32>(i);
  }
  auto flows =
      MappedArray<xtg_tcp_flow>::map(bpf_map__fd(impl->skel->maps.tcp_flows), impl->config.n_flows);
  if (!flows) return tl::unexpected<Error>(std::move(flows.error()));
  impl->flows = std::move(*flows);
  if (auto filled = impl->fill_payload(spec); !filled)
    return tl::unexpected<Error>(std::move(filled.error()));

  const __u32 slot = 0, target = impl->config.to_ifindex;
  if (impl->config.by_tc == 0 &&
      bpf_map_update_elem(bpf_map__fd(impl->skel->maps.tcp_targets), &slot, &target, 0) != 0)
    return fail_sys(errno, fmt::format("set output interface {}", target));

  if (impl->source_note.empty()) {
    for (bpf_program* prog : counters_of(*impl->skel, impl->config.by_tc != 0)) {
      auto link = attach_tracepoint(prog);
      if (link) {
        impl->links.push_back(std::move(*link));
        continue;
      }
      impl->links.clear();
      impl->source_note =
          fmt::format("tracepoints cannot be attached: {}", std::strerror(link.error().sys));
      break;
    }
  }
  return TcpSender(std::move(impl));
}

Status TcpSender::attach_ingress_devices() {
  auto link = attach_xdp(bpf_program__fd(impl_->skel->progs.xtg_tcp_tx),
                         static_cast<int>(impl_->config.ingress_base), "the send program");
  if (!link) return forward(std::move(link), "attach the send program to the dispatcher");
  impl_->links.push_back(std::move(*link));
  return {};
}

Status TcpSender::attach_egress() {
  const int fd = bpf_program__fd(impl_->skel->progs.xtg_tcp_egress);
  for (std::size_t i = 0; i < impl_->workers(); i++) {
    auto link = attach_tc_ingress(fd, static_cast<int>(impl_->config.ingress_base + i));
    if (!link) return forward(std::move(link), "send frames on from the ingress devices");
    if (link->valid()) impl_->links.push_back(std::move(*link));
  }
  return {};
}

Status TcpSender::attach_pass(int ifindex) {
  auto link =
      attach_xdp(bpf_program__fd(impl_->skel->progs.xtg_tcp_pass), ifindex, "a pass program");
  if (!link) return forward(std::move(link), "make the driver allocate its XDP transmit queues");
  impl_->links.push_back(std::move(*link));
  return {};
}

Status TcpSender::attach_xdp_hook(int ifindex) {
  auto link =
      attach_xdp(bpf_program__fd(impl_->skel->progs.xtg_tcp_rx), ifindex, "the ingress program");
  if (!link) {
    if (link.error().sys == EBUSY || link.error().sys == EEXIST)
      link.error().code = Errc::NotSupported;
    return tl::unexpected<Error>(std::move(link.error()));
  }
  impl_->links.push_back(std::move(*link));
  return {};
}

Status TcpSender::attach_tcx_hook(int ifindex) {
  auto link = attach_tcx(tc_program(), ifindex, "the ingress program");
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  impl_->links.push_back(std::move(*link));
  return {};
}

int TcpSender::tc_program() const {
  return bpf_program__fd(impl_->skel->progs.xtg_tcp_tc);
}

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

std::uint64_t TcpSender::first_data_ns() const {
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < impl_->workers(); i++) {
    const std::uint64_t at = peek(impl_->worker(i).first_data_ns);
    if (at != 0 && (first == 0 || at < first)) first = at;
  }
  return first;
}

std::uint64_t TcpSender::lost_events() const {
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < impl_->workers(); i++)
    lost += peek(impl_->skel->bss->tcp_queues[i].lost);
  return lost;
}

std::uint64_t TcpSender::wrong_checksums() const {
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < impl_->workers(); i++)
    wrong += peek(impl_->skel->bss->tcp_queues[i].unsound);
  return wrong;
}

stats::TcpSeen TcpSender::seen() const {
  const auto* bss = impl_->skel->bss;
  stats::TcpSeen out;
  out.fragments = peek(bss->tcp_untaken.fragments);
  out.refused_headers = peek(bss->tcp_untaken.headers);
  out.too_big = peek(bss->tcp_icmp.too_big);
  out.icmp_errors = peek(bss->tcp_icmp.errors);
  const std::uint32_t last = peek(bss->tcp_icmp.last);
  out.icmp_type = last >> 8;
  out.icmp_code = last & 0xff;
  out.told_mtu = peek(bss->tcp_icmp.mtu);
  out.ipv6 = impl_->config.ipv6 != 0;
  return out;
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

stats::Snapshot TcpSender::snapshot(bool settled) const {
  stats::Snapshot out;
  const bool traced = impl_->source_note.empty();
  out.source = traced ? stats::CountSource::Tracepoint : stats::CountSource::Link;
  std::uint64_t unseen = 0;
  for (std::size_t i = 0; i < impl_->workers(); i++) {
    xtg_tcp_worker& worker = impl_->worker(i);
    stats::TxCounters c;
    c.accepted = peek(worker.accepted);
    c.driver_drops = peek(worker.driver_drops);
    c.redirect_errors = peek(worker.redirect_errors);
    c.queue_drops = peek(worker.queue_drops);
    c.skipped_slots = peek(worker.skipped_slots);
    c.attempts = std::max<std::uint64_t>(peek(worker.attempts), c.accepted + c.errors());
    if (settled && traced) {
      const std::uint64_t rest = c.attempts - c.accepted - c.errors();
      std::uint64_t& outcome = impl_->config.by_tc != 0 ? c.queued : c.redirect_errors;
      outcome += rest;
      if (impl_->config.by_tc == 0) unseen += rest;
    }
    out.total += c;
    out.workers.push_back(c);
  }
  out.errnos = read_errnos(bpf_map__fd(impl_->skel->maps.tcp_errnos));
  if (unseen != 0) out.errnos[ENODEV] += unseen;
  return out;
}

stats::Histogram TcpSender::rtt() const {
  stats::Histogram out;
  for (std::size_t i = 0; i < impl_->workers(); i++) {
    std::vector<std::uint64_t> cells(XTG_HIST_CELLS);
    for (std::size_t c = 0; c < cells.size(); c++)
      cells[c] = peek(impl_->skel->bss->tcp_rtt[i][c]);
    out.merge(cells);
  }
  return out;
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

stats::FlowState TcpSender::flow_state(std::uint32_t number, bool histogram,
                                       std::uint64_t ended_ns) const {
  const xtg_tcp_flow f = flow(number);
  stats::FlowState out;
  out.number = number;
  out.src_port = __builtin_bswap16(f.port_be);
  stats::FlowCounters& c = out.counters;
  c.segments_sent = f.segments_sent;
  c.bytes_sent = f.bytes_sent;
  c.bytes_acked = f.una;
  std::ranges::copy(f.retransmits, c.retransmit_causes.begin());
  std::ranges::copy(f.retransmitted_bytes, c.retransmit_cause_bytes.begin());
  c.spurious = f.spurious;
  c.rto_fired = f.rto_fired;
  c.tail_probes = f.tail_probes;
  c.window_probes = f.window_probes;
  c.dup_acks = f.dup_acks;
  c.acks = f.acks;
  c.bytes_received = f.bytes_received;
  c.ecn_reductions = f.ecn_reductions;
  c.bad_segments = f.bad_segments;
  c.window_limited_us = f.window_us;
  c.zero_window_us = f.zero_us;
  c.idle_us = f.idle_us;
  c.board_limited_us = f.board_us;
  if (f.phase == XTG_TCP_OPEN && f.held != XTG_TCP_HELD_NO) { // time in the current hold
    const std::uint32_t held = static_cast<std::uint32_t>(monotonic_ns() / 1000) - f.held_us;
    const bool window = f.held == XTG_TCP_HELD_WINDOW || f.held == XTG_TCP_HELD_ZERO;
    if (f.held == XTG_TCP_HELD_IDLE) c.idle_us += held;
    if (f.held == XTG_TCP_HELD_BOARD) c.board_limited_us += held;
    if (window) c.window_limited_us += held;
    if (f.held == XTG_TCP_HELD_ZERO) c.zero_window_us += held;
  }
  out.rtt_min_us = f.rtt_min_us;
  out.rtt_smoothed_us = f.srtt_us8 >> 3;
  out.cwnd_segments = impl_->config.congestion == XTG_TCP_CC_NONE ? ~std::uint64_t{0} : f.cwnd;
  out.window_bytes = f.edge > f.una ? f.edge - f.una : 0;
  out.first_ns = f.first_ns;
  // Data not fully acknowledged was in flight until then.
  if (f.first_ns != 0 && ended_ns != 0)
    out.last_ns = f.una == f.nxt ? stats::latest_ns(f.acked_us, ended_ns) : ended_ns;
  if (!histogram || !impl_->flow_histograms) return out;
  std::vector<std::uint32_t> row(XTG_HIST_CELLS);
  if (bpf_map_lookup_elem(bpf_map__fd(impl_->skel->maps.tcp_flow_rtt), &number, row.data()) == 0) {
    std::vector<std::uint64_t> cells(row.begin(), row.end());
    out.rtt.emplace();
    out.rtt->merge(cells);
  }
  return out;
}

} // namespace xtg::xdp
