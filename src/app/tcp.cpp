// SPDX-License-Identifier: BSD-2-Clause
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/patience.h"
#include "core/exit_status.h"
#include "core/text.h"
#include "net/route.h"
#include "net/tcp.h"
#include "plan/diagnose.h"
#include "plan/tcp_plan.h"
#include "report/dry_run.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

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

} // namespace

int tcp(const plan::TcpSpec& spec, Context& context) {
  xdp::init_logging(spec.output.verbose);
  const auto sink = make_output(spec.output, context);
  const auto plan = plan::resolve_tcp(spec, gather(spec, context));
  if (!plan) return fail_before(plan.error(), *sink);
  if (!spec.dry_run) return finish(measure(*plan, *sink, context.stop, asker(context)), *sink);
  if (spec.output.json || spec.output.json_stream)
    context.out << report::tcp_plan_json(*plan) << '\n';
  else if (!spec.output.quiet)
    report::print_tcp_plan(context.out, *plan);
  context.out.flush();
  if (for_people(spec.output)) report::Notes(context.err).tell(plan->notes);
  return static_cast<int>(ExitStatus::Done);
}

} // namespace xtg::app
