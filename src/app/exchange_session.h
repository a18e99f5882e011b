// SPDX-License-Identifier: BSD-2-Clause
// One run that sees both ends: sending Sessions and Listeners side by side, one clock, one set of
// lines. Internal to app.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <vector>

#include "app/listener.h"
#include "app/session.h"
#include "app/signals.h"
#include "plan/exchange_plan.h"
#include "report/sink.h"
#include "stats/exchange.h"

namespace xtg::app {

struct ExchangeResult {
  stats::ExchangeSummary summary;
  std::optional<Error> error; ///< why the run failed; the first of what went wrong
};

class ExchangeSession {
public:
  /// Receivers first, so that senders find them in place. On failure nothing is left attached. The
  /// plan outlives the session.
  static Result<std::unique_ptr<ExchangeSession>> prepare(const plan::ExchangePlan& plan,
                                                          std::uint64_t started_ns);

  /// By port, where its receiving program runs; empty where it does not receive.
  [[nodiscard]] std::vector<std::string> modes() const;
  /// Why frames sent are not counted by the tracepoint; empty when they are.
  [[nodiscard]] std::string count_source_note() const;
  /// The plan with what was learnt while preparing.
  [[nodiscard]] plan::ExchangePlan told() const;

  /// Nothing more is sent. From any thread.
  void stop_sending();
  ExchangeResult run(report::Sink& reporter, const std::ostream& out, Signals& signals);

private:
  /// A port at work.
  struct Port {
    const plan::PortPlan* plan = nullptr;
    std::optional<Listener> listener;
    std::unique_ptr<Session> session;
    bool finished = false; ///< its threads have ended
    stats::RxSnapshot first, previous, last;
    std::optional<stats::Summary> sent; ///< the final count
  };

  explicit ExchangeSession(const plan::ExchangePlan& plan) : plan_(plan) {}
  Status prepare_ports(std::uint64_t started_ns);
  void start();
  void send_all(report::Sink& reporter, const std::ostream& out, Signals& signals);
  void drain(Signals& signals);
  void wait(int timeout_ms, Signals& signals);
  void watch();
  void line(report::Sink& reporter, const std::ostream& out);
  void stop(stats::EndReason reason);
  void fail_run(Error error);
  void conclude_senders(std::vector<std::optional<stats::Sample>>& rest);
  void conclude(report::Sink& reporter, std::vector<std::optional<stats::Sample>> rest);
  void last_line(report::Sink& reporter, std::vector<std::optional<stats::Sample>> rest,
                 std::uint64_t end_ns);
  [[nodiscard]] std::optional<Error> silence() const;
  stats::RxSnapshot look_at(Port& port, bool words);
  [[nodiscard]] bool all_finished() const;
  [[nodiscard]] std::vector<const stats::RxSnapshot*> looked_at() const;
  template <class Fn>
  void for_flows(Fn&& fn) const;
  std::vector<stats::Flow<stats::RxSample>> flows_since();
  [[nodiscard]] std::vector<stats::PortFacts> facts() const;

  const plan::ExchangePlan& plan_;
  std::vector<Port> ports_;
  ExchangeResult result_;
  stats::LossSoFar loss_;
  std::uint64_t start_ns_ = 0, next_line_ns_ = 0, next_watch_ns_ = 0, line_ns_ = 0;
};

} // namespace xtg::app
