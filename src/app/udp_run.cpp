// SPDX-License-Identifier: BSD-2-Clause
// From the first frame to the final count.
#include "app/udp_run.h"

#include <algorithm>
#include <limits>

#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/run_common.h"
#include "core/clock.h"
#include "plan/pacing.h"
#include "stats/shortfall.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kWatchNs = 100'000'000;   // interval of fault checks
constexpr std::uint64_t kLeadInNs = 2'000'000;    // from "go" to the first slot
constexpr std::uint64_t kQueueNs = 3'000'000'000; // until a queueing discipline has sent its frames
constexpr std::uint64_t kSettleNs = 20'000'000;   // until a link's own counters have caught up

bool is_paced(const plan::StreamPlan& stream) {
  return stream.pacing.has_value();
}

/// Slot interval of the fastest stream, over all threads; 0 if a stream is unpaced.
double shortest_gap_ns(const std::vector<plan::StreamPlan>& streams) {
  double gap = std::numeric_limits<double>::infinity();
  for (const plan::StreamPlan& stream : streams)
    gap = std::min(gap, stream.pacing
                            ? 1e9 * stream.pacing->frames_per_slot / stream.pacing->target_pps
                            : 0.0);
  return gap;
}

plan::FrameSize largest_frame(const std::vector<plan::StreamPlan>& streams) {
  plan::FrameSize size = plan::largest_frame(streams.front());
  for (const plan::StreamPlan& stream : streams)
    if (stream.frame.mix.largest() > size.bytes) size = plan::largest_frame(stream);
  return size;
}

/// Or until there is a signal.
void wait_until(std::uint64_t time_ns, int signal_fd) {
  const std::uint64_t now_ns = monotonic_ns();
  if (time_ns <= now_ns) return;
  pollfd signal{signal_fd, POLLIN, 0};
  const timespec left = duration_timespec(Nanoseconds(static_cast<std::int64_t>(time_ns - now_ns)));
  ppoll(&signal, 1, &left, nullptr);
}

} // namespace

UdpRun::~UdpRun() = default;

const std::string& UdpRun::count_source_note() const {
  return sender_->count_source_note();
}

std::uint64_t UdpRun::soon_ns() {
  return monotonic_ns() + kLeadInNs;
}

/// Sets the time of the first frame and thereby all others.
void UdpRun::start_clock(std::uint64_t start_ns) {
  const bool paced = std::ranges::any_of(plan_.streams, &is_paced);
  start_ns_ = paced ? start_ns : std::min(start_ns, monotonic_ns());
  if (plan_.duration) {
    end_ns_ = start_ns_ + static_cast<std::uint64_t>(plan_.duration->count());
    sender_->set_end_ns(end_ns_);
  }
  set_schedules();
  clock_ = run::Clock(start_ns_, std::nullopt, plan_.interval); // the program ends the run
  next_watch_ns_ = start_ns_ + kWatchNs;
  if (const auto before = net::link_counters(plan_.iface.ifindex))
    link_before_ = link_now_ = *before;
  first_ = snapshot(false);
  first_.time_ns = start_ns_;
  previous_ = first_;
  silence_.begin(first_.total, start_ns_);
  if (plan_.iface.ethernet && plan_.via != plan::TxPath::Receive) // next hops have MAC addresses
    follower_.begin(targets_of(plan_), plan_.iface);
}

void UdpRun::set_schedules() {
  const auto threads = static_cast<std::uint32_t>(plan_.cpus.size());
  for (const plan::StreamPlan& stream : plan_.streams) {
    if (!stream.pacing) continue;
    for (std::uint32_t worker = 0; worker < threads; worker++) {
      const plan::Phase phase = plan::phase_of(*stream.pacing, worker, threads);
      xdp::Schedule schedule;
      schedule.first_ns = start_ns_ + phase.ns;
      schedule.first_frac = phase.frac;
      schedule.interval_ns = stream.pacing->interval_ns;
      schedule.interval_frac = stream.pacing->interval_frac;
      schedule.slot_frames = stream.pacing->frames_per_slot;
      schedule.batch_slots = stream.pacing->slots_per_batch;
      schedule.catch_up_ns = plan::kCatchUpNs;
      sender_->set_schedule(worker, stream.id, schedule);
    }
  }
}

