// SPDX-License-Identifier: BSD-2-Clause
#include "xdp/sender.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

// The skeleton names the types of the shared ABI, so that header comes first.
#include "xtg/abi/slots.h"
#include "xtg/abi/tx.h"
#include "xtg_bpf.skel.h"

#include "core/clock.h"
#include "core/unique_fd.h"
#include "xdp/libbpf.h"

namespace xtg::xdp {

namespace {

struct Closer {
  void operator()(xtg_bpf* skeleton) const { xtg_bpf::destroy(skeleton); }
};
using Skeleton = std::unique_ptr<xtg_bpf, Closer>;

/// The send program for a run: the variants differ in what is decided when they are compiled.
bpf_program* pick_program(const xtg_bpf& skel, const SenderSpec& spec, bool modest) {
  if (modest) return skel.progs.xtg_tx_modest;
  if (spec.tables.streams.size() > 1) return skel.progs.xtg_tx_multi;
  if (spec.renew) return skel.progs.xtg_tx_renew;
  return spec.tables.streams.front().stamp_each != 0 ? skel.progs.xtg_tx_each : skel.progs.xtg_tx;
}

bool stamps_tai(const SenderSpec& spec) {
  return std::any_of(spec.tables.streams.begin(), spec.tables.streams.end(),
                     [](const xtg_stream& stream) { return stream.stamp_tai != 0; });
}

/// xtg_tx_modest cannot do this.
bool follows_address(const SenderSpec& spec) {
  return std::any_of(spec.tables.streams.begin(), spec.tables.streams.end(),
                     [](const xtg_stream& stream) { return stream.hop_law != XTG_HOP_FIXED; });
}

Result<Skeleton> open_and_load(const SenderSpec& spec, bool tracepoints, bool modest) {
  Skeleton skel(xtg_bpf::open(nullptr));
  if (!skel) return fail_sys(errno, "open the kernel programs");

  auto* rodata = skel->rodata;
  const auto& progs = skel->progs;
  for (bpf_program* prog : {progs.xtg_tx, progs.xtg_tx_each, progs.xtg_tx_multi, progs.xtg_tx_renew,
                            progs.xtg_tx_modest})
    bpf_program__set_autoload(prog, prog == pick_program(*skel, spec, modest));
  bpf_program__set_autoload(skel->progs.xtg_tp_xmit, tracepoints);
  bpf_program__set_autoload(skel->progs.xtg_tp_err, tracepoints);
  bpf_program__set_autoload(progs.xtg_once, spec.once);
  rodata->config.ingress_base = spec.ingress_base;
  rodata->config.to_ifindex = static_cast<__u32>(spec.to_ifindex);
  rodata->config.n_workers = static_cast<__u32>(spec.lanes.size());
  rodata->config.tai = stamps_tai(spec) ? 1 : 0;
  rodata->config.again = spec.again && tracepoints ? 1 : 0;
  rodata->config.renew = spec.renew ? 1 : 0;
  std::copy(spec.tables.streams.begin(), spec.tables.streams.end(), rodata->streams);

  const int error = xtg_bpf::load(skel.get());
  if (error != 0) return fail_sys(-error, "load the kernel programs");
  return skel;
}

} // namespace

struct Sender::Impl {
  Skeleton skel;
  std::vector<LaneSetup> lanes;
  std::uint32_t ingress_base = 0;
  std::string source_note;
  int prog_fd = -1;
  int pass_fd = -1;
  int once_fd = -1;
  // Attachments go before the programs: member order is destruction order reversed.
  std::vector<UniqueFd> links;

