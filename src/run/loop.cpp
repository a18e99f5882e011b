// SPDX-License-Identifier: BSD-2-Clause
#include "run/loop.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/exit_status.h"

namespace xtg::run {

namespace {

void obey(Course& course, Asked asked, std::uint64_t now_ns) {
  if (asked == Asked::Nothing) return;
  if (asked == Asked::Leave) course.leave();
  course.end(stats::EndReason::Interrupted, now_ns);
}

void report_line(Course& course, report::Sink& sink, std::uint64_t now_ns) {
  auto line = course.line(now_ns);
  if (!line) return;
  sink.take(report::Interval(std::move(*line)));
  if (auto written = sink.status(); !written) course.fail_run(std::move(written.error()));
}

void keep_time(Course& course, report::Sink& sink, StopToken& stop, Host& host) {
  while (!course.over() && !course.left()) {
    std::vector<int> fds = course.fds();
    fds.push_back(stop.fd());
    const std::uint64_t until =
        std::min(course.clock().next_ns(course.ending()), course.next_look_ns());
    if (auto waited = host.wait(fds, until); !waited) return course.fail_run(waited.error());
    const std::uint64_t now_ns = host.now_ns();
    obey(course, stop.take().asked, now_ns);
    if (!course.ending() && course.clock().over(now_ns))
      course.end(stats::EndReason::Duration, now_ns);
    if (course.over() || course.left()) return;
    course.look(now_ns, sink);
    if (!course.over() && course.clock().line_due(now_ns)) report_line(course, sink, now_ns);
  }
  // A request that arrived while a line waited for its reader may have ended the run already.
  obey(course, stop.asked(), host.now_ns());
}

/// The verdicts of a run with --expect; null without.
const std::vector<report::RxVerdict>* verdicts_of(const report::End& end) {
  if (const auto* rx = std::get_if<report::RxEnd>(&end)) return &rx->verdicts;
  if (const auto* test = std::get_if<report::PortTestEnd>(&end)) return &test->verdicts;
  return nullptr;
}

/// An object that disappears during a run is not wrong input.
Error while_running(Error error) {
  if (error.code == Errc::NotFound) error.code = Errc::System;
  return error;
}

std::optional<report::Failure> failure(const Course& course, const Course::Finished& finished,
                                       const StopToken& stop, Host& host) {
  if (stop.asked() == Asked::Leave)
    return report::Failure{Error{Errc::System, 0, "left at the second interrupt"},
                           static_cast<int>(ExitStatus::Interrupted)};
  static const std::vector<report::RxVerdict> kNone;
  const auto* all = verdicts_of(finished.end);
  const auto& verdicts = all != nullptr ? *all : kNone;
  const auto missed = static_cast<std::size_t>(
      std::ranges::count_if(verdicts, [](const report::RxVerdict& v) { return !v.held; }));
  const bool asked_missed = std::ranges::any_of(
      verdicts, [](const report::RxVerdict& v) { return !v.held && !v.implied; });
  const auto& error = course.error();
  if (error && (error->code != Errc::Peer || !(asked_missed || finished.covers_silence))) {
    Error told = host.explain(while_running(*error));
    const int status = exit_status(told);
    return report::Failure{std::move(told), status};
  }
  if (missed == 0) return std::nullopt;
  return report::Failure{Error{Errc::System, 0, missed_words(missed, verdicts.size())},
                         static_cast<int>(ExitStatus::Threshold)};
}

void set_cpu_time(report::End& end, double cpu_s) {
  std::visit(
      [cpu_s](auto& value) {
        if constexpr (requires { value.summary; })
          value.summary.cpu_s = cpu_s;
        else
          value.cpu_s = cpu_s;
      },
      end);
}

} // namespace

std::string missed_words(std::size_t missed, std::size_t conditions) {
  return fmt::format("{} of {} conditions missed", missed, conditions);
}

Outcome carry_out(Course& course, const report::RunInfo& info, report::Sink& sink, StopToken stop,
                  Host& host, const AwaitStart& await_start) {
  const auto attended = stop.attend([&course] { course.halt(); });
  course.open();
  sink.take(report::Begin(course.begin(info)));
  if (await_start) course.start_not_before(await_start());
  course.start(stop);
  keep_time(course, sink, stop, host);
  Course::Finished finished = course.conclude(sink, stop, host);
  set_cpu_time(finished.end, host.cpu_s());
  Outcome outcome;
  if (auto failed = failure(course, finished, stop, host)) {
    sink.take(*failed);
    outcome.error = std::move(failed->error);
    outcome.exit_status = failed->exit_status;
  }
  outcome.end = std::move(finished.end);
  sink.take(outcome.end);
  return outcome;
}

} // namespace xtg::run
