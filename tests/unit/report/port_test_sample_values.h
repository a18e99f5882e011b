// SPDX-License-Identifier: BSD-2-Clause
// Hand-made values of a run that sees both ends, shared by the reporters' tests and the schema
// check's samples.
#pragma once

#include "report/sink.h"
#include "unit/report/rx_sample_values.h"

namespace xtg::report::sample {

/// eth1 sends, eth2 receives.
inline plan::PortTestPlan port_test_plan() {
  plan::PortTestPlan plan;
  plan.spec.expect = {
      {plan::Expected::Received, plan::Relation::Equal, 1, "rx@eth2=1/2", "eth2", 2},
      {plan::Expected::Lost, plan::Relation::Equal, 12, "lost=12", {}, 0}};
  plan.ports.resize(2);
  plan.ports[0].iface = sample::plan().iface;
  plan.ports[0].send = sample::plan();
  plan.ports[1].receive = rx_plan();
  plan.ports[1].iface = plan.ports[1].receive->iface;
  plan.ports[1].iface.name = "eth2";
  return plan;
}

inline stats::PortTestSample port_test_interval() {
  return {0,
          1,
          {sample::interval(), std::nullopt},
          {{0, 1, rx_interval()}},
          {12, 0},
          {true, false},
          {12, 0}};
}

/// 1,014 sent, of which twelve never came.
inline stats::PortTestSummary port_test_summary() {
  stats::PortTestSummary s;
  s.end_s = 2.5;
  s.end = stats::EndReason::Duration;
  s.cpu_s = 3.25;
  s.ports.resize(2);
  s.ports[0].tx = sample::summary();
  s.ports[0].ledger = {.asked = 1'050,
                       .not_sent = 30,
                       .driver_drops = 6,
                       .lost = 7,
                       .dropped = 4,
                       .received = 996,
                       .duplicated = 6,
                       .late = 1,
                       .copies = 7,
                       .limit = stats::Limit::Generator};
  s.ports[1].rx = rx_summary();
  s.flows = {{0, 1, rx_summary()}};
  return s;
}

inline std::vector<RxVerdict> port_test_verdicts() {
  return judge(port_test_plan().spec.expect, port_test_summary(), {"eth1", "eth2"});
}

} // namespace xtg::report::sample
