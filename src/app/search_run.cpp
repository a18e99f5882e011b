// SPDX-License-Identifier: BSD-2-Clause
#include "app/search_run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "search/procedures.h"

namespace xtg::app {

namespace {

using report::SizeFound;
using report::TrialKind;

constexpr double kLearningLoad = 1000; // frames per second
constexpr double kLearningSeconds = 0.1;
constexpr unsigned kLearningTries = 5;
constexpr double kSmallestPart = 1e-5; // of the largest load, unless --min-rate is given
constexpr std::array kShares = {0.1, 0.5, 0.9, 1.0}; // of the rate found: where latency is measured

Nanoseconds nanoseconds(double seconds) {
  return Nanoseconds(std::llround(seconds * 1e9));
}

std::string size_text(const Trials& trials, const std::optional<packet::SizeLaw>& law) {
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

} // namespace

SearchRun::Pace SearchRun::pace_of(const plan::SearchSpec& spec,
                                   const std::vector<search::Goal>& goals) {
  switch (spec.preset) {
  case search::Preset::Quick:
    return {0.3, 0.2};
  case search::Preset::Rfc2544: // latency lasts twice as long as a trial (26.2)
    return {1, 2 * goals.front().final_duration};
  case search::Preset::Default:
    break;
  }
  return {};
}

SearchRun::SearchRun(const plan::SearchSpec& spec, Trials& trials, report::Sink& sink,
                     StopToken stop)
    : spec_(spec), goals_(plan::goals_of(spec)), trials_(trials), sink_(sink),
      stop_(std::move(stop)), pace_(pace_of(spec, goals_)), began_ns_(monotonic_ns()) {}

void SearchRun::show(TrialKind kind, const Trials::Done& done, search::Controller* controller) {
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

std::optional<Trials::Done> SearchRun::at(TrialKind kind, double load, double seconds) {
  return trial(kind, {load, nanoseconds(seconds), std::nullopt});
}

/// None: it failed or was interrupted, which ends the search.
std::optional<Trials::Done> SearchRun::trial(TrialKind kind, const plan::TrialShape& shape,
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
  const double load = std::min(kLearningLoad, most_.value_or(kLearningLoad));
  std::optional<Trials::Done> done;
  for (unsigned times = 1; times <= kLearningTries; times++) { // longer each time: a busy host
    done = at(TrialKind::Learning, load, times * std::max(kLearningSeconds, 5 / load));
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
        plan::frames_per_second(*rate, trials_.l1_bits(), sender->iface.speed_bps, option);
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
  const double seconds = most_ ? std::max(pace_.ceiling, 5 / *most_) : pace_.ceiling;
  const auto done = trial(TrialKind::Ceiling, {most_, nanoseconds(seconds), std::nullopt});
  if (!done) return false;
  size.ceiling_is_max = most_ && done->outcome.unsent == 0;
  size.ceiling = size.ceiling_is_max ? *most_ : done->rate;
  overhead_s_ = std::max(0.0, done->outcome.elapsed - seconds);
  return true;
}

Result<search::Limits> SearchRun::limits(SizeFound& size) const {
  search::Limits limits;
  limits.max_load = std::max(1.0, size.ceiling);
  limits.min_load = least_.value_or(
      std::min(limits.max_load / 2, std::max(10.0, limits.max_load * kSmallestPart)));
  if (limits.min_load >= limits.max_load)
    return fail(Errc::NotSupported,
                fmt::format("--min-rate {} is not below {:.0f} pps, which is what can be sent: "
                            "nothing is left to search",
                            spec_.min_rate->to_string(), limits.max_load));
  limits.resolution = near_.value_or(0);
  if (const auto left = time_left()) {
    const double latency = static_cast<double>(kShares.size()) * (pace_.latency + overhead_s_);
    limits.budget = std::max(0.0, *left - std::min(latency, *left / 3));
  }
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
  for (const double share : kShares) {
    if (out_of_time()) return;
    const double load = *rate * share;
    const auto done = at(TrialKind::Latency, load, std::max(pace_.latency, 5 / load));
    if (!done) return;
    size.latency.push_back({share, load, done->outcome, done->delay});
  }
}

void SearchRun::sweep(SizeFound& size) {
  search::LossSweep sweep(size.max_load, goals_.front().final_duration);
  for (auto next = sweep.next(); next && !out_of_time(); next = sweep.next()) {
    const auto done = at(TrialKind::LossRate, next->load, next->duration);
    if (!done) break;
    sweep.record(done->outcome);
  }
  size.loss_rate = sweep.points();
}

/// Not where all of the highest rate passes: no burst would be too long (RFC 9004, 5.1).
void SearchRun::back_to_back(SizeFound& size) {
  const search::GoalResult& rate = size.goals.front().result;
  if (!rate.upper || most_) return; // bursts leave at the highest rate, above any --max-rate
  search::BackToBack bursts({.most = static_cast<std::uint64_t>(2 * size.ceiling)});
  for (auto frames = bursts.next(); frames && !out_of_time(); frames = bursts.next()) {
    const auto done = trial(TrialKind::BackToBack, {std::nullopt, Nanoseconds{}, *frames});
    if (!done) break;
    bursts.record(done->outcome.asked - done->outcome.received);
  }
  if (!bursts.found().empty())
    size.bursts = search::burst_report(bursts.found(), size.ceiling, rate.lower.value_or(0));
}

void SearchRun::one_size(SizeFound& size) {
  size_began_s_ = now_s();
  if (auto ok = read_loads(); !ok) {
    error_ = std::move(ok.error());
    return;
  }
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

report::SearchSummary SearchRun::run() {
  std::vector<std::optional<packet::SizeLaw>> sizes(spec_.sizes.begin(), spec_.sizes.end());
  if (sizes.empty()) sizes.emplace_back();
  for (const auto& law : sizes) {
    if (stopped()) break;
    if (auto ready = trials_.set_size(law); !ready) {
      error_ = std::move(ready.error());
      break;
    }
    SizeFound& size = summary_.sizes.emplace_back();
    size.size = size_ = size_text(trials_, law);
    size.l1_bits = trials_.l1_bits();
    size.l2_bits = trials_.l2_bits();
    one_size(size);
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

} // namespace xtg::app
