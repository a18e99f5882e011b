// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/patience.h"
#include "core/exit_status.h"
#include "core/text.h"
#include "plan/tcp_plan.h"
#include "report/dry_run.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

plan::TcpFacts gather(const plan::TcpSpec& spec, Context& context) {
  const Patience patience(
      spec.output, context,
      fmt::format("the address of {}, and a neighbour to answer for it", xtg::quoted(spec.host)));
  return gather_facts(spec);
}

} // namespace

int tcp(const plan::TcpSpec& spec, Context& context) {
  xdp::init_logging(spec.output.verbose);
  const auto sink = make_output(spec.output, context);
  const auto plan = plan::resolve_tcp(spec, gather(spec, context));
  if (!plan) return fail_before(plan.error(), *sink);
  if (!spec.dry_run) return finish(measure(*plan, *sink, context.stop, asker(context)), *sink);
  if (spec.output.json || spec.output.json_stream)
    context.out << report::tcp_plan_json(*plan, context.test) << '\n';
  else if (!spec.output.quiet)
    report::print_tcp_plan(context.out, *plan);
  context.out.flush();
  if (for_people(spec.output)) report::Notes(context.err).emit(plan->notes);
  return static_cast<int>(ExitStatus::Done);
}

} // namespace xtg::app
