// SPDX-License-Identifier: BSD-2-Clause
// Runs the programs that sender_load.cpp has loaded, and reads their counters.
#include "xdp/sender.h"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include <bpf/libbpf.h>

#include "xtg/abi/slots.h"

#include "core/clock.h"
#include "xdp/egress.h"
#include "xdp/libbpf.h"
#include "xdp/sender_impl.h"

namespace xtg::xdp {

Sender::Sender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Sender::Sender(Sender&&) noexcept = default;
Sender& Sender::operator=(Sender&&) noexcept = default;
Sender::~Sender() = default;

const std::string& Sender::count_source_note() const {
  return impl_->source_note;
}
std::size_t Sender::workers() const {
  return impl_->workers;
}
std::size_t Sender::streams() const {
  return impl_->streams;
}
std::span<const std::uint8_t> Sender::page() const {
  return impl_->page;
}

void Sender::set_schedule(std::size_t worker, std::size_t stream, const Schedule& schedule) {
  xtg_tx_cursor& c = impl_->cursor(worker, stream);
  c.deadline_ns = schedule.first_ns;
  c.deadline_frac = schedule.first_frac;
  c.interval_ns = schedule.interval_ns;
  c.interval_frac = schedule.interval_frac;
  c.slot_frames = schedule.slot_frames;
  c.batch_slots = schedule.batch_slots;
  c.catch_up_ns = schedule.catch_up_ns;
}

void Sender::set_next_hop(std::size_t stream, const packet::Mac& mac) {
  for (std::size_t i = 0; i < workers(); i++) {
    xtg_tx_cursor& c = impl_->cursor(i, stream);
    __u64 word = c.first_u64;
    std::copy(mac.bytes.begin(), mac.bytes.end(), reinterpret_cast<std::uint8_t*>(&word));
    poke(c.first_u64, word);
  }
}

void Sender::set_next_hops(std::size_t stream, std::span<const std::uint64_t> macs) {
  auto& hops = impl_->skel->bss->next_hops;
  const std::size_t base = impl_->skel->rodata->streams[stream].hop_base;
  for (std::size_t i = 0; i < macs.size() && base + i < XTG_MAX_NEXT_HOPS; i++)
    poke(hops[base + i], __u64{macs[i]});
}

void Sender::set_batch_slots(std::size_t worker, std::size_t stream, std::uint32_t slots) {
  poke(impl_->cursor(worker, stream).batch_slots, slots);
}

void Sender::set_end_ns(std::uint64_t end_ns) {
  poke(impl_->skel->bss->control.end_ns, __u64{end_ns});
}

void Sender::stop() {
  poke(impl_->skel->bss->control.stop_ns, __u64{monotonic_ns()});
  poke(impl_->skel->bss->control.stop, __u32{1});
}

Result<RunEnd> Sender::run(std::size_t worker, std::span<const std::uint8_t> page,
                           std::uint32_t runs, std::uint32_t batch, std::uint64_t spin_ns) {
  xtg_tx_worker& w = impl_->worker(worker);
  // A call cut short within a batch left claimed frames: they fill the beginning of the first
  // batch, and the rest of it runs idle, so that the program's batches stay aligned with the
  // kernel's.
  const std::uint64_t left = w.send_end - w.seq;
  w.idle_left = left != 0 && left < batch ? static_cast<__u32>(batch - left) : 0;
  w.batch = batch;
  w.spin_ns = spin_ns;
  w.thread = static_cast<__u32>(gettid());

  auto end =
      run_live(impl_->prog_fd, page, impl_->ingress_base + static_cast<__u32>(worker), runs, batch);
  if (w.done == 0) poke(w.last_ns, __u64{monotonic_ns()});
  return end;
}

Status Sender::send_control_frame(std::span<const std::uint8_t> frame) {
  const auto device = impl_->ingress_base + static_cast<std::uint32_t>(workers());
  auto& taken = impl_->skel->bss->control_frames_taken;
  const __u64 before = peek(taken);
  const auto end = run_live(impl_->control_fd, frame, device, 1, 1);
  if (!end) return tl::unexpected<Error>(end.error());
  if (*end == RunEnd::NoMemory) return fail(Errc::System, "the kernel has no memory for it");
  if (impl_->source_note.empty() && peek(taken) == before)
    return fail(Errc::System, "the driver did not take it");
  return {};
}

bool Sender::done(std::size_t worker) const {
  return peek(impl_->worker(worker).done) != 0;
}
std::uint64_t Sender::skipped_slots(std::size_t worker, std::size_t stream) const {
  return peek(impl_->cursor(worker, stream).skipped_slots);
}

std::uint64_t Sender::unclaimed() const {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < streams(); i++) {
    auto& progress = impl_->skel->bss->progress[i];
    const std::uint64_t next = peek(progress.next), total = peek(progress.total);
    const std::uint64_t left = next < total ? total - next : 0;
    out = out + left < out || total == ~std::uint64_t{0} ? ~std::uint64_t{0} : out + left;
    if (out == ~std::uint64_t{0}) return out;
  }
  return out;
}

std::uint64_t Sender::claimed(std::size_t worker) const {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < streams(); i++)
    out += peek(impl_->cursor(worker, i).claimed);
  return out;
}

std::uint64_t Sender::end_ns() const {
  return peek(impl_->skel->bss->control.end_ns);
}

