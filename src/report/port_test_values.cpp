// SPDX-License-Identifier: BSD-2-Clause
// The objects in the JSON of port tests, which see both ends.
#include <numeric>

#include "core/units.h"
#include "report/both_ends.h"
#include "report/describe.h"
#include "report/json_values.h"
#include "report/rx_values.h"
#include "report/to_json.h"

namespace xtg::report {
namespace {

using Names = std::vector<std::string>;

/// Facts about the run that the values need.
struct PortTestFacts {
  Names ports;
  std::vector<RunFacts> tx; ///< by port
};

PortTestFacts facts_of(const PortTestBegin& begin) {
  PortTestFacts facts;
  for (const plan::PortPlan& port : begin.plan.ports) {
    facts.ports.push_back(port.iface.name);
    facts.tx.push_back(port.send ? run_facts(*port.send, begin.info) : RunFacts{});
  }
  return facts;
}

Json port_test_start(const plan::PortTestPlan& plan, const RunInfo& info, const Names& modes) {
  Json ports = Json::array();
  for (std::size_t i = 0; i < plan.ports.size(); ++i) {
    const plan::PortPlan& port = plan.ports[i];
    Json receives = nullptr;
    if (port.receive)
      receives = {{"attached", modes[i]},
                  {"window", port.receive->spec.window},
                  {"notes", port.receive->notes}};
    ports.push_back({{"interface", port.iface.name},
                     {"sends", port.send ? plan_value(*port.send) : Json(nullptr)},
                     {"receives", std::move(receives)}});
  }
  Json expect = Json::array();
  for (const plan::Condition& condition : plan.spec.expect)
    expect.push_back(condition.text);
  return start_value(info, plan::interfaces_of(plan),
                     {{"role", "exchange"},
                      {"bidir", plan.spec.bidir},
                      {"drain_seconds", seconds(plan.spec.drain)},
                      {"interval_seconds", seconds(plan.spec.interval)},
                      {"expect", std::move(expect)},
                      {"ports", std::move(ports)}});
}

/// Fields that belong to the sender or its port, not to a flow.
void clear_loss(Json& value, bool known) {
  if (known) return;
  for (const char* key :
       {"lost_packets", "lost_percent", "missing_packets", "loss_exact", "loss_bursts"})
    if (value.contains(key)) value[key] = nullptr;
}
void settle_flow(Json& sum, bool loss_known) {
  sum.erase("passed");
  clear_loss(sum, loss_known);
}

Json port_test_interval(const stats::PortTestSample& sample, const PortTestFacts& facts) {
  Json ports = Json::array(), flows = Json::array();
  std::uint64_t sent = 0, received = 0;
  for (std::size_t i = 0; i < sample.tx.size(); ++i) {
    if (!sample.tx[i]) continue;
    sent += sample.tx[i]->tx.accepted;
    Json port = {{"interface", facts.ports[i]}};
    port.update(interval_value(*sample.tx[i], facts.tx[i]));
    port["lost_packets"] = sample.lost[i];
    port["missing_packets"] = sample.missing[i];
    ports.push_back(std::move(port));
  }
  for (const auto& flow : sample.flows) {
    received += flow.rx.sum.unique;
    Json value = {{"from", facts.ports[flow.from]}, {"to", facts.ports[flow.to]}};
    value.update(rx_interval_value(flow.rx));
    settle_flow(value["sum"], sample.loss_by_flow[flow.from]);
    flows.push_back(std::move(value));
  }
  return {{"sum",
           {{"start", number(sample.start_s)},
            {"end", number(sample.end_s)},
            {"seconds", number(sample.end_s - sample.start_s)},
            {"sent", sent},
            {"received", received},
            {"lost_packets",
             std::accumulate(sample.lost.begin(), sample.lost.end(), std::int64_t{0})}}},
          {"tx", std::move(ports)},
          {"flows", std::move(flows)}};
}

/// Fields of a receiving port that are not of a stream.
Json port_value(const stats::RxSummary& summary, const std::string& port) {
  const Json end = rx_end_value(summary, {});
  Json value = {{"interface", port}, {"passed", end["sum"]["passed"]}};
  for (const char* key : {"queues", "cpus", "aside"})
    value[key] = end[key];
  return value;
}

Json flow_value(const stats::Flow<stats::RxSummary>& flow, const Names& ports, bool loss_known) {
  Json end = rx_end_value(flow.rx, {});
  settle_flow(end["sum"], loss_known);
  for (Json& stream : end["streams"])
    clear_loss(stream, loss_known);
  return {{"from", ports[flow.from]},
          {"to", ports[flow.to]},
          {"sum", end["sum"]},
          {"streams", end["streams"]}};
}

Json port_test_end(const stats::PortTestSummary& summary, const std::vector<RxVerdict>& verdicts,
                   const PortTestFacts& facts) {
  Json tx = Json::array(), rx = Json::array(), ledger = Json::array(), flows = Json::array();
  std::uint64_t asked = 0, sent = 0, received = 0;
  for (std::size_t i = 0; i < summary.ports.size(); ++i) {
    const stats::PortSummary& port = summary.ports[i];
    const std::string& interface = facts.ports[i];
    if (port.tx) {
      Json value = {{"interface", interface}};
      value.update(end_value(*port.tx, facts.tx[i]));
      value.erase("cpu_seconds"); // for the whole process: see below
      tx.push_back(std::move(value));
    }
    if (port.ledger) {
      asked += port.ledger->asked;
      sent += port.ledger->asked - port.ledger->not_sent - port.ledger->driver_drops;
      received += port.ledger->received + port.ledger->duplicated;
      Json value = {{"interface", interface}};
      value.update(ledger_value(*port.ledger));
      ledger.push_back(std::move(value));
    }
    if (port.rx) rx.push_back(port_value(*port.rx, interface));
  }
  for (const auto& flow : summary.flows)
    flows.push_back(flow_value(flow, facts.ports, stats::loss_by_flow(summary, flow.from)));
  return {{"sum",
           {{"start", number(summary.start_s)},
            {"end", number(summary.end_s)},
            {"seconds", number(summary.end_s - summary.start_s)},
            {"asked", asked},
            {"sent", sent},
            {"received", received},
            {"lost_percent", sent == 0 ? Json(nullptr)
                                       : number(100 * static_cast<double>(sent - received) /
                                                static_cast<double>(sent))}}},
          {"reason", name(summary.end)},
          {"ledger", std::move(ledger)},
          {"flows", std::move(flows)},
          {"tx", std::move(tx)},
          {"rx", std::move(rx)},
          {"expect", expect_value(verdicts)},
          {"cpu_seconds", number(summary.cpu_s)}};
}

} // namespace

Json to_json(const PortTestBegin& begin) {
  return port_test_start(begin.plan, begin.info, begin.modes);
}

Json to_json(const PortTestBegin& begin, const stats::PortTestSample& sample) {
  return port_test_interval(sample, facts_of(begin));
}

Json to_json(const PortTestBegin& begin, const PortTestEnd& end) {
  return port_test_end(end.summary, end.verdicts, facts_of(begin));
}

} // namespace xtg::report
