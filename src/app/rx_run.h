// SPDX-License-Identifier: BSD-2-Clause
// The course of a receiver: its program on the interface, its counts and interval lines. Internal
// to app.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "app/listener.h"
#include "app/rx_announced.h"
#include "app/sample_file.h"
#include "core/result.h"
#include "plan/rx_plan.h"
#include "run/course.h"
#include "stats/rx.h"

namespace xtg::app {

/// Counts when the start of a run was noticed. It is used once data of the run has arrived.
struct RxBaseline {
  stats::RxSnapshot snapshot; ///< with the records of filters only
  std::vector<stats::RxArrived> arrived;
  Listener::Baseline listener;
};

class RxRun final : public run::Course {
public:
  /// `samples`: receives the sampled frames; null: they are discarded.
  explicit RxRun(const plan::RxPlan& plan, SampleFile* samples = nullptr)
      : plan_(plan), samples_(samples), listener_(plan), announced_(plan.spec) {}

  /// Loads and attaches the program. Frames still pass. `kept`: the attachment stays there.
  Status prepare(xdp::KeptLinks* kept) { return listener_.prepare(nullptr, kept); }

  report::Begin begin(report::RunInfo info) override;
  /// Starts counting: whoever reads that the run begins may send.
  void open() override;
  void start(const StopToken&) override {}
  [[nodiscard]] std::uint64_t next_look_ns() const override;
  void look(std::uint64_t now_ns, report::Sink& sink) override;
  std::optional<report::Interval> line(std::uint64_t now_ns) override;
  [[nodiscard]] bool over() const override { return ending(); }
  Finished conclude(report::Sink& sink, const StopToken& stop, run::Host& host) override;

private:
  stats::RxSnapshot snapshot(bool words);
  void start_lines(std::uint64_t now_ns);
  void look_for_announcements(report::Sink& sink);
  [[nodiscard]] RxBaseline baseline();
  void begin_anew(const stats::RxAnnouncement& start);
  void watch(std::uint64_t now_ns);
  void take_samples(std::uint64_t now_ns);
  [[nodiscard]] Error silence(const stats::RxSummary& summary) const;

  const plan::RxPlan& plan_;
  SampleFile* samples_;
  Listener listener_;
  RxAnnounced announced_;
  stats::RxSnapshot first_, previous_;
  std::deque<RxBaseline> baselines_; ///< the latest ones, until a run begins
  std::uint64_t next_watch_ns_ = 0;
  std::uint64_t next_samples_ns_ = ~std::uint64_t{0};
};

} // namespace xtg::app