namespace {

bool left_over(xtg_tx_cursor& c) {
  return peek(c.resend_seq) != peek(c.resend_end) || peek(c.rest_seq) != peek(c.rest_end);
}

} // namespace

bool Sender::pending(std::size_t worker) const {
  xtg_tx_worker& w = impl_->worker(worker);
  if (peek(w.seq) != peek(w.send_end)) return true;
  for (std::size_t i = 0; i < streams(); i++)
    if (left_over(impl_->cursor(worker, i))) return true;
  return false;
}

std::uint64_t Sender::next_ns(std::size_t worker) const {
  xtg_tx_worker& w = impl_->worker(worker);
  if (peek(w.seq) != peek(w.send_end)) return 0;
  std::uint64_t next = ~std::uint64_t{0};
  for (std::size_t i = 0; i < streams(); i++) {
    xtg_tx_cursor& c = impl_->cursor(worker, i);
    auto& progress = impl_->skel->bss->progress[i];
    if (peek(c.done) != 0) continue;
    if (left_over(c))
      next = std::min<std::uint64_t>(next, peek(c.retry_ns));
    else if (peek(progress.next) >= peek(progress.total))
      continue; // nothing is left of it
    else if (impl_->skel->rodata->streams[i].paced == 0)
      return 0;
    else
      next = std::min<std::uint64_t>(next, xtg_slot_ns(peek(c.deadline_ns), peek(c.deadline_frac)));
  }
  return next;
}

std::uint64_t Sender::last_sent_ns() const {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < workers(); i++)
    last = std::max<std::uint64_t>(last, peek(impl_->worker(i).last_ns));
  return last;
}

namespace {

/// Frames from `seq` to `end`; 0 if the two readings straddle a change.
std::uint64_t within_batch(std::uint64_t end, std::uint64_t seq) {
  return end > seq && end - seq <= XTG_MAX_BATCH ? end - seq : 0;
}

} // namespace

stats::TxCounters Sender::counters(std::size_t worker, std::size_t stream) const {
  xtg_tx_worker& w = impl_->worker(worker);
  xtg_tx_cursor& cursor = impl_->cursor(worker, stream);
  stats::TxCounters c;
  // Outcomes before attempts: frames in flight between the reads then never make outcomes exceed
  // attempts.
  c.accepted = peek(cursor.accepted);
  c.driver_drops = peek(cursor.driver_drops);
  c.redirect_errors = peek(cursor.redirect_errors);
  c.queue_drops = peek(cursor.queue_drops);
  c.resent = peek(cursor.resent);
  const std::uint64_t taken = peek(cursor.claimed) + c.resent;
  std::uint64_t unsent = within_batch(peek(cursor.rest_end), peek(cursor.rest_seq));
  if (peek(w.stream) == stream) unsent += within_batch(peek(w.send_end), peek(w.seq));
  c.attempts = std::max(taken > unsent ? taken - unsent : 0, c.accepted + c.errors());
  c.skipped_slots = peek(cursor.skipped_slots) * peek(cursor.slot_frames);
  return c;
}

stats::Snapshot Sender::snapshot(bool settled) const {
  stats::Snapshot out;
  const bool traced = impl_->source_note.empty();
  out.source = traced ? stats::CountSource::Tracepoint : stats::CountSource::Link;
  out.workers.resize(workers());
  out.streams.resize(streams());
  std::uint64_t unseen = 0;
  for (std::size_t worker = 0; worker < workers(); worker++)
    for (std::size_t stream = 0; stream < streams(); stream++) {
      stats::TxCounters c = counters(worker, stream);
      if (settled && traced) {
        const std::uint64_t rest = c.attempts - c.accepted - c.errors();
        if (impl_->via == plan::TxPath::Xdp) {
          c.redirect_errors += rest;
          unseen += rest;
        } else {
          c.queued = rest;
        }
      }
      out.workers[worker] += c;
      out.streams[stream] += c;
      out.total += c;
    }

  out.errnos = read_errnos(bpf_map__fd(impl_->skel->maps.errnos));
  if (unseen != 0) out.errnos[ENODEV] += unseen;
  return out;
}

std::uint64_t Sender::in_flight() const {
  if (!impl_->source_note.empty() || impl_->via == plan::TxPath::Xdp) return 0;
  std::uint64_t out = 0;
  for (std::size_t worker = 0; worker < workers(); worker++)
    for (std::size_t stream = 0; stream < streams(); stream++) {
      const stats::TxCounters c = counters(worker, stream);
      out += c.attempts - c.accepted - c.errors();
    }
  return out;
}

std::map<std::string, std::uint64_t> Sender::stack_drops() const {
  std::map<std::string, std::uint64_t> out;
  if (impl_->via != plan::TxPath::Receive) return out;
  for (const auto& [reason, frames] : read_counts(bpf_map__fd(impl_->skel->maps.stack_drops)))
    out[drop_reason_name(reason)] += frames;
  return out;
}

stats::Histogram Sender::release_delay() const {
  stats::Histogram out;
  static_assert(sizeof(impl_->skel->bss->release_delay[0]) ==
                sizeof(std::uint64_t) * XTG_HIST_CELLS);
  for (std::size_t i = 0; i < workers(); i++) {
    std::vector<std::uint64_t> cells(XTG_HIST_CELLS);
    for (std::size_t c = 0; c < cells.size(); c++)
      cells[c] = peek(impl_->skel->bss->release_delay[i][c]);
    out.merge(cells);
  }
  return out;
}

} // namespace xtg::xdp
