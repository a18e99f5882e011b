// SPDX-License-Identifier: BSD-2-Clause
// A run as the loop sees it (run/loop.h). Each kind of run implements Course, and so does a fake in
// the tests. Single-threaded, except halt().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/result.h"
#include "core/stop_token.h"
#include "report/event.h"
#include "run/clock.h"

namespace xtg::run {

/// The machine services that a run uses; tests replace the clock.
class Host {
public:
  virtual ~Host() = default;
  virtual std::uint64_t now_ns() = 0;
  /// Waits until one of the descriptors is readable or the time is reached.
  virtual Status wait(std::span<const int> fds, std::uint64_t until_ns) = 0;
  /// CPU time of the run so far.
  virtual double cpu_s() = 0;
  /// Adds what this host knows of the cause.
  virtual Error explain(Error error) { return error; }
};

class Course {
public:
  virtual ~Course() = default;

  /// Called before the report begins: whoever reads that it has begun may start to send.
  virtual void open() {}
  virtual report::Begin begin(report::RunInfo info) = 0;
  /// Not the first frame before this CLOCK_MONOTONIC, if this kind of run can keep to it.
  void start_not_before(std::uint64_t ns) { earliest_ns_ = ns; }
  /// Sets the clock and starts the run.
  virtual void start(const StopToken& stop) = 0;

  /// Descriptors that end a wait when readable.
  [[nodiscard]] virtual std::vector<int> fds() const { return {}; }
  /// When look() is due next; calling it earlier is allowed.
  [[nodiscard]] virtual std::uint64_t next_look_ns() const = 0;
  /// Does what is due besides lines (faults, amounts, samples), and may end the run.
  virtual void look(std::uint64_t now_ns, report::Sink& sink) = 0;
  /// Counts since the last line; empty when they are not worth a line.
  virtual std::optional<report::Interval> line(std::uint64_t now_ns) = 0;
  /// True when there is nothing left to wait for.
  [[nodiscard]] virtual bool over() const = 0;
  /// Stops sending. From any thread; the run still has to end.
  virtual void halt() {}

  struct Finished {
    report::End end;
    bool covers_silence = false; ///< a condition already judged that nothing arrived
  };
  /// Produces the last line and the final count; called once.
  virtual Finished conclude(report::Sink& sink, const StopToken& stop, Host& host) = 0;

  /// The first reason counts, but Failed replaces any earlier one.
  void end(stats::EndReason why, std::uint64_t now_ns) {
    if (!reason_ || why == stats::EndReason::Failed) reason_ = why;
    on_end(why, now_ns);
  }
  /// The first error counts: later ones are its consequences.
  void fail_run(Error error) {
    blame(std::move(error));
    end(stats::EndReason::Failed, 0);
  }
  /// After the second interrupt the run waits for nothing.
  void leave() { left_ = true; }

  [[nodiscard]] bool ending() const { return reason_.has_value(); }
  [[nodiscard]] bool left() const { return left_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] Clock& clock() { return clock_; }

protected:
  /// Called when the run is to end; `now_ns` is 0 for a failure.
  virtual void on_end(stats::EndReason, std::uint64_t /*now_ns*/) {}
  /// Sets the error that the counts of an ended run imply.
  void blame(Error error) {
    if (!error_) error_ = std::move(error);
  }

  Clock clock_;
  std::optional<stats::EndReason> reason_; ///< set when this class ends the run
  bool left_ = false;
  std::uint64_t earliest_ns_ = 0; ///< 0: as soon as possible

private:
  std::optional<Error> error_;
};

} // namespace xtg::run
