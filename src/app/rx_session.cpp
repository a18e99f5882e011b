// SPDX-License-Identifier: BSD-2-Clause
#include "app/rx_session.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>

#include <fmt/format.h>

#include "app/run_common.h"
#include "core/clock.h"
#include "packet/filter.h"
#include "xtg/abi/tx.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kWatchNs = 100'000'000; // how often faults are looked for
constexpr std::uint64_t kAmountNs = 10'000'000; // and whether the amount has come
constexpr std::size_t kMarks = 16;              // looks: a run begins within that many of its start
constexpr std::uint64_t kSamplesNs = 10'000'000; // how often the ring of sampled frames is emptied

} // namespace

/// What was counted so far. A read that fails ends the run with what was read before.
stats::RxSnapshot RxSession::snapshot(bool words) {
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
void RxSession::start_lines(std::uint64_t now_ns) {
  start_ns_ = now_ns;
  first_.time_ns = start_ns_;
  previous_ = first_;
  next_line_ns_ = start_ns_ + static_cast<std::uint64_t>(plan_.spec.interval.count());
}

void RxSession::start() {
  first_ = {};
  start_lines(monotonic_ns());
  end_ns_ = plan_.spec.duration
                ? start_ns_ + static_cast<std::uint64_t>(plan_.spec.duration->count())
                : ~std::uint64_t{0};
  next_watch_ns_ = start_ns_;
  if (samples_ != nullptr) next_samples_ns_ = start_ns_;
  listener_.start();
}

void RxSession::look_for_announcements(report::Sink& reporter) {
  const auto starts = announced_.learn(listener_.receiver());
  if (!starts) return fail_run(starts.error());
  if (*starts) marks_.push_back(mark());
  if (marks_.size() > kMarks) marks_.pop_front();
  if (reason_) return;
  if (const auto start = announced_.confirm(listener_.receiver(), reporter)) begin(*start);
  if (!announced_.may_be_over()) return;
  const stats::RxSnapshot now = snapshot(false);
  if (reason_ || !announced_.over(now)) return;
  reason_ = stats::EndReason::Announced;
  if (std::string overdue = RxAnnounced::overdue(now); !overdue.empty())
    fail_run({Errc::Peer, 0, std::move(overdue)});
}

RxMark RxSession::mark() {
  RxMark mark;
  mark.listener = listener_.mark();
  mark.came = listener_.receiver().came();
  mark.snapshot = snapshot(false);
  std::erase_if(mark.snapshot.records,
                [](const stats::RxRecord& r) { return r.slot.key.form != XTG_SIG_NONE; });
  return mark;
}

/// What was counted before the start of this run is not in the report any more.
void RxSession::begin(const stats::RxAnnouncement& start) {
  // The first mark behind the start is the one that was made for it.
  const auto made = std::ranges::find_if(
      marks_, [&](const RxMark& mark) { return mark.snapshot.time_ns >= start.arrival_ns; });
  RxMark own = made == marks_.end() ? mark() : std::move(*made);
  marks_.clear();
  listener_.restart(own.listener);
  first_ = std::move(own.snapshot);
  first_.aside.unannounced = stats::not_of(own.came, start.session);
  const std::uint64_t begun_ns = stats::RxRuns::begin_of(snapshot(false), start.arrival_ns);
  listener_.receiver().restart_sizes(begun_ns);
  announced_.set_aside(first_, begun_ns);
  first_.records.clear(); // what was faster than this look is the run's as well
  start_lines(begun_ns);
}

void RxSession::fail_run(Error error) {
  if (!result_.error) result_.error = std::move(error);
  reason_ = stats::EndReason::Failed;
}

void RxSession::take_signals(Signals& signals) {
  if (signals.take().asked == Asked::Nothing) return;
  reason_ = stats::EndReason::Interrupted;
}

int RxSession::wait_ms() const {
  const std::uint64_t now = monotonic_ns(),
                      at = std::min({next_line_ns_, next_watch_ns_, next_samples_ns_, end_ns_,
                                     announced_.next_look_ns()});
  return at <= now ? 0
                   : static_cast<int>(std::min<std::uint64_t>((at - now) / 1'000'000 + 1, 1000));
}

void RxSession::take_samples(std::uint64_t now_ns) {
  next_samples_ns_ = now_ns + kSamplesNs;
  if (auto taken = samples_->take(listener_.receiver()); !taken) fail_run(std::move(taken.error()));
}

/// What is due: the end, a look for faults and for the amount, an interval's line.
void RxSession::look(report::Sink& reporter, const std::ostream& out) {
  const std::uint64_t now_ns = monotonic_ns();
  if (now_ns >= end_ns_) {
    reason_ = stats::EndReason::Duration;
    return;
  }
  if (now_ns >= next_samples_ns_) take_samples(now_ns);
  if (reason_) return;
  const std::uint64_t wanted = plan_.spec.num_packets.value_or(0);
  if (now_ns >= announced_.next_look_ns()) {
    look_for_announcements(reporter);
    if (reason_) return;
  }
  if (now_ns >= next_watch_ns_) {
    next_watch_ns_ = now_ns + (wanted != 0 ? kAmountNs : kWatchNs);
    if (auto error = listener_.fault()) return fail_run(std::move(*error));
    if (auto room = listener_.make_room(); !room) return fail_run(std::move(room.error()));
    if (wanted != 0 && listener_.counted() >= wanted) {
      reason_ = stats::EndReason::Amount;
      return;
    }
  }
  if (now_ns < next_line_ns_) return;
  const auto interval = static_cast<std::uint64_t>(plan_.spec.interval.count());
  while (next_line_ns_ <= now_ns)
    next_line_ns_ += interval;
  stats::RxSnapshot now = snapshot(false);
  if (reason_) return;
  reporter.take(stats::rx_delta(previous_, now, start_ns_));
  previous_ = std::move(now);
  if (!out) fail_run(output_error(out));
}

/// The final count.
void RxSession::conclude(report::Sink& reporter) {
  listener_.stop();
  const std::uint64_t stopped_ns = std::min(monotonic_ns(), end_ns_);
  stats::RxSnapshot last = snapshot(true);
  last.time_ns = stopped_ns;
  if (samples_ != nullptr)
    if (auto done = samples_->finish(listener_.receiver()); !done)
      fail_run(std::move(done.error()));
  const auto interval = static_cast<std::uint64_t>(plan_.spec.interval.count());
  // What came after the last full interval, unless it is a sliver of the one just reported.
  if (last.time_ns > previous_.time_ns + interval / 20)
    reporter.take(stats::rx_delta(previous_, last, start_ns_));
  result_.summary = stats::rx_summary(first_, last, start_ns_);
  result_.summary.end = reason_.value_or(stats::EndReason::Interrupted);
  result_.summary.cpu_s = process_cpu_s();
  if (plan_.spec.verify) result_.summary.verified = listener_.verified();
  if (samples_ != nullptr) result_.summary.samples = samples_->written();
  if (!result_.error && result_.summary.total.sum.packets == 0) result_.error = silence();
}

/// Never a silent zero.
Error RxSession::silence() const {
  const stats::RxSummary* const end = &result_.summary;
  const report::Nothing why = report::why_nothing({&end, 1});
  const std::string_view none =
      plan_.spec.match.empty() ? "no test frame arrived" : "no frame that is counted arrived";
  return {Errc::Peer, 0,
          fmt::format("{} on {}{}; {}", why.came ? "nothing was counted" : none, plan_.iface.name,
                      end->all.sent ? fmt::format(" of {} that were sent", *end->all.sent)
                                    : std::string(),
                      why.text)};
}

RxSessionResult RxSession::run(report::Sink& reporter, const std::ostream& out, Signals& signals) {
  while (!reason_) {
    pollfd fd{signals.fd(), POLLIN, 0};
    if (poll(&fd, 1, wait_ms()) < 0 && errno != EINTR) fail_run(fail_sys(errno, "poll").value());
    take_signals(signals);
    if (!reason_) look(reporter, out);
  }
  conclude(reporter);
  return std::move(result_);
}

} // namespace xtg::app
