// SPDX-License-Identifier: BSD-2-Clause
// The course of a port test, which controls both ends: UdpRuns and Listeners with one clock and one
// set of interval lines. Internal to app.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "app/listener.h"
#include "app/udp_run.h"
#include "plan/port_test_plan.h"
#include "run/course.h"
#include "stats/port_test.h"

namespace xtg::app {

class PortTest final : public run::Course {
public:
  /// Prepares receivers first, so that they are attached before the senders start. On failure
  /// nothing stays attached. The plan must outlive the result.
  /// `kept`: what the test before left there is used again, and left there.
  static Result<std::unique_ptr<PortTest>>
  prepare(const plan::PortTestPlan& plan, std::uint64_t started_ns, KeptPorts* kept = nullptr);

  report::Begin begin(report::RunInfo info) override;
  void start(const StopToken& stop) override;
  [[nodiscard]] std::vector<int> fds() const override;
  [[nodiscard]] std::uint64_t next_look_ns() const override { return next_watch_ns_; }
  void look(std::uint64_t now_ns, report::Sink& sink) override;
  std::optional<report::Interval> line(std::uint64_t now_ns) override;
  /// True when the threads of all senders have ended.
  [[nodiscard]] bool over() const override;
  void halt() override;
  Finished conclude(report::Sink& sink, const StopToken& stop, run::Host& host) override;

private:
  /// A port during the run.
  struct Port {
    const plan::PortPlan* plan = nullptr;
    std::optional<Listener> listener;
    std::unique_ptr<UdpRun> sender;
    stats::RxSnapshot first, previous, last;
    std::optional<stats::Summary> sent; ///< the final count
  };

  PortTest(const plan::PortTestPlan& plan, KeptPorts* kept) : plan_(plan), kept_(kept) {
    if (kept_ != nullptr) kept_->resize(plan.ports.size());
  }
  [[nodiscard]] KeptPort* kept(const Port& port) const;
  Status prepare_ports(std::uint64_t started_ns);
  Status prepare_receivers();
  Status prepare_senders(std::uint64_t started_ns);
  void on_end(stats::EndReason why, std::uint64_t now_ns) override;
  void drain(const StopToken& stop, run::Host& host);
  void conclude_senders(std::vector<std::optional<stats::Sample>>& rest);
  void last_line(report::Sink& sink, std::vector<std::optional<stats::Sample>> rest,
                 std::uint64_t end_ns);
  void add_ports(std::uint64_t end_ns);
  [[nodiscard]] std::optional<Error> silence() const;
  stats::RxSnapshot look_at(Port& port, bool words);
  [[nodiscard]] std::vector<const stats::RxSnapshot*> looked_at() const;
  template <class Fn>
  void for_flows(Fn&& fn) const;
  std::vector<stats::Flow<stats::RxSample>> flows_since();
  [[nodiscard]] std::vector<stats::PortFacts> facts() const;

  const plan::PortTestPlan& plan_;
  KeptPorts* kept_; ///< null: nothing is kept
  std::vector<Port> ports_;
  stats::PortTestSummary summary_;
  stats::LossSoFar loss_;
  std::uint64_t start_ns_ = 0, next_watch_ns_ = 0, line_ns_ = 0;
};

} // namespace xtg::app
