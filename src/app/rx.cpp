// SPDX-License-Identifier: BSD-2-Clause
#include <optional>
#include <utility>

#include "app/app.h"
#include "app/facts.h"
#include "app/run_common.h"
#include "app/rx_session.h"
#include "core/exit_status.h"
#include "plan/rx_plan.h"
#include "report/sink.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {} // namespace

int rx(const plan::RxSpec& spec, Context& asked) {
  Context context = beside_capture(asked, spec.pcap_path);
  xdp::init_logging(spec.output.verbose);
  const auto reporter = report::make_sink(spec.output, context.out, context.err);
  const plan::HostFacts facts = gather_facts(spec.interface);
  auto plan = plan::resolve_rx(spec, facts);
  if (!plan) return fail_before(plan.error(), *reporter, context);
  if (auto caps = check_caps(true); !caps) return fail_before(caps.error(), *reporter, context);
  std::optional<SampleFile> samples;
  if (!spec.pcap_path.empty()) {
    auto created = SampleFile::create(spec.pcap_path);
    if (!created) return fail_before(created.error(), *reporter, context);
    samples.emplace(std::move(*created));
  }

  RxSession session(*plan, samples ? &*samples : nullptr);
  if (auto ready = session.prepare(); !ready)
    return fail_before(while_running(std::move(ready.error())), *reporter, context);
  plan::RxPlan told = *plan;
  for (const std::string& note : session.listener().notes())
    told.notes.push_back(note);
  const auto attended = context.signals.attend();
  session.start(); // first: who reads that it receives may send
  reporter->take(report::RxBegin{told, run_info(context, facts, {}), session.listener().mode()});
  RxSessionResult result = session.run(*reporter, context.out, context.signals);
  return end_judged<report::RxEnd>(result, report::judge(spec.expect, result.summary),
                                   !spec.expect.empty(), *reporter, context);
}

} // namespace xtg::app
