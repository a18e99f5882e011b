// SPDX-License-Identifier: BSD-2-Clause
// This host under a server. Internal to app.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "app/kept_ports.h"
#include "app/measure.h"
#include "serve/service.h"

namespace xtg::app {

class ServeMachine final : public serve::Machine {
public:
  std::uint64_t now_ns() override;
  std::array<std::uint8_t, 16> random() override;
  std::string hostname() override;
  HostClock clock() override;
  std::uint64_t tai_ns() override;
  Result<serve::AnyPlan> plan(const spec::Test& test, bool ask) override;
  void run(const serve::AnyPlan& plan, report::Sink& sink, const StopToken& stop,
           report::RunInfo asker, const std::function<std::uint64_t()>& ready) override;
  void hold(const std::string& interface, Nanoseconds time) override;
  void tick() override;
  std::vector<plan::InterfaceFacts> interfaces(const std::vector<std::string>& names) override;
  Status send_datagram(const packet::Ip& from, const packet::Ip& to, std::uint16_t port,
                       const std::string& text) override;

private:
  /// What stays attached to an interface between the tests of a series.
  struct Held {
    std::shared_ptr<KeptPort> port = std::make_shared<KeptPort>();
    Nanoseconds time{};
    std::uint64_t until_ns = 0;
    unsigned users = 0;
  };
  std::shared_ptr<KeptPort> held(const std::string& interface);
  Result<serve::AnyPlan> plan_udp(plan::TestSpec test, bool ask);
  template <class Plan>
  Result<run::Outcome> measure_held(const Plan& plan, report::Sink& sink, const StopToken& stop,
                                    report::RunInfo asker, const AwaitStart& await_start);

  std::mutex mutex_;
  std::map<std::string, Held> held_; ///< by the interface's name
};

} // namespace xtg::app
