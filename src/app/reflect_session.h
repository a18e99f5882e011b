// SPDX-License-Identifier: BSD-2-Clause
// One run of the mirror: the program on the interface, the clock, the lines. Internal to app.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "app/run_clock.h"
#include "app/signals.h"
#include "core/result.h"
#include "net/interface.h"
#include "plan/reflect_plan.h"
#include "report/sink.h"
#include "stats/reflect.h"
#include "xdp/mirror.h"

namespace xtg::app {

struct ReflectSessionResult {
  stats::ReflectSummary summary;
  std::optional<Error> error; ///< the run failed; the summary has what was measured until then
};

class ReflectSession {
public:
  explicit ReflectSession(const plan::ReflectPlan& plan) : plan_(plan) {}

  /// Loads and attaches. After it frames still pass.
  Status prepare();
  [[nodiscard]] xdp::RxPlace place() const { return place_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  /// Why what the driver refused is not known by tracepoint; else empty.
  [[nodiscard]] const std::string& count_source_note() const {
    return mirror_->count_source_note();
  }

  /// From now on frames are sent back, and the run's time begins.
  void start();
  /// Nothing more is sent back. From any thread.
  void stop() { mirror_->stop(); }
  /// Until the run is over.
  ReflectSessionResult run(report::Sink& reporter, const std::ostream& out, Signals& signals);

private:
  Status load_and_attach(xdp::RxPlace place);
  stats::ReflectSnapshot snapshot(bool streams);
  void fail_run(Error error);
  void take_signals(Signals& signals);
  void look(report::Sink& reporter, const std::ostream& out);
  void look_at_count(std::uint64_t now_ns);
  void conclude(report::Sink& reporter);

  const plan::ReflectPlan& plan_;
  std::optional<xdp::Mirror> mirror_;
  xdp::RxPlace place_ = xdp::RxPlace::Native;
  std::vector<std::string> notes_;
  ReflectSessionResult result_;
  std::optional<stats::EndReason> reason_;
  std::optional<stats::ReflectLink> link_before_, link_now_; ///< none: never read
  stats::ReflectSnapshot first_, previous_;
  RunClock clock_;
  stats::ReflectFlow flow_;
};

} // namespace xtg::app
