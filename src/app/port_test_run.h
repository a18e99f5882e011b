// SPDX-License-Identifier: BSD-2-Clause
// The course of a port test, which sees both ends: sending Sessions and Listeners side by side, one
// clock, one set of lines. Internal to app.
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
  /// Receivers first, so that senders find them in place. On failure nothing is left attached. The
  /// plan outlives the session.
  static Result<std::unique_ptr<PortTest>> prepare(const plan::PortTestPlan& plan,
                                                   std::uint64_t started_ns);

  report::Begin begin(report::RunInfo info) override;
  void start(const StopToken& stop) override;
  [[nodiscard]] std::vector<int> fds() const override;
  [[nodiscard]] std::uint64_t next_look_ns() const override { return next_watch_ns_; }
  void look(std::uint64_t now_ns, report::Sink& sink) override;
  std::optional<report::Interval> line(std::uint64_t now_ns) override;
  /// The threads of all senders have ended.
  [[nodiscard]] bool over() const override;
  void halt() override;
  Finished conclude(report::Sink& sink, const StopToken& stop, run::Host& host) override;

private:
  /// A port at work.
  struct Port {
    const plan::PortPlan* plan = nullptr;
    std::optional<Listener> listener;
    std::unique_ptr<UdpRun> sender;
    stats::RxSnapshot first, previous, last;
    std::optional<stats::Summary> sent; ///< the final count
  };

  explicit PortTest(const plan::PortTestPlan& plan) : plan_(plan) {}
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
  std::vector<Port> ports_;
  stats::PortTestSummary summary_;
  stats::LossSoFar loss_;
  std::uint64_t start_ns_ = 0, next_watch_ns_ = 0, line_ns_ = 0;
};

} // namespace xtg::app
