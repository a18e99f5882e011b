// SPDX-License-Identifier: BSD-2-Clause
// `udp --rx`: sending and receiving in one process.
#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/patience.h"
#include "app/port_facts.h"
#include "core/exit_status.h"
#include "net/interface.h"
#include "plan/exchange_plan.h"
#include "plan/plan.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

plan::HostFacts gather_port(const plan::PortSpec& port, const plan::ExchangeSpec& spec,
                            Context& context) {
  if (!port.send) return gather_facts(port.interface);
  const plan::StreamSpec& stream = port.send->streams.front();
  const Patience patience(spec.output, context,
                          fmt::format("{}: its addresses, and a neighbour to answer for {}",
                                      port.interface, plan::destination_of(stream).to_string()));
  return gather_facts(*port.send, !spec.dry_run);
}

} // namespace

std::vector<plan::HostFacts> gather_ports(plan::ExchangeSpec& spec, Context& context) {
  spec = plan::with_own_names(std::move(spec), net::interface_name);
  const auto first =
      std::ranges::find_if(spec.ports, [](const plan::PortSpec& p) { return p.send.has_value(); });
  if (spec.bidir && first != spec.ports.end())
    spec = plan::with_ways_back(spec, gather_port(*first, spec, context));
  std::vector<plan::HostFacts> facts;
  for (const plan::PortSpec& port : spec.ports)
    facts.push_back(gather_port(port, spec, context));
  return facts;
}

int port_test(const plan::ExchangeSpec& asked, Context& context) {
  xdp::init_logging(asked.output.verbose);
  const auto sink = make_output(asked.output, context);
  plan::ExchangeSpec spec = asked;
  const std::vector<plan::HostFacts> facts = gather_ports(spec, context);
  const auto plan = plan::resolve_exchange(spec, facts, std::random_device{}());
  if (!plan) return fail_before(plan.error(), *sink);
  if (!spec.dry_run) return finish(measure(*plan, *sink, context.stop, asker(context)), *sink);
  report::Notes notes(context.err);
  for (const plan::PortPlan& port : plan->ports) {
    if (port.send) show_plan(*port.send, notes, context);
    if (port.receive && for_people(spec.output)) notes.tell(port.receive->notes);
  }
  return static_cast<int>(ExitStatus::Done);
}

} // namespace xtg::app
