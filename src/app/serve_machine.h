// SPDX-License-Identifier: BSD-2-Clause
// This host under a server. Internal to app.
#pragma once

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
           report::RunInfo asker) override;
  std::vector<plan::InterfaceFacts> interfaces(const std::vector<std::string>& names) override;
  Status send_datagram(const packet::Ip& from, const packet::Ip& to, std::uint16_t port,
                       const std::string& text) override;
};

} // namespace xtg::app
