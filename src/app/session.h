// SPDX-License-Identifier: BSD-2-Clause
// One run of a plan: programs, attachments and threads, from start to the final count. Members are
// in order of dependence, so that destruction goes workers -> attachments and programs -> anchor.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "app/announce.h"
#include "app/route_follower.h"
#include "app/signals.h"
#include "core/unique_fd.h"
#include "net/anchor.h"
#include "net/interface.h"
#include "plan/plan.h"
#include "report/reporter.h"
#include "stats/silence.h"
#include "stats/rate.h"
#include "tx/worker_pool.h"
#include "xdp/sender.h"

namespace xtg::app {

struct SessionResult {
  stats::Summary summary;
  std::optional<Error> error;        ///< why the run failed
  bool left_at_once = false;         ///< second ^C
  std::vector<std::string> warnings; ///< for the standard error: what went wrong beside the run
};

class Session {
public:
  /// Everything up to the first frame. On failure nothing is left attached.
  static Result<std::unique_ptr<Session>> prepare(const plan::Plan& plan, std::uint64_t started_ns);
  ~Session();

  [[nodiscard]] const std::string& count_source_note() const;
  /// Things learnt while preparing that a reader of the plan should know.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  /// Sends until the amount, the duration, a signal or a failure ends it; intervals go to the
  /// reporter, and a run whose `out` can no longer be written to ends.
  SessionResult run(report::Reporter& reporter, const std::ostream& out, Signals& signals);

  // The same in steps, for who has more to do meanwhile.

  /// The threads begin; the first frame leaves at `start_ns` or, unpaced, now. Interval lines count
  /// from there.
  void start(std::uint64_t start_ns);
  /// The moment of the first frame when nobody has another wish.
  [[nodiscard]] static std::uint64_t soon_ns();
  /// Readable once all threads have ended.
  [[nodiscard]] int finished_fd() const { return finished_.get(); }
  /// Looks for faults, which end the run; to be called some ten times a second.
  void watch();
  /// What was sent since the last call, or since the start.
  stats::Sample sample();
  /// Nothing more is sent; the run then ends as after end_run(). From any thread.
  void stop_sending();
  /// Sends nothing more.
  void end_run(stats::EndReason reason);
  void fail_run(Error error);
  [[nodiscard]] bool ending() const { return reason_.has_value(); }
  /// Waits for the threads; the final count is conclude()'s.
  void join();
  /// The final count, once; `rest`: what came after the last full interval, unless it is a sliver.
  SessionResult conclude(std::optional<stats::Sample>& rest);

private:
  Session(const plan::Plan& plan, std::uint64_t started_ns)
      : plan_(plan), stream_(plan_.streams.front()), started_ns_(started_ns) {}
  Status load();
  Status start_workers();
  void start_clock(std::uint64_t start_ns);
  void set_schedules();

  void loop(report::Reporter& reporter, const std::ostream& out, Signals& signals, int timer);
  void take_signals(Signals& signals);
  void begin_following();
  void follow_route();
  void tick(report::Reporter& reporter, const std::ostream& out);

  stats::Snapshot snapshot(bool settled);
  void add_link_counters(stats::Snapshot& snapshot, bool settled);
  std::optional<Error> fault(const stats::Snapshot& now);
  [[nodiscard]] bool amounts_sent(const stats::Snapshot& last) const;
  static Error nothing_sent(stats::EndReason reason);
  [[nodiscard]] std::uint64_t patience_ns() const;
  [[nodiscard]] std::uint64_t sent_until_ns() const;

  const plan::Plan plan_;
  const plan::StreamPlan& stream_;
  const std::uint64_t started_ns_;
  std::vector<std::string> notes_;
  std::vector<stats::FrameBits> bits_; ///< by stream
  std::optional<double> target_pps_;
  std::array<std::atomic<std::uint64_t>, XTG_MAX_WORKERS> nomem_{};
  UniqueFd finished_; ///< eventfd: all workers ended

  // The run's course, main thread only.
  std::uint64_t start_ns_ = 0;
  std::uint64_t end_ns_ = ~std::uint64_t{0};
  std::uint64_t next_line_ns_ = 0;
  std::uint64_t next_watch_ns_ = 0;
  std::optional<stats::EndReason> reason_; ///< set when the run is being ended from here
  SessionResult result_;
  stats::Snapshot first_;
  stats::Snapshot previous_; ///< at the last interval line
  net::LinkCounters link_before_, link_now_;
  stats::Silence silence_;
  RouteFollower follower_;

  std::optional<net::Anchor> anchor_;
  std::optional<xdp::Sender> sender_;
  std::optional<Announcer> announcer_;
  std::unique_ptr<tx::WorkerPool> pool_;
};

} // namespace xtg::app