  [[nodiscard]] xtg_tx_worker& worker(std::size_t lane) const { return skel->bss->workers[lane]; }
};

Sender::Sender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sender::Sender(Sender&&) noexcept = default;
Sender& Sender::operator=(Sender&&) noexcept = default;
Sender::~Sender() = default;

Result<Sender> Sender::load(const SenderSpec& spec) {
  if (stamps_tai(spec) && !has_tai())
    return fail(Errc::NotSupported,
                "--clock tai: this kernel has no CLOCK_TAI for its programs (it needs Linux 6.1)");
  auto impl = std::make_unique<Impl>();
  bool modest = false;
  auto skel = open_and_load(spec, true, modest);
  if (!skel) {
    impl->source_note = why_no_tracepoint(skel.error());
    skel = open_and_load(spec, false, modest);
    if (!skel && skel.error().code == Errc::NoPermission) {
      if (follows_address(spec))
        return fail(
            Errc::NoPermission,
            "a destination MAC for each address takes CAP_PERFMON, which is missing (setcap "
            "cap_bpf,cap_net_admin,cap_perfmon+ep); or name one for all with --dst-mac");
      modest = true;
      skel = open_and_load(spec, false, modest);
      if (!skel && skel.error().code == Errc::NoPermission)
        return fail_sys(skel.error().sys,
                        "load the send program, which this kernel does only with CAP_PERFMON");
    }
  }
  if (!skel) return tl::unexpected<Error>(load_error(std::move(skel.error())));
  impl->skel = std::move(*skel);
  impl->lanes = spec.lanes;
  impl->ingress_base = spec.ingress_base;
  auto& progs = impl->skel->progs;
  impl->prog_fd = bpf_program__fd(pick_program(*impl->skel, spec, modest));
  impl->pass_fd = bpf_program__fd(progs.xtg_pass);
  if (spec.once) impl->once_fd = bpf_program__fd(progs.xtg_once);

  auto* bss = impl->skel->bss;
  bss->control.end_ns = ~0ULL;
  for (std::size_t i = 0; i < spec.totals.size(); i++)
    bss->progress[i].total = spec.totals[i];
  for (std::size_t i = 0; i < spec.lanes.size(); i++) {
    bss->workers[i].lane = static_cast<__u16>(i);
    bss->workers[i].stream = static_cast<__u16>(spec.lanes[i].stream);
    bss->workers[i].first_word = spec.tables.streams[spec.lanes[i].stream].header[0];
    bss->workers[i].lane_word = spec.lanes[i].lane_word;
    bss->workers[i].again_word = spec.lanes[i].again_word;
    bss->workers[i].value_seq = ~0ULL; // no values yet: the first claim seeks
  }

  std::copy(spec.tables.next_hops.begin(), spec.tables.next_hops.end(), bss->next_hops);
  std::copy(spec.tables.values.begin(), spec.tables.values.end(), bss->listed_values);

  const __u32 slot = 0;
  const __u32 target = static_cast<__u32>(spec.to_ifindex);
  if (bpf_map_update_elem(bpf_map__fd(impl->skel->maps.targets), &slot, &target, 0) != 0)
    return fail_sys(errno, fmt::format("aim at interface {}", spec.to_ifindex));

  if (impl->source_note.empty()) {
    for (bpf_program* prog : {progs.xtg_tp_xmit, progs.xtg_tp_err}) {
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
  return Sender(std::move(impl));
}

Status Sender::attach_anchor() {
  auto link = attach_xdp(impl_->prog_fd, static_cast<int>(impl_->ingress_base), "the send program");
  if (!link) return forward(std::move(link), "keep the send program in the dispatcher");
  impl_->links.push_back(std::move(*link));
  return {};
}

Status Sender::attach_pass(int ifindex) {
  auto link = attach_xdp(impl_->pass_fd, ifindex, "a pass program");
  if (!link) return forward(std::move(link), "have the driver allot its XDP transmit queues");
  impl_->links.push_back(std::move(*link));
  return {};
}

const std::string& Sender::count_source_note() const {
  return impl_->source_note;
}
std::size_t Sender::lanes() const {
  return impl_->lanes.size();
}

void Sender::set_schedule(std::size_t lane, const Schedule& schedule) {
  xtg_tx_worker& w = impl_->worker(lane);
  w.deadline_ns = schedule.first_ns;
  w.deadline_frac = schedule.first_frac;
  w.interval_ns = schedule.interval_ns;
  w.interval_frac = schedule.interval_frac;
  w.slot_frames = schedule.slot_frames;
  w.batch_slots = schedule.batch_slots;
  w.catch_up_ns = schedule.catch_up_ns;
}

void Sender::set_next_hop(const packet::Mac& mac) {
  for (std::size_t i = 0; i < lanes(); i++) {
    __u64 word = impl_->worker(i).first_word;
    std::copy(mac.bytes.begin(), mac.bytes.end(), reinterpret_cast<std::uint8_t*>(&word));
    poke(impl_->worker(i).first_word, word);
  }
}

void Sender::set_next_hops(std::span<const std::uint64_t> macs) {
  auto& hops = impl_->skel->bss->next_hops;
  for (std::size_t i = 0; i < std::min<std::size_t>(macs.size(), XTG_MAX_NEXT_HOPS); i++)
    poke(hops[i], __u64{macs[i]});
}

void Sender::set_batch_slots(std::size_t lane, std::uint32_t slots) {
  poke(impl_->worker(lane).batch_slots, slots);
}

void Sender::set_end_ns(std::uint64_t end_ns) {
  poke(impl_->skel->bss->control.end_ns, __u64{end_ns});
}

void Sender::stop() {
  poke(impl_->skel->bss->control.stop_ns, __u64{monotonic_ns()});
  poke(impl_->skel->bss->control.stop, __u32{1});
}

Result<RunEnd> Sender::run(std::size_t lane, std::span<const std::uint8_t> frame,
                           std::uint32_t runs, std::uint32_t batch, std::uint64_t spin_ns) {
  xtg_tx_worker& w = impl_->worker(lane);
  // A call that broke off within a batch left claimed frames: they fill the first batch's
  // beginning, and the rest of it passes idle, so that the program's batches stay aligned with the
  // kernel's.
  const std::uint64_t left = w.send_end - w.seq;
  w.idle_left = left != 0 && left < batch ? static_cast<__u32>(batch - left) : 0;
  w.batch = batch;
  w.spin_ns = spin_ns;

  auto end =
      run_live(impl_->prog_fd, frame, impl_->ingress_base + static_cast<__u32>(lane), runs, batch);
  if (w.done == 0) poke(w.last_ns, __u64{monotonic_ns()});
  return end;
}

Status Sender::send_once(std::span<const std::uint8_t> frame) {
  const auto device = impl_->ingress_base + static_cast<std::uint32_t>(lanes());
  auto& taken = impl_->skel->bss->once_taken;
  const __u64 before = peek(taken);
  const auto end = run_live(impl_->once_fd, frame, device, 1, 1);
  if (!end) return tl::unexpected<Error>(end.error());
  if (*end == RunEnd::NoMemory) return fail(Errc::System, "the kernel has no memory for it");
  if (impl_->source_note.empty() && peek(taken) == before)
    return fail(Errc::System, "the driver did not take it");
  return {};
}

bool Sender::done(std::size_t lane) const {
  return peek(impl_->worker(lane).done) != 0;
}
std::uint64_t Sender::deadline_ns(std::size_t lane) const {
  xtg_tx_worker& w = impl_->worker(lane);
  return xtg_slot_ns(peek(w.deadline_ns), peek(w.deadline_frac));
}
std::uint64_t Sender::skipped_slots(std::size_t lane) const {
  return peek(impl_->worker(lane).skipped_slots);
}

std::uint64_t Sender::unclaimed(std::uint32_t stream) const {
  auto& progress = impl_->skel->bss->progress[stream];
  const std::uint64_t next = peek(progress.next), total = peek(progress.total);
  return next < total ? total - next : 0;
}

std::uint64_t Sender::claimed(std::size_t lane) const {
  return peek(impl_->worker(lane).claimed);
}

std::uint64_t Sender::end_ns() const {
  return peek(impl_->skel->bss->control.end_ns);
}

bool Sender::pending(std::size_t lane) const {
  xtg_tx_worker& w = impl_->worker(lane);
  return peek(w.seq) != peek(w.send_end) || peek(w.again_seq) != peek(w.again_end) ||
         peek(w.rest_seq) != peek(w.rest_end);
}

std::uint64_t Sender::retry_ns(std::size_t lane) const {
  return peek(impl_->worker(lane).retry_ns);
}

std::uint64_t Sender::last_sent_ns() const {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < lanes(); i++)
    last = std::max<std::uint64_t>(last, peek(impl_->worker(i).last_ns));
  return last;
}

namespace {

/// Frames from `seq` to `end`; 0 for two readings of which only one is from after a change.
std::uint64_t within_batch(std::uint64_t end, std::uint64_t seq) {
  return end > seq && end - seq <= XTG_MAX_BATCH ? end - seq : 0;
}

} // namespace

stats::Snapshot Sender::snapshot(bool settled) const {
  stats::Snapshot out;
  const bool traced = impl_->source_note.empty();
  out.source = traced ? stats::CountSource::Tracepoint : stats::CountSource::Link;
  std::uint64_t unseen = 0;
  for (std::size_t i = 0; i < lanes(); i++) {
    xtg_tx_worker& w = impl_->worker(i);
    stats::TxCounters c;
    // Outcomes before attempts: what is in flight between the reads then never makes outcomes the
    // larger.
    c.accepted = peek(w.accepted);
    c.driver_drops = peek(w.driver_drops);
    c.redirect_errors = peek(w.redirect_errors);
    c.resent = peek(w.resent);
    const std::uint64_t taken = peek(w.claimed) + c.resent;
    const std::uint64_t unsent = within_batch(peek(w.send_end), peek(w.seq)) +
                                 within_batch(peek(w.rest_end), peek(w.rest_seq));
    c.attempts = std::max(taken > unsent ? taken - unsent : 0, c.accepted + c.errors());
    if (settled && traced) {
      const std::uint64_t rest = c.attempts - c.accepted - c.errors();
      c.redirect_errors += rest;
      unseen += rest;
    }
    c.skipped_slots = peek(w.skipped_slots) * peek(w.slot_frames);
    out.total += c;
    out.workers.push_back(c);
  }

  out.errnos = read_errnos(bpf_map__fd(impl_->skel->maps.errnos));
  if (unseen != 0) out.errnos[ENODEV] += unseen;
  return out;
}

stats::Histogram Sender::slip() const {
  stats::Histogram out;
  static_assert(sizeof(impl_->skel->bss->slip[0]) == sizeof(std::uint64_t) * XTG_HIST_CELLS);
  for (std::size_t i = 0; i < lanes(); i++) {
    std::vector<std::uint64_t> cells(XTG_HIST_CELLS);
    for (std::size_t c = 0; c < cells.size(); c++)
      cells[c] = peek(impl_->skel->bss->slip[i][c]);
    out.merge(cells);
  }
  return out;
}

} // namespace xtg::xdp
