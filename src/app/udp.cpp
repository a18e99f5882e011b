// SPDX-License-Identifier: BSD-2-Clause
#include <random>

#include <fmt/format.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/patience.h"
#include "app/planned_capture.h"
#include "app/port_facts.h"
#include "core/exit_status.h"
#include "plan/port_test_plan.h"
#include "plan/tx_path.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

plan::HostFacts facts_of(const plan::TestSpec& test, const plan::PortSpec& port, Context& context) {
  std::string waits = fmt::format("a neighbour to answer for {}",
                                  plan::destination_of(port.streams.front()).to_string());
  if (plan::sees_both_ends(test)) waits = port.interface + ": its addresses, and " + waits;
  const Patience patience(test.output, context, waits);
  return gather_facts(test, port, !test.dry_run);
}

} // namespace

std::vector<plan::HostFacts> gather_ports(plan::TestSpec& test, Context& context) {
  return gather_facts_of_ports(test, [&context](const auto& spec, const auto& port) {
    return facts_of(spec, port, context);
  });
}

namespace {

int dry_run(plan::Plan plan, report::Sink& sink, Context& context) {
  if (std::string note = plan::tx_path_note(plan.via_reason); !note.empty())
    plan.notes.push_back(std::move(note));
  if (auto written = write_planned_frames(plan); !written)
    return fail_before(written.error(), sink);
  report::Notes notes(context.err);
  show_plan(plan, notes, context);
  return static_cast<int>(ExitStatus::Done);
}

int dry_run(const plan::PortTestPlan& plan, report::Sink&, Context& context) {
  report::Notes notes(context.err);
  for (const plan::PortPlan& port : plan.ports) {
    if (port.send) show_plan(*port.send, notes, context);
    if (port.receive && for_people(plan.spec.output)) notes.emit(port.receive->notes);
  }
  return static_cast<int>(ExitStatus::Done);
}

template <class Plan>
int carry_out(const Result<Plan>& plan, report::Sink& sink, Context& context) {
  if (!plan) return fail_before(plan.error(), sink);
  if (plan->spec.dry_run) return dry_run(*plan, sink, context);
  return finish(measure(*plan, sink, context.stop, asker(context)), sink);
}

} // namespace

int udp(const plan::TestSpec& asked, Context& outer) {
  Context context = beside_capture(outer, asked.pcap_path);
  xdp::init_logging(asked.output.verbose);
  const auto sink = make_output(asked.output, context);
  plan::TestSpec test = asked;
  const std::uint32_t run_id = test.run_id.value_or(std::random_device{}());
  if (!plan::sees_both_ends(test))
    return carry_out(plan::resolve(test, facts_of(test, test.ports.front(), context), run_id),
                     *sink, context);
  const std::vector<plan::HostFacts> facts = gather_ports(test, context);
  return carry_out(plan::resolve_port_test(test, facts, run_id), *sink, context);
}

} // namespace xtg::app
