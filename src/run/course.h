// SPDX-License-Identifier: BSD-2-Clause
// A run as the loop sees it (run/loop.h): each kind of run is a course, and so is the fake of the
// tests. Used by one thread, but for halt().
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

/// What a run needs of the machine; tests have one whose time is theirs.
class Host {
public:
  virtual ~Host() = default;
  virtual std::uint64_t now_ns() = 0;
  /// Until one of the descriptors is readable, or the time has come.
  virtual Status wait(std::span<const int> fds, std::uint64_t until_ns) = 0;
  /// Processor time that the run has taken so far.
  virtual double cpu_s() = 0;
  /// An error with what this host knows of its cause.
  virtual Error explain(Error error) { return error; }
};

class Course {
public:
  virtual ~Course() = default;

  /// Before the report begins: whoever reads that it has begun may send to us.
  virtual void open() {}
  virtual report::Begin begin(report::RunInfo info) = 0;
  /// Sets the clock and begins.
  virtual void start(const StopToken& stop) = 0;

  /// Readable ones end a wait.
  [[nodiscard]] virtual std::vector<int> fds() const { return {}; }
  /// When look() is called next; it may be called sooner.
  [[nodiscard]] virtual std::uint64_t next_look_ns() const = 0;
  /// What is due besides lines: faults, amounts, samples. Ends the run where that says so.
  virtual void look(std::uint64_t now_ns, report::Sink& sink) = 0;
  /// What was counted since the last line; none where it is not worth one.
  virtual std::optional<report::Interval> line(std::uint64_t now_ns) = 0;
  /// Nothing is left to wait for.
  [[nodiscard]] virtual bool over() const = 0;
  /// Nothing more is sent. From any thread; the run has yet to end.
  virtual void halt() {}

  struct Finished {
    report::End end;
    bool covers_silence = false; ///< conditions were about that nothing came, too
  };
  /// The last line and the final count, once.
  virtual Finished conclude(report::Sink& sink, const StopToken& stop, Host& host) = 0;

  /// The first reason counts, but a failure is one whatever was before it.
  void end(stats::EndReason why, std::uint64_t now_ns) {
    if (!reason_ || why == stats::EndReason::Failed) reason_ = why;
    on_end(why, now_ns);
  }
  /// The first error counts: what follows is its consequence.
  void fail_run(Error error) {
    blame(std::move(error));
    end(stats::EndReason::Failed, 0);
  }
  /// At the second interrupt nothing is waited for.
  void leave() { left_ = true; }

  [[nodiscard]] bool ending() const { return reason_.has_value(); }
  [[nodiscard]] bool left() const { return left_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] Clock& clock() { return clock_; }

protected:
  /// The run is to end; `now_ns` is 0 for a failure.
  virtual void on_end(stats::EndReason, std::uint64_t /*now_ns*/) {}
  /// What the counts say against a run that has ended.
  void blame(Error error) {
    if (!error_) error_ = std::move(error);
  }

  Clock clock_;
  std::optional<stats::EndReason> reason_; ///< set when the run is being ended from here
  bool left_ = false;

private:
  std::optional<Error> error_;
};

} // namespace xtg::run
