// SPDX-License-Identifier: BSD-2-Clause
// One run of the receiver: the program on the interface, the clock, the lines. Internal to app.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "app/listener.h"
#include "app/rx_announced.h"
#include "app/sample_file.h"
#include "app/signals.h"
#include "core/result.h"
#include "plan/rx_plan.h"
#include "report/sink.h"
#include "stats/rx.h"

namespace xtg::app {

struct RxSessionResult {
  stats::RxSummary summary;
  std::optional<Error> error; ///< the run failed; the summary has what was measured until then
};

/// What was counted when the start of a run was seen. It counts once data of the run has come.
struct RxMark {
  stats::RxSnapshot snapshot; ///< of its records those of filters
  std::vector<stats::RxCame> came;
  Listener::Mark listener;
};

class RxSession {
public:
  /// `samples`: where the sampled frames go; null: nowhere.
  explicit RxSession(const plan::RxPlan& plan, SampleFile* samples = nullptr)
      : plan_(plan), samples_(samples), listener_(plan), announced_(plan.spec) {}

  /// Loads and attaches. After it frames still pass.
  Status prepare() { return listener_.prepare(); }
  [[nodiscard]] const Listener& listener() const { return listener_; }

  /// From now on frames count: whoever is told that the run begins may send.
  void start();
  /// Until the end.
  RxSessionResult run(report::Sink& reporter, const std::ostream& out, Signals& signals);

private:
  stats::RxSnapshot snapshot(bool words);
  void start_lines(std::uint64_t now_ns);
  void look_for_announcements(report::Sink& reporter);
  [[nodiscard]] RxMark mark();
  void begin(const stats::RxAnnouncement& start);
  void fail_run(Error error);
  void take_signals(Signals& signals);
  [[nodiscard]] int wait_ms() const;
  void look(report::Sink& reporter, const std::ostream& out);
  void take_samples(std::uint64_t now_ns);
  void conclude(report::Sink& reporter);
  [[nodiscard]] Error silence() const;

  const plan::RxPlan& plan_;
  SampleFile* samples_;
  Listener listener_;
  RxAnnounced announced_;
  RxSessionResult result_;
  std::optional<stats::EndReason> reason_;
  stats::RxSnapshot first_, previous_;
  std::deque<RxMark> marks_; ///< the latest, until a run begins
  std::uint64_t start_ns_ = 0, end_ns_ = 0, next_line_ns_ = 0, next_watch_ns_ = 0;
  std::uint64_t next_samples_ns_ = ~std::uint64_t{0};
};

} // namespace xtg::app
