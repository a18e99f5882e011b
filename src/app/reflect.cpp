// SPDX-License-Identifier: BSD-2-Clause
#include "app/app.h"
#include "app/facts.h"
#include "app/reflect_session.h"
#include "app/run_common.h"
#include "plan/reflect_plan.h"
#include "report/reflect_report.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

std::unique_ptr<report::ReflectReporter> make_reporter(const plan::OutputSpec& output,
                                                       const Context& to) {
  if (output.json) return report::make_reflect_json(to.out);
  if (output.json_stream) return report::make_reflect_json_stream(to.out);
  if (output.quiet) return report::make_reflect_quiet();
  return report::make_reflect_text(to.out, to.err);
}

} // namespace

int reflect(const plan::ReflectSpec& spec, Context& context) {
  xdp::init_logging(spec.output.verbose);
  const auto reporter = make_reporter(spec.output, context);
  const plan::HostFacts facts = gather_facts(spec.interface);
  auto plan = plan::resolve_reflect(spec, facts);
  if (!plan) return fail_before(plan.error(), *reporter, context);
  if (auto caps = check_caps(true); !caps) return fail_before(caps.error(), *reporter, context);
  // A mirror from which nothing can leave would be silent: that is said before.
  std::unique_ptr<Repair> repair;
  const std::vector<plan::FrameSize> smallest = {packet::min_frame_size(packet::Family::V4)};
  if (plan::leaves_by_xdp(*plan))
    if (auto clear = remove_obstacle(plan->iface, smallest, spec.fix, repair, plan->notes); !clear)
      return fail_before(clear.error(), *reporter, context);
  ReflectSession session(*plan);
  if (auto ready = session.prepare(); !ready)
    return fail_before(while_running(std::move(ready.error())), *reporter, context);
  plan::ReflectPlan told = *plan;
  for (const std::string& note : session.notes())
    told.notes.push_back(note);
  const auto attended = context.signals.attend([&session] { session.stop(); });
  session.start(); // whoever reads that it has begun may send
  reporter->begin(told, run_info(context, facts, session.count_source_note()),
                  session.place() == xdp::RxPlace::Native ? "native" : "generic");
  const ReflectSessionResult result = session.run(*reporter, context.out, context.signals);
  const int status = tell_errors(result, *reporter, context);
  reporter->end(result.summary);
  reporter->finish();
  return status;
}

} // namespace xtg::app
