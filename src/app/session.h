// SPDX-License-Identifier: BSD-2-Clause
// One run of a plan: programs, attachments and threads, from start to the final count. Members are
// in order of dependence, so that destruction goes workers -> attachments and programs -> anchor ->
// repairs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/signals.h"
#include "core/unique_fd.h"
#include "net/anchor.h"
#include "net/interface.h"
#include "plan/plan.h"
#include "report/reporter.h"
#include "stats/rate.h"
#include "tx/worker_pool.h"
#include "xdp/sender.h"

namespace xtg::app {

struct SessionResult {
  stats::Summary summary;
  std::optional<Error> error; ///< why the run failed
  bool left_at_once = false;  ///< second ^C
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
  /// reporter.
  SessionResult run(report::Reporter& reporter, Signals& signals);

private:
  Session(const plan::Plan& plan, std::uint64_t started_ns)
      : plan_(plan), started_ns_(started_ns) {}
  Status load();
  Status start_workers();
  void set_schedules(std::uint64_t start_ns);
  stats::Snapshot snapshot();
  void add_link_counters(stats::Snapshot& snapshot);
  std::optional<Error> watch(const stats::Snapshot& now);
  Error silence_error(const stats::Snapshot& now);

  const plan::Plan plan_;
  const std::uint64_t started_ns_;
  std::vector<std::string> notes_;
  stats::FrameBits bits_;
  std::optional<double> target_pps_;
  net::LinkCounters link_before_;
  std::atomic<std::uint64_t> nomem_{0};
  UniqueFd finished_; ///< eventfd: all workers ended

  std::uint64_t last_progress_ns_ = 0; ///< when frames were last accepted, or nothing was attempted
  stats::TxCounters last_seen_;

  std::optional<net::Anchor> anchor_;
  std::optional<xdp::Sender> sender_;
  std::unique_ptr<tx::WorkerPool> pool_;
};

} // namespace xtg::app
