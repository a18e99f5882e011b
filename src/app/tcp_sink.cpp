// SPDX-License-Identifier: BSD-2-Clause
#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "plan/tcp_sink_plan.h"

namespace xtg::app {

int tcp_sink(const plan::TcpSinkSpec& spec, Context& context) {
  const auto sink = make_output(spec.output, context);
  const auto plan = plan::resolve_tcp_sink(spec, gather_facts(spec.interface));
  if (!plan) return fail_before(plan.error(), *sink);
  return finish(measure(*plan, *sink, context.stop, asker(context)), *sink);
}

} // namespace xtg::app
