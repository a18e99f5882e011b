// SPDX-License-Identifier: BSD-2-Clause
#include "run/search_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "search/estimate.h"
#include "search/procedures.h"

namespace xtg::run {

namespace {

using report::SizeFound;
using report::TrialKind;

constexpr unsigned kLearningTries = 5;
constexpr double kSmallestPart = 1e-5;  // of the largest load, unless --min-rate is given
constexpr double kLikelyCeiling = 1e6;  // frames per second, for an estimate of the time
constexpr double kLikelyOverhead = 0.1; // seconds of a trial

Nanoseconds nanoseconds(double seconds) {
  return Nanoseconds(std::llround(seconds * 1e9));
}

double smallest_load(double max_load) {
  return std::min(max_load / 2, std::max(10.0, max_load * kSmallestPart));
}

std::string size_text(const SearchTrials& trials, const std::optional<packet::SizeLaw>& law) {
  if (law) return law->to_string();
  std::uint32_t least = ~0U, most = 0;
  for (const plan::PortPlan& port : trials.plan().ports)
    if (port.send)
      for (const plan::StreamPlan& stream : port.send->streams) {
        least = std::min(least, stream.frame.mix.smallest());
        most = std::max(most, stream.frame.mix.largest());
      }
  return least == most ? fmt::format("{}", least) : fmt::format("{}-{}", least, most);
}

std::vector<std::optional<packet::SizeLaw>> laws_of(const plan::SearchSpec& spec) {
  std::vector<std::optional<packet::SizeLaw>> laws(spec.sizes.begin(), spec.sizes.end());
  if (laws.empty()) laws.emplace_back();
  return laws;
}

} // namespace

SearchRun::SearchRun(const plan::SearchSpec& spec, SearchTrials& trials, report::Sink& sink,
                     StopToken stop)
    : spec_(spec), goals_(plan::goals_of(spec)), laws_(laws_of(spec)), trials_(trials), sink_(sink),
      stop_(std::move(stop)), pace_(search::pace_of(spec.preset, goals_)),
      began_ns_(trials.now_ns()) {}

void SearchRun::show(TrialKind kind, const Done& done, search::Controller* controller) {
  report::SearchTrial shown;
  shown.number = ++summary_.trials;
  shown.kind = kind;
  shown.size = size_;
  shown.at_s = now_s() - done.outcome.elapsed;
  shown.outcome = done.outcome;
  shown.rate = done.rate;
  shown.l1_bits = trials_.l1_bits();
  shown.delay = done.delay;
  shown.starts = done.starts;
  if (controller != nullptr) {
    for (std::size_t i = 0; i < goals_.size(); i++)
      shown.bounds.push_back(controller->bound(i, done.outcome.load));
    shown.left_s = controller->left();
  }
  sink_.take(report::Interval(std::move(shown)));
  if (auto written = sink_.status(); !written) error_ = std::move(written.error());
}

std::optional<double> SearchRun::time_left() const {
  const auto limit = plan::time_limit(spec_);
  if (!limit) return std::nullopt;
  return std::chrono::duration<double>(*limit).count() - (now_s() - size_began_s_);
}

/// Whether a trial of this duration ends within the time limit.
bool SearchRun::fits(double seconds) const {
  const auto left = time_left();
  return !left || *left > seconds + overhead_s_;
}

std::optional<SearchTrials::Done> SearchRun::at(TrialKind kind, double load, double seconds) {
  return trial(kind, {load, nanoseconds(seconds), std::nullopt});
}

/// None: it failed or was interrupted, which ends the search.
std::optional<SearchTrials::Done> SearchRun::trial(TrialKind kind, const plan::TrialShape& shape,
                                                   const search::Controller* controller) {
  if (stopped()) return std::nullopt;
  auto done = trials_.run(shape);
  if (!done) {
    error_ = std::move(done.error());
    return std::nullopt;
  }
  if (done->interrupted) return std::nullopt;
  if (controller == nullptr) show(kind, *done, nullptr);
  return std::move(*done);
}

/// Gives the device time to learn addresses (RFC 2544, 23), and ends a search on a dead path.
bool SearchRun::learn() {
  const double load = std::min(search::kLearningLoad, most_.value_or(search::kLearningLoad));
  std::optional<SearchTrials::Done> done;
  for (unsigned times = 1; times <= kLearningTries; times++) { // longer each time: a busy host
    done = at(TrialKind::Learning, load,
              times * search::preliminary(search::kLearningSeconds, load, time_left()));
    if (!done || !done->starved) break;
  }
  if (done && done->silence) error_ = done->silence;
  return done && !done->silence;
}

/// The rates that were asked for, as frames per second; they depend on the frame size.
Status SearchRun::read_loads() {
  const auto& ports = trials_.plan().ports;
  const auto sender = std::ranges::find_if(ports, [](const auto& p) { return p.send.has_value(); });
  const auto read = [&](const std::optional<plan::SearchRate>& rate, std::string_view option,
                        std::optional<double>& out) -> Status {
    out.reset();
    if (!rate) return {};
    const auto load =
        plan::frames_per_second(*rate, rate->percent > 0 ? trials_.l1_bits() : trials_.rate_bits(),
                                sender->iface.speed_bps, option);
    if (!load) return tl::unexpected<Error>(load.error());
    out = *load;
    return {};
  };
  if (auto ok = read(spec_.min_rate, "--min-rate", least_); !ok) return ok;
  if (auto ok = read(spec_.max_rate, "--max-rate", most_); !ok) return ok;
  if (auto ok = read(spec_.resolution, "--resolution", near_); !ok) return ok;
  if (least_ && most_ && *least_ >= *most_)
    return fail(Errc::InvalidArgument,
                fmt::format("--min-rate {} is not below --max-rate {}: nothing is left to search",
                            spec_.min_rate->to_string(), spec_.max_rate->to_string()));
  return {};
}

/// What the generator reaches, at most --max-rate.
bool SearchRun::find_ceiling(SizeFound& size) {
  const double seconds = search::preliminary(
      pace_.ceiling, most_.value_or(std::numeric_limits<double>::infinity()), time_left());
  const auto done = trial(TrialKind::Ceiling, {most_, nanoseconds(seconds), std::nullopt});
  if (!done) return false;
  size.ceiling_is_max = most_ && done->outcome.unsent == 0;
  size.ceiling = size.ceiling_is_max ? *most_ : done->rate;
  overhead_s_ = std::max(0.0, done->outcome.elapsed - seconds);
  return true;
}

Result<search::Limits> SearchRun::limits(SizeFound& size) const {
  search::Limits limits;
  limits.max_load = *size.ceiling > 0 ? *size.ceiling : 1;
  limits.min_load = least_.value_or(smallest_load(limits.max_load));
  if (limits.min_load >= limits.max_load)
    return fail(Errc::NotSupported,
                fmt::format("--min-rate {} is not below {:.0f} pps, which is what can be sent: "
                            "nothing is left to search",
                            spec_.min_rate->to_string(), limits.max_load));
  limits.resolution = near_.value_or(0);
  if (const auto left = time_left())
    limits.budget =
        std::max(0.0, *left - search::latency_reserve(limits.max_load, pace_, overhead_s_, *left));
  size.min_load = limits.min_load;
  size.max_load = limits.max_load;
  return limits;
}

void SearchRun::pursue(search::Controller& controller, SizeFound& size) {
  while (const auto next = controller.next()) {
    const auto done = trial(TrialKind::Search,
                            {next->load, nanoseconds(next->duration), std::nullopt}, &controller);
    if (!done) break;
    search::Outcome outcome = done->outcome;
    outcome.duration = next->duration;
    controller.record(outcome);
    show(TrialKind::Search, *done, &controller);
  }
  const auto results = controller.results();
  for (std::size_t i = 0; i < goals_.size(); i++)
    size.goals.push_back({goals_[i], results[i]});
}

/// At parts of the rate found for the first goal, and at that rate.
void SearchRun::look_at_latency(SizeFound& size) {
  const search::GoalResult& first = size.goals.front().result;
  const auto rate = first.lower ? first.lower : first.estimate;
  if (!rate) return;
  for (std::size_t i = 0; i < search::kLatencyShares.size(); i++) {
    const double share = search::kLatencyShares[i];
    const auto next = search::latency_trial(i, *rate, pace_, overhead_s_, time_left());
    if (!next) {
      size.latency_not_measured.push_back(share);
      continue;
    }
    const auto done = at(TrialKind::Latency, next->load, next->duration);
    if (!done) return;
    size.latency.push_back({share, next->load, done->outcome, done->delay, next->shortened});
  }
}

void SearchRun::sweep(SizeFound& size) {
  search::LossSweep sweep(*size.max_load, goals_.front().final_duration);
  for (auto next = sweep.next(); next && fits(next->duration); next = sweep.next()) {
    const auto done = at(TrialKind::LossRate, next->load, next->duration);
    if (!done) break;
    sweep.record(done->outcome);
  }
  size.loss_rate = sweep.points();
}

/// Not where all of the highest rate passes: no burst would be too long (RFC 9004, 5.1).
void SearchRun::back_to_back(SizeFound& size) {
  const search::GoalResult& rate = size.goals.front().result;
  if (!rate.upper || most_ || *size.ceiling <= 0)
    return; // bursts leave at the highest rate, above any --max-rate
  search::BackToBack bursts({.most = static_cast<std::uint64_t>(2 * *size.ceiling)});
  for (auto frames = bursts.next(); frames && fits(static_cast<double>(*frames) / *size.ceiling);
       frames = bursts.next()) {
    const auto done = trial(TrialKind::BackToBack, {std::nullopt, Nanoseconds{}, *frames});
    if (!done) break;
    bursts.record(done->outcome.asked - done->outcome.received);
  }
  if (!bursts.found().empty())
    size.bursts = search::burst_report(bursts.found(), *size.ceiling, rate.lower);
}

void SearchRun::one_size(SizeFound& size) {
  size_began_s_ = now_s();
  if (!learn() || !find_ceiling(size)) return;
  auto limits = this->limits(size);
  if (!limits) {
    error_ = std::move(limits.error());
    return;
  }
  search::Controller controller(goals_, *limits);
  pursue(controller, size);
  look_at_latency(size);
  if (spec_.preset != search::Preset::Rfc2544) return;
  sweep(size);
  back_to_back(size);
}

/// For one size, before anything is known of the device.
double SearchRun::estimate() const {
  search::Limits limits;
  limits.max_load = most_.value_or(std::max(kLikelyCeiling, 2 * least_.value_or(0)));
  limits.min_load = least_.value_or(smallest_load(limits.max_load));
  limits.resolution = near_.value_or(0);
  if (const auto limit = plan::time_limit(spec_))
    limits.budget = std::chrono::duration<double>(*limit).count();
  // Trials with loss wait for frames in flight, about half of them.
  const double drain = std::chrono::duration<double>(trials_.plan().spec.drain).count();
  return search::estimate_seconds(spec_.preset, goals_, limits, kLikelyOverhead + drain / 2);
}

Result<report::SearchSize> SearchRun::plan_size(const std::optional<packet::SizeLaw>& law) {
  if (auto ready = trials_.set_size(law); !ready)
    return tl::unexpected<Error>(std::move(ready.error()));
  if (auto ok = read_loads(); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  report::SearchSize size;
  size.size = size_text(trials_, law);
  size.l1_bits = trials_.l1_bits();
  size.l2_bits = trials_.l2_bits();
  size.rate_bits = trials_.rate_bits();
  size.path = trials_.path();
  size.min_load = least_;
  size.max_load = most_;
  size.estimate_s = estimate();
  return size;
}

Result<std::vector<report::SearchSize>> SearchRun::plan() {
  std::vector<report::SearchSize> planned;
  for (const auto& law : laws_) {
    auto size = plan_size(law);
    if (!size) return tl::unexpected<Error>(std::move(size.error()));
    planned.push_back(std::move(*size));
  }
  if (auto ready = trials_.set_size(laws_.front()); !ready)
    return tl::unexpected<Error>(std::move(ready.error()));
  return planned;
}

report::SearchSummary SearchRun::run() {
  for (const auto& law : laws_) {
    if (stopped()) break;
    auto planned = plan_size(law);
    if (!planned) {
      error_ = std::move(planned.error());
      break;
    }
    size_ = planned->size;
    one_size(summary_.sizes.emplace_back(report::SizeFound{std::move(*planned)}));
  }
  summary_.end_s = now_s();
  const bool unfinished = std::ranges::any_of(summary_.sizes, [](const SizeFound& size) {
    return std::ranges::any_of(size.goals, [](const report::GoalFound& goal) {
      return goal.result.regular == search::Regular::Unfinished;
    });
  });
  summary_.end = error_                            ? stats::EndReason::Failed
                 : stop_.asked() != Asked::Nothing ? stats::EndReason::Interrupted
                 : unfinished                      ? stats::EndReason::Duration
                                                   : stats::EndReason::Amount;
  return std::move(summary_);
}

} // namespace xtg::run
