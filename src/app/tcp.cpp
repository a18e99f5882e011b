// SPDX-License-Identifier: BSD-2-Clause
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/patience.h"
#include "app/repair.h"
#include "app/run_common.h"
#include "app/tcp_session.h"
#include "core/exit_status.h"
#include "core/text.h"
#include "net/route.h"
#include "net/tcp.h"
#include "plan/diagnose.h"
#include "plan/tcp_plan.h"
#include "report/tcp_report.h"

namespace xtg::app {

namespace {

std::unique_ptr<report::TcpReporter> make_reporter(const plan::OutputSpec& output,
                                                   const Context& to) {
  if (output.json) return report::make_tcp_json(to.out);
  if (output.json_stream) return report::make_tcp_json_stream(to.out);
  if (output.quiet) return report::make_tcp_quiet();
  return report::make_tcp_text(to.out, to.err);
}

plan::TcpFacts gather(const plan::TcpSpec& spec, Context& context) {
  const Patience patience(
      spec.output, context,
      fmt::format("the address of {}, and a neighbour to answer for it", xtg::quoted(spec.host)));
  plan::TcpFacts facts;
  facts.host.kernel = kernel_release();
  facts.host.cpus = allowed_cpus();
  if (spec.payload == plan::TcpPayload::File) {
    std::error_code error;
    const auto size = std::filesystem::file_size(spec.payload_file, error);
    if (error)
      facts.file_error = error.message();
    else
      facts.file_size = size;
  }
  auto addresses = net::resolve_host(spec.host);
  if (!addresses) {
    facts.address_error = addresses.error().message();
    return facts;
  }
  facts.addresses = std::move(*addresses);
  const auto dst = plan::choose_address(spec, facts.addresses, facts.address_error);
  if (!dst) return facts;
  plan::RouteQuestion question = plan::question_of(spec, *dst);
  auto iface = find_interface({spec.interface, spec.zone}, question);
  if (!iface) {
    facts.host.iface_error = iface.error().message();
    return facts;
  }
  facts.host.iface = std::move(*iface);
  net::RouteOptions options;
  options.resolve = !spec.dry_run && facts.host.iface->up &&
                    plan::check_safety(spec, *facts.host.iface, *dst).has_value();
  facts.host.routes.push_back(net::route_to(question, options));
  return facts;
}

int report_end(TcpSessionResult& result, report::TcpReporter& reporter, Context& context) {
  const int status = tell_errors(result, reporter, context);
  reporter.end(result.summary);
  reporter.finish();
  return status;
}

} // namespace

int tcp(const plan::TcpSpec& spec, Context& context) {
  xdp::init_logging(spec.output.verbose);
  const auto reporter = make_reporter(spec.output, context);
  const plan::TcpFacts facts = gather(spec, context);
  auto plan = plan::resolve_tcp(spec, facts);
  if (!plan) return fail_before(plan.error(), *reporter, context);
  if (spec.dry_run) {
    if (spec.output.json || spec.output.json_stream)
      context.out << report::tcp_plan_json(*plan, context.test) << '\n';
    else if (!spec.output.quiet)
      report::print_tcp_plan(context.out, *plan);
    context.out.flush();
    if (for_people(spec.output)) report::Notes(context.err).tell(plan->notes);
    return static_cast<int>(ExitStatus::Done);
  }
  if (auto caps = check_caps(true); !caps) return fail_before(caps.error(), *reporter, context);
  std::unique_ptr<Repair> repair;
  const std::uint32_t frame = plan->max_segment_ip + 14 + 4;
  if (auto clear = remove_obstacle(plan->iface, {frame}, spec.fix, repair, plan->notes); !clear)
    return fail_before(clear.error(), *reporter, context);
  TcpSession session(*plan, context.started_ns, context.signals);
  if (auto ready = session.prepare(); !ready)
    return fail_before(while_running(std::move(ready.error())), *reporter, context);
  report::RunInfo info = run_info(context, facts.host, session.count_source_note());
  plan::TcpPlan told = *plan;
  for (const std::string& note : session.notes())
    told.notes.push_back(note);
  reporter->begin(told, info);
  TcpSessionResult result = session.run(*reporter, context.out);
  if (result.error) result.error = while_running(std::move(*result.error));
  return report_end(result, *reporter, context);
}

} // namespace xtg::app
