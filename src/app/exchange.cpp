// SPDX-License-Identifier: BSD-2-Clause
// `udp --rx`: sending and receiving in one process.
#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "app/app.h"
#include "app/exchange_session.h"
#include "app/facts.h"
#include "app/patience.h"
#include "app/run_common.h"
#include "core/exit_status.h"
#include "net/interface.h"
#include "plan/exchange_plan.h"
#include "plan/plan.h"
#include "report/exchange_report.h"

namespace xtg::app {

namespace {

std::unique_ptr<report::ExchangeReporter> make_reporter(const plan::OutputSpec& output,
                                                        const Context& to) {
  if (output.json) return report::make_exchange_json(to.out);
  if (output.json_stream) return report::make_exchange_json_stream(to.out);
  if (output.quiet) return report::make_exchange_quiet();
  return report::make_exchange_text(to.out, to.err);
}

plan::HostFacts gather_port(const plan::PortSpec& port, const plan::ExchangeSpec& spec,
                            Context& context) {
  if (!port.send) return gather_facts(port.interface);
  const plan::StreamSpec& stream = port.send->streams.front();
  const Patience patience(spec.output, context,
                          fmt::format("{}: its addresses, and a neighbour to answer for {}",
                                      port.interface, plan::destination_of(stream).to_string()));
  return gather_facts(*port.send, !spec.dry_run);
}

/// The facts of every port, which from here on has its interface's own name; with them the ways
/// back, whose addresses are the first sender's.
std::vector<plan::HostFacts> gather(plan::ExchangeSpec& spec, Context& context) {
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

/// Whether the other end of the pair gets a receiving program of ours, by which it takes frames.
bool receives_at_its_peer(const plan::ExchangePlan& plan, const plan::PortPlan& port) {
  const auto& peer = port.iface.peer;
  return peer && peer->same_netns && std::ranges::any_of(plan.ports, [&](const auto& other) {
           return other.receive && other.iface.ifindex == peer->ifindex;
         });
}

/// What keeps frames from leaving any of the ports.
Status remove_obstacles(plan::ExchangePlan& plan, std::vector<std::unique_ptr<Repair>>& repairs) {
  for (plan::PortPlan& port : plan.ports) {
    if (!port.send) continue;
    if (receives_at_its_peer(plan, port)) continue;
    std::vector<plan::FrameSize> sizes;
    for (const plan::StreamPlan& stream : port.send->streams)
      sizes.push_back(plan::largest_frame(stream));
    auto clear = remove_obstacle(port.iface, sizes, port.send->fix, repairs.emplace_back(),
                                 port.send->notes);
    if (!clear) return clear;
  }
  return {};
}

int report_end(const ExchangeResult& result, const plan::ExchangePlan& plan,
               report::ExchangeReporter& reporter, Context& context) {
  std::vector<std::string> names;
  for (const plan::PortPlan& port : plan.ports)
    names.push_back(port.iface.name);
  const auto verdicts = report::judge(plan.spec.expect, result.summary, names);
  return end_judged(result, verdicts, report::covers_silence(plan.spec.expect, result.summary),
                    reporter, context);
}

} // namespace

int exchange(const plan::ExchangeSpec& asked, Context& context) {
  xdp::init_logging(asked.output.verbose);
  const auto reporter = make_reporter(asked.output, context);
  plan::ExchangeSpec spec = asked;
  const std::vector<plan::HostFacts> facts = gather(spec, context);
  auto plan = plan::resolve_exchange(spec, facts, std::random_device{}());
  if (!plan) return fail_before(plan.error(), *reporter, context);
  if (spec.dry_run) {
    report::Notes notes(context.err);
    for (const plan::PortPlan& port : plan->ports) {
      if (port.send) show_plan(*port.send, notes, context);
      if (port.receive && for_people(spec.output)) notes.tell(port.receive->notes);
    }
    return static_cast<int>(ExitStatus::Done);
  }
  if (auto caps = check_caps(true); !caps) return fail_before(caps.error(), *reporter, context);
  std::vector<std::unique_ptr<Repair>> repairs;
  if (auto clear = remove_obstacles(*plan, repairs); !clear)
    return fail_before(clear.error(), *reporter, context);
  auto session = ExchangeSession::prepare(*plan, context.started_ns);
  if (!session) return fail_before(while_running(std::move(session.error())), *reporter, context);
  const auto attended = context.signals.attend([&session] { (*session)->stop_sending(); });
  reporter->begin((*session)->told(),
                  run_info(context, facts.front(), (*session)->count_source_note()),
                  (*session)->modes());
  ExchangeResult result = (*session)->run(*reporter, context.out, context.signals);
  if (result.error) result.error = while_running(std::move(*result.error));
  return report_end(result, *plan, *reporter, context);
}

} // namespace xtg::app
