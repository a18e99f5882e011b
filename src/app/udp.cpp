// SPDX-License-Identifier: BSD-2-Clause
#include <random>

#include <fmt/format.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/patience.h"
#include "app/planned_capture.h"
#include "core/exit_status.h"
#include "plan/way.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

plan::HostFacts facts_of(const plan::RunSpec& spec, Context& context) {
  const Patience patience(spec.output, context,
                          fmt::format("a neighbour to answer for {}",
                                      plan::destination_of(spec.streams.front()).to_string()));
  return gather_facts(spec, !spec.dry_run);
}

int dry_run(plan::Plan plan, report::Sink& sink, Context& context) {
  if (std::string note = plan::way_note(plan); !note.empty()) plan.notes.push_back(std::move(note));
  if (auto written = write_planned_frames(plan); !written)
    return fail_before(written.error(), sink);
  report::Notes notes(context.err);
  show_plan(plan, notes, context);
  return static_cast<int>(ExitStatus::Done);
}

} // namespace

int udp(const plan::RunSpec& spec, Context& asked) {
  Context context = beside_capture(asked, spec.pcap_path);
  xdp::init_logging(spec.output.verbose);
  const auto sink = make_output(spec.output, context);
  auto plan =
      plan::resolve(spec, facts_of(spec, context), spec.session.value_or(std::random_device{}()));
  if (!plan) return fail_before(plan.error(), *sink);
  if (spec.dry_run) return dry_run(*plan, *sink, context);
  return finish(measure(*plan, *sink, context.stop, asker(context)), *sink);
}

} // namespace xtg::app
