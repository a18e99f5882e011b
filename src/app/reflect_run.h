// SPDX-License-Identifier: BSD-2-Clause
// The course of a reflector: its program on the interface, its counts and interval lines. Internal
// to app.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/interface.h"
#include "net/tc_filter.h"
#include "plan/reflect_plan.h"
#include "run/course.h"
#include "stats/reflect.h"
#include "xdp/reflector.h"

namespace xtg::app {

class ReflectRun final : public run::Course {
public:
  explicit ReflectRun(const plan::ReflectPlan& plan) : plan_(plan) {}

  /// Loads and attaches the program. Frames still pass.
  Status prepare();
  report::Begin begin(report::RunInfo info) override;
  /// Starts to return frames, and the run's time.
  void open() override;
  void start(const StopToken&) override {}
  [[nodiscard]] std::uint64_t next_look_ns() const override { return next_watch_ns_; }
  void look(std::uint64_t now_ns, report::Sink& sink) override;
  std::optional<report::Interval> line(std::uint64_t now_ns) override;
  [[nodiscard]] bool over() const override { return ending(); }
  void halt() override { reflector_->stop(); }
  Finished conclude(report::Sink& sink, const StopToken& stop, run::Host& host) override;

private:
  Status load_and_attach(xdp::AttachMode attach_mode);
  stats::ReflectSnapshot snapshot(bool streams);
  void look_at_count(std::uint64_t now_ns);
  /// Why no tracepoint counts driver drops; empty if one does.
  [[nodiscard]] const std::string& count_source_note() const {
    return reflector_->count_source_note();
  }

  const plan::ReflectPlan& plan_;
  std::optional<xdp::Reflector> reflector_;
  std::optional<net::TcFilter> filter_; ///< its attachment, where it has none of its own
  xdp::AttachMode attach_mode_ = xdp::AttachMode::Native;
  std::vector<std::string> notes_;
  std::optional<stats::ReflectLink> link_before_, link_now_; ///< empty: never read
  stats::ReflectSnapshot first_, previous_;
  std::uint64_t next_watch_ns_ = 0;
  stats::ReflectFlow flow_;
};

} // namespace xtg::app
