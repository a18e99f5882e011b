// SPDX-License-Identifier: BSD-2-Clause
#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "plan/reflect_plan.h"
#include "xdp/live.h"

namespace xtg::app {

int reflect(const plan::ReflectSpec& spec, Context& context) {
  xdp::init_logging(spec.output.verbose);
  const auto sink = make_output(spec.output, context);
  const auto plan = plan::resolve_reflect(spec, gather_facts(spec.interface));
  if (!plan) return fail_before(plan.error(), *sink);
  return finish(measure(*plan, *sink, context.stop, asker(context)), *sink);
}

} // namespace xtg::app
