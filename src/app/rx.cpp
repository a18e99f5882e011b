// SPDX-License-Identifier: BSD-2-Clause
#include <optional>
#include <utility>

#include "app/app.h"
#include "app/facts.h"
#include "app/run_common.h"
#include "app/rx_session.h"
#include "core/exit_status.h"
#include "plan/rx_plan.h"
#include "report/rx_report.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

std::unique_ptr<report::RxReporter> make_reporter(const plan::OutputSpec& output,
                                                  const Context& to) {
  if (output.json) return report::make_rx_json(to.out);
  if (output.json_stream) return report::make_rx_json_stream(to.out);
  if (output.quiet) return report::make_rx_quiet();
  return report::make_rx_text(to.out, to.err);
}

} // namespace

int rx(const plan::RxSpec& spec, Context& asked) {
  Context context = beside_capture(asked, spec.pcap_path);
  xdp::init_logging(spec.output.verbose);
  const auto reporter = make_reporter(spec.output, context);
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
  reporter->begin(told, run_info(context, facts, {}), session.listener().mode());
  RxSessionResult result = session.run(*reporter, context.out, context.signals);
  return end_judged(result, report::judge(spec.expect, result.summary), !spec.expect.empty(),
                    *reporter, context);
}

} // namespace xtg::app