stats::Snapshot UdpRun::snapshot(bool settled) {
  stats::Snapshot out = sender_->snapshot(settled);
  out.time_ns = monotonic_ns();
  for (std::size_t worker = 0; worker < out.workers.size(); worker++) {
    out.workers[worker].nomem_retries = nomem_[worker].load(std::memory_order_relaxed);
    out.total.nomem_retries += out.workers[worker].nomem_retries;
  }
  if (out.source == stats::CountSource::Link) add_link_counters(out, settled);
  return out;
}

void UdpRun::add_link_counters(stats::Snapshot& snapshot, bool settled) {
  // A removed interface has no counters any more: the last ones stand.
  if (const auto now = net::link_counters(plan_.iface.ifindex)) link_now_ = *now;
  const auto sent = [](const net::LinkCounters& c) {
    return stats::LinkSent{c.tx_packets, c.tx_dropped + c.tx_errors};
  };
  stats::use_link_counters(snapshot, sent(link_before_), sent(link_now_), settled);
}

/// How long attempts without an accepted frame are tolerated: a second; or, if each frame is
/// offered once (by choice, or because no tracepoint reports driver drops), two slots of a slow
/// stream that has been seen to work.
std::uint64_t UdpRun::patience_ns() const {
  const bool resend = !plan_.once && sender_->count_source_note().empty();
  if (!silence_.ever_accepted() || resend) return kSilenceNs;
  return std::max(kSilenceNs, static_cast<std::uint64_t>(2.5 * shortest_gap_ns(plan_.streams)));
}

/// Faults that end the run: the interface is gone or down, or no frame is accepted.
std::optional<Error> UdpRun::fault(const stats::Snapshot& now) {
  const auto error = [this](std::string_view what) {
    return Error{Errc::System, 0, fmt::format("{} {} during the run", plan_.iface.name, what)};
  };
  const auto state = net::link_state(plan_.iface.ifindex);
  if (state) {
    if (!state->exists) return error("was removed");
    if (!state->up && now.total.accepted != 0) return error("went down");
  }
  if (!silence_.lasts(seen(now, !state || state->running), now.time_ns, patience_ns()))
    return std::nullopt;
  return silence_error(plan_.iface, largest_frame(plan_.streams), now, plan_.via);
}

/// Frames of which the outcome is the interface's doing: a queueing discipline may hold all of them
/// back for a while, or drop them, and be right. Without a carrier all is dropped there.
stats::TxCounters UdpRun::seen(const stats::Snapshot& now, bool carrier) const {
  stats::TxCounters out = now.total;
  if (carrier && plan_.via != plan::TxPath::Xdp && now.source == stats::CountSource::Tracepoint)
    out.attempts = out.accepted + out.driver_drops + out.redirect_errors;
  return out;
}

