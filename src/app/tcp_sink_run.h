// SPDX-License-Identifier: BSD-2-Clause
// The course of `tcp-sink`: a receiver of the kernel's TCP, its counts and interval lines. Internal
// to app.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.h"
#include "net/tcp_sink.h"
#include "plan/tcp_sink_plan.h"
#include "run/course.h"
#include "stats/tcp_sink.h"

namespace xtg::app {

class TcpSinkRun final : public run::Course {
public:
  explicit TcpSinkRun(const plan::TcpSinkPlan& plan) : plan_(plan) {}

  /// Opens the listening socket: connections are accepted by the kernel from now on.
  Status prepare();

  void open() override;
  report::Begin begin(report::RunInfo info) override;
  void start(const StopToken&) override {}
  [[nodiscard]] std::vector<int> fds() const override { return {sink_->fd()}; }
  [[nodiscard]] std::uint64_t next_look_ns() const override { return next_watch_ns_; }
  void look(std::uint64_t now_ns, report::Sink& sink) override;
  std::optional<report::Interval> line(std::uint64_t now_ns) override;
  [[nodiscard]] bool over() const override { return ending(); }
  Finished conclude(report::Sink& sink, const StopToken& stop, run::Host& host) override;

private:
  [[nodiscard]] stats::TcpSinkSnapshot snapshot(std::uint64_t now_ns) const;

  const plan::TcpSinkPlan& plan_;
  std::unique_ptr<net::TcpSink> sink_;
  stats::TcpSinkSnapshot first_, previous_;
  std::uint64_t next_watch_ns_ = 0;
};

} // namespace xtg::app
