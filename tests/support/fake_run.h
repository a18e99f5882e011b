// SPDX-License-Identifier: BSD-2-Clause
// A run without an engine: a scripted course, a machine whose time passes only in waits, and a sink
// that keeps what it is given.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/event.h"
#include "run/course.h"

namespace xtg::test {

constexpr std::uint64_t kMs = 1'000'000;

class FakeHost final : public run::Host {
public:
  std::uint64_t now = 1'000 * kMs;
  std::map<std::uint64_t, std::function<void()>> at; ///< actions by time; each ends a wait
  std::vector<std::uint64_t> waits;                  ///< deadlines of the waits
  std::optional<Error> broken;                       ///< error returned by waits
  std::size_t most_waits = 10'000;

  std::uint64_t now_ns() override { return now; }
  double cpu_s() override { return 0.25; }
  Error explain(Error error) override {
    if (error.sys != 0) error.what = "explained: " + error.what;
    return error;
  }
  Status wait(std::span<const int>, std::uint64_t until_ns) override {
    waits.push_back(until_ns);
    if (broken) return tl::unexpected<Error>(*broken);
    if (waits.size() > most_waits) return fail(Errc::Internal, "the loop does not end");
    const auto next = at.begin();
    if (next == at.end() || next->first > until_ns) {
      now = std::max(now, until_ns);
      return {};
    }
    now = std::max(now, next->first);
    const auto happen = std::move(next->second);
    at.erase(next);
    happen();
    return {};
  }
};

class FakeSink final : public report::Sink {
public:
  std::vector<std::string> order; ///< kinds of events
  std::vector<double> lines;      ///< ends of intervals
  std::vector<report::Failure> failures;
  std::vector<report::End> ends;
  std::optional<Error> full;         ///< error of writes
  std::function<void()> on_interval; ///< happens while a line is written

  void take(const report::Event& event) override {
    static constexpr std::array<const char*, 6> kKinds = {"begin",   "interval", "occurrence",
                                                          "failure", "end",      "finish"};
    order.emplace_back(kKinds[event.index()]);
    if (const auto* interval = std::get_if<report::Interval>(&event))
      lines.push_back(std::get<stats::Sample>(*interval).end_s);
    if (on_interval && std::holds_alternative<report::Interval>(event)) on_interval();
    if (const auto* failure = std::get_if<report::Failure>(&event)) failures.push_back(*failure);
    if (const auto* end = std::get_if<report::End>(&event)) ends.push_back(*end);
  }
  [[nodiscard]] Status status() const override {
    if (full) return tl::unexpected<Error>(*full);
    return {};
  }
};

class FakeCourse : public run::Course {
public:
  explicit FakeCourse(FakeHost& host) : host_(host) {}

  std::optional<Nanoseconds> duration;
  Nanoseconds interval{1'000 * static_cast<std::int64_t>(kMs)};
  std::uint64_t look_every = 100 * kMs;
  std::uint64_t ends_after = 0; ///< an end takes this long
  std::function<void(std::uint64_t)> on_look;
  std::optional<Error> found; ///< error found by the final count
  std::optional<double> rest; ///< end of the last line, if there is a rest
  report::End end_event = stats::Summary{};
  bool covered = false;
  std::vector<std::string> calls;
  std::vector<stats::EndReason> reasons;
  bool finished = false;

  void open() override { calls.emplace_back("open"); }
  report::Begin begin(report::RunInfo info) override {
    calls.emplace_back("begin");
    return report::UdpBegin{{}, std::move(info)};
  }
  void start(const StopToken&) override {
    calls.emplace_back("start");
    clock_ = run::Clock(host_.now, duration, interval);
    next_look_ = host_.now + look_every;
  }
  [[nodiscard]] std::uint64_t next_look_ns() const override { return next_look_; }
  void look(std::uint64_t now_ns, report::Sink&) override {
    if (now_ns < next_look_) return;
    next_look_ = now_ns + look_every;
    if (on_look) on_look(now_ns);
  }
  std::optional<report::Interval> line(std::uint64_t now_ns) override {
    if (ending()) return std::nullopt;
    stats::Sample sample;
    sample.end_s = clock_.seconds(now_ns);
    return sample;
  }
  [[nodiscard]] bool over() const override {
    return finished || (ending() && host_.now >= ended_at_);
  }
  void halt() override { calls.emplace_back("halt"); }
  Finished conclude(report::Sink& sink, const StopToken&, run::Host&) override {
    calls.emplace_back(left() ? "conclude at once" : "conclude");
    if (rest) {
      stats::Sample sample;
      sample.end_s = *rest;
      sink.take(report::Interval(sample));
    }
    if (found) blame(*found);
    return {end_event, covered};
  }

  using Course::earliest_ns_;
  using Course::reason_;

protected:
  void on_end(stats::EndReason why, std::uint64_t) override {
    if (reasons.empty()) ended_at_ = host_.now + ends_after;
    reasons.push_back(why);
  }

private:
  FakeHost& host_;
  std::uint64_t next_look_ = 0, ended_at_ = 0;
};

} // namespace xtg::test