/// The last frames may lie in a queueing discipline, which sends them at its own rate.
void UdpRun::await_queue() {
  const std::uint64_t until = monotonic_ns() + kQueueNs;
  while (!error() && sender_->in_flight() != 0 && monotonic_ns() < until)
    usleep(2'000);
}

void UdpRun::halt() {
  sender_->stop();
  pool_->stop();
}

void UdpRun::on_end(stats::EndReason, std::uint64_t) {
  halt();
}

bool UdpRun::over() const {
  pollfd finished{finished_.get(), POLLIN, 0};
  return poll(&finished, 1, 0) > 0;
}

void UdpRun::follow_route() {
  const std::uint64_t now_ns = monotonic_ns();
  const RouteFollower::Change change = follower_.look(now_ns);
  for (const RouteFollower::Moved& moved : change.moved)
    for (const std::size_t stream : moved.streams) {
      if (moved.way.hosts.empty())
        sender_->set_next_hop(stream, moved.way.next_hop);
      else
        sender_->set_next_hops(stream, moved.way.hosts);
      if (announcer_) announcer_->set_next_hop(stream, moved.way.next_hop);
    }
  for (const std::string& text : change.notes)
    summary_.notes.push_back(fmt::format("after {:.1f} s: {}", clock_.seconds(now_ns), text));
}

void UdpRun::watch() {
  follow_route();
  if (auto error = fault(snapshot(false))) fail_run(std::move(*error));
}

stats::Sample UdpRun::sample() {
  const stats::Snapshot now = snapshot(false);
  stats::Sample sample = stats::delta(previous_, now, start_ns_, bits_, target_pps_);
  previous_ = now;
  return sample;
}

void UdpRun::look(std::uint64_t now_ns, report::Sink&) {
  if (now_ns < next_watch_ns_) return;
  next_watch_ns_ = now_ns + kWatchNs;
  if (!ending()) watch();
}

std::optional<report::Interval> UdpRun::line(std::uint64_t now_ns) {
  if (ending() || now_ns >= end_ns_) return std::nullopt; // the final count includes the last line
  return sample();
}

/// When sending ended: a call that has sent its last frame skips its remaining runs.
std::uint64_t UdpRun::sent_until_ns() const {
  std::uint64_t until = std::max(sender_->last_sent_ns(), start_ns_ + 1);
  // N slots at a rate take N intervals: the last slot's interval is part of the rate.
  if (target_pps_) until += static_cast<std::uint64_t>(shortest_gap_ns(plan_.streams));
  return std::min(until, end_ns_);
}

/// Whether every stream has an amount, and has sent it.
bool UdpRun::amounts_sent(const stats::Snapshot& last) const {
  const bool resend = !plan_.once && last.source == stats::CountSource::Tracepoint;
  for (std::size_t i = 0; i < plan_.streams.size(); i++) {
    const stats::TxCounters& tx = last.streams[i];
    const std::uint64_t done = resend ? tx.accepted : tx.attempts;
    if (!plan_.streams[i].num_packets || done < *plan_.streams[i].num_packets) return false;
  }
  return true;
}

stats::Summary UdpRun::count(std::optional<stats::Sample>& rest) {
  if (auto joined = pool_->join(); !joined) fail_run(std::move(joined.error()));
  const double ended_s = clock_.seconds(monotonic_ns());
  await_queue();
  // Rates cover whole intervals; the run may have ended within the last one.
  const auto until_end = [ended_s](stats::Sample sample) {
    sample.end_s = std::min(sample.end_s, ended_s);
    return sample;
  };
  if (!count_source_note().empty()) usleep(kSettleNs / 1000);
  stats::Snapshot last = snapshot(true);
  if (announcer_) announcer_->end(last, left_);
  const bool all_sent = amounts_sent(last);
  const stats::EndReason reason = reason_.value_or(
      all_sent || !plan_.duration ? stats::EndReason::Amount : stats::EndReason::Duration);
  last.time_ns = reason == stats::EndReason::Duration ? end_ns_ : sent_until_ns();

  if (clock_.worth_a_line(previous_.time_ns, last.time_ns))
    rest = until_end(stats::delta(previous_, last, start_ns_, bits_, target_pps_));
  if (!error() && last.total.accepted == 0 && last.total.attempts != 0)
    blame(silence_error(plan_.iface, largest_frame(plan_.streams), last, plan_.via));
  if (!error() && last.total.attempts == 0)
    blame({Errc::System, 0,
           reason == stats::EndReason::Interrupted ? "interrupted before anything was sent"
                                                   : stats::explain_nothing_sent(last.total)});

  summary_.total = until_end(stats::delta(first_, last, start_ns_, bits_, target_pps_));
  summary_.end = error() ? stats::EndReason::Failed : reason;
  summary_.source = last.source;
  summary_.errnos = last.errnos;
  summary_.stack_drops = sender_->stack_drops();
  if (std::ranges::any_of(plan_.streams, &is_paced))
    summary_.release_delay = sender_->release_delay();
  summary_.first_frame_ns = start_ns_;
  summary_.first_frame_s = static_cast<double>(start_ns_ - started_ns_) * 1e-9;
  summary_.shortfall = stats::explain_shortfall(summary_.total);
  return std::move(summary_);
}

report::Begin UdpRun::begin(report::RunInfo info) {
  plan::Plan plan = plan_;
  plan.notes.insert(plan.notes.end(), notes_.begin(), notes_.end());
  return report::UdpBegin{std::move(plan), with_source(std::move(info), count_source_note())};
}

void UdpRun::start_at(std::uint64_t start_ns) {
  start_clock(start_ns);
  pool_->go();
}

void UdpRun::start(const StopToken& stop) {
  if (announcer_) announcer_->start(stop.fd());
  if (earliest_ns_ != 0 && !std::ranges::any_of(plan_.streams, &is_paced))
    wait_until(earliest_ns_, stop.fd()); // without a schedule frames leave at once
  start_at(std::max(soon_ns(), earliest_ns_));
}

run::Course::Finished UdpRun::conclude(report::Sink& sink, const StopToken&, run::Host&) {
  std::optional<stats::Sample> rest;
  stats::Summary summary = count(rest);
  if (announcer_)
    for (const std::string& warning : announcer_->warnings())
      sink.take(report::Warning{warning});
  if (rest) sink.take(*rest);
  return {std::move(summary)};
}

} // namespace xtg::app
