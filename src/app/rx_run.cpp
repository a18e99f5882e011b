// SPDX-License-Identifier: BSD-2-Clause
#include "app/rx_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/run_common.h"
#include "core/clock.h"
#include "packet/filter.h"
#include "xtg/abi/tx.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kWatchNs = 100'000'000; // how often faults are looked for
constexpr std::uint64_t kAmountNs = 10'000'000; // and whether the amount has come
constexpr std::size_t kBaselines = 16;          // looks: a run begins within that many of its start
constexpr std::uint64_t kSamplesNs = 10'000'000; // how often the ring of sampled frames is emptied

} // namespace

/// What was counted so far. A read that fails ends the run with what was read before.
stats::RxSnapshot RxRun::snapshot(bool words) {
  auto read = listener_.snapshot(words);
  if (!read) {
    fail_run(std::move(read.error()));
    return previous_;
  }
  for (const packet::Filter& filter : plan_.spec.match)
    read->filters.push_back(filter.to_string());
  announced_.apply(*read);
  return std::move(*read);
}

/// From here on, what comes is the run's: of an announced one, all that belongs to it.
void RxRun::start_lines(std::uint64_t now_ns) {
  clock_.restart(now_ns);
  first_.time_ns = now_ns;
  previous_ = first_;
}

void RxRun::open() {
  first_ = {};
  clock_ = run::Clock(monotonic_ns(), plan_.spec.duration, plan_.spec.interval);
  start_lines(clock_.start_ns());
  next_watch_ns_ = clock_.start_ns();
  if (samples_ != nullptr) next_samples_ns_ = clock_.start_ns();
  listener_.start();
}

void RxRun::look_for_announcements(report::Sink& sink) {
  const auto starts = announced_.learn(listener_.receiver());
  if (!starts) return fail_run(starts.error());
  if (*starts) baselines_.push_back(baseline());
  if (baselines_.size() > kBaselines) baselines_.pop_front();
  if (ending()) return;
  if (const auto start = announced_.confirm(listener_.receiver(), sink)) begin_anew(*start);
  if (!announced_.may_be_over()) return;
  const stats::RxSnapshot now = snapshot(false);
  if (ending() || !announced_.over(now)) return;
  end(stats::EndReason::Announced, now.time_ns);
  if (std::string overdue = RxAnnounced::overdue(now); !overdue.empty())
    fail_run({Errc::Peer, 0, std::move(overdue)});
}

RxBaseline RxRun::baseline() {
  RxBaseline baseline;
  baseline.listener = listener_.baseline();
  baseline.arrived = listener_.receiver().arrived();
  baseline.snapshot = snapshot(false);
  std::erase_if(baseline.snapshot.records,
                [](const stats::RxRecord& r) { return r.slot.key.form != XTG_SIG_NONE; });
  return baseline;
}

/// What was counted before the start of this run is not in the report any more.
void RxRun::begin_anew(const stats::RxAnnouncement& start) {
  // The first mark behind the start is the one that was made for it.
  const auto made = std::ranges::find_if(baselines_, [&](const RxBaseline& baseline) {
    return baseline.snapshot.time_ns >= start.arrival_ns;
  });
  RxBaseline own = made == baselines_.end() ? baseline() : std::move(*made);
  baselines_.clear();
  listener_.restart(own.listener);
  first_ = std::move(own.snapshot);
  first_.uncounted.unannounced = stats::not_of(own.arrived, start.run_id);
  const std::uint64_t begun_ns = stats::RxRuns::begin_of(snapshot(false), start.arrival_ns);
  listener_.receiver().restart_sizes(begun_ns);
  announced_.set_baseline(first_, begun_ns);
  first_.records.clear(); // what was faster than this look is the run's as well
  start_lines(begun_ns);
}

std::uint64_t RxRun::next_look_ns() const {
  return std::min({next_watch_ns_, next_samples_ns_, announced_.next_look_ns()});
}

void RxRun::take_samples(std::uint64_t now_ns) {
  next_samples_ns_ = now_ns + kSamplesNs;
  if (auto taken = samples_->take(listener_.receiver()); !taken) fail_run(std::move(taken.error()));
}

/// For faults and for the amount.
void RxRun::watch(std::uint64_t now_ns) {
  const std::uint64_t wanted = plan_.spec.num_packets.value_or(0);
  next_watch_ns_ = now_ns + (wanted != 0 ? kAmountNs : kWatchNs);
  if (auto error = listener_.fault()) return fail_run(std::move(*error));
  if (auto room = listener_.make_room(); !room) return fail_run(std::move(room.error()));
  if (wanted != 0 && listener_.counted() >= wanted) end(stats::EndReason::Amount, now_ns);
}

void RxRun::look(std::uint64_t now_ns, report::Sink& sink) {
  if (now_ns >= next_samples_ns_) take_samples(now_ns);
  if (!ending() && now_ns >= announced_.next_look_ns()) look_for_announcements(sink);
  if (!ending() && now_ns >= next_watch_ns_) watch(now_ns);
}

std::optional<report::Interval> RxRun::line(std::uint64_t) {
  stats::RxSnapshot now = snapshot(false);
  if (ending()) return std::nullopt;
  stats::RxSample sample = stats::rx_delta(previous_, now, clock_.start_ns());
  previous_ = std::move(now);
  return sample;
}

report::Begin RxRun::begin(report::RunInfo info) {
  plan::RxPlan plan = plan_;
  plan.notes.insert(plan.notes.end(), listener_.notes().begin(), listener_.notes().end());
  return report::RxBegin{std::move(plan), std::move(info), listener_.mode()};
}

run::Course::Finished RxRun::conclude(report::Sink& sink, const StopToken&, run::Host&) {
  listener_.stop();
  const std::uint64_t stopped_ns = std::min(monotonic_ns(), clock_.end_ns());
  stats::RxSnapshot last = snapshot(true);
  last.time_ns = stopped_ns;
  if (samples_ != nullptr)
    if (auto done = samples_->finish(listener_.receiver()); !done)
      fail_run(std::move(done.error()));
  if (clock_.worth_a_line(previous_.time_ns, last.time_ns))
    sink.take(stats::rx_delta(previous_, last, clock_.start_ns()));
  report::RxEnd end{stats::rx_summary(first_, last, clock_.start_ns()), {}};
  end.summary.end = reason_.value_or(stats::EndReason::Interrupted);
  if (plan_.spec.verify) end.summary.verified = listener_.verified();
  if (samples_ != nullptr) end.summary.samples = samples_->written();
  if (end.summary.total.sum.packets == 0) blame(silence(end.summary));
  end.verdicts = report::judge(plan_.spec.expect, end.summary);
  return {std::move(end), !plan_.spec.expect.empty()};
}

/// Never a silent zero.
Error RxRun::silence(const stats::RxSummary& summary) const {
  const stats::RxSummary* const end = &summary;
  const report::Nothing why = report::why_nothing({&end, 1});
  const std::string_view none =
      plan_.spec.match.empty() ? "no test frame arrived" : "no frame that is counted arrived";
  return {Errc::Peer, 0,
          fmt::format(
              "{} on {}{}; {}", why.arrived ? "nothing was counted" : none, plan_.iface.name,
              end->all.sent ? fmt::format(" of {} that were sent", *end->all.sent) : std::string(),
              why.text)};
}

} // namespace xtg::app
