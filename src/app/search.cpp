// SPDX-License-Identifier: BSD-2-Clause
// `search`: one trial after the other, until every goal has its bounds.
#include <algorithm>
#include <memory>
#include <utility>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/host_trials.h"
#include "app/port_facts.h"
#include "app/this_host.h"
#include "app/trials.h"
#include "core/exit_status.h"
#include "report/dry_run.h"
#include "report/search_event.h"
#include "run/loop.h"
#include "run/search_run.h"
#include "serve/far_end.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

/// Why the command failed, if it did.
std::optional<report::Failure> failure_of(const std::optional<Error>& error, Asked asked,
                                          const std::vector<report::SearchVerdict>& verdicts,
                                          ThisHost& host) {
  if (asked == Asked::Leave)
    return report::Failure{Error{Errc::System, 0, "left at the second interrupt"},
                           static_cast<int>(ExitStatus::Interrupted)};
  if (error) {
    Error explained = host.explain(*error);
    const int status = exit_status(explained);
    return report::Failure{std::move(explained), status};
  }
  const auto missed = static_cast<std::size_t>(std::ranges::count_if(
      verdicts, [](const report::SearchVerdict& verdict) { return !verdict.held; }));
  if (missed == 0) return std::nullopt;
  return report::Failure{Error{Errc::System, 0, run::missed_words(missed, verdicts.size())},
                         static_cast<int>(ExitStatus::Threshold)};
}

/// The trials of a search, the connection that they need, and how it begins.
struct Ready {
  std::unique_ptr<FarHost> host;
  std::unique_ptr<Trials> trials;
  report::SearchBegin begin;
};

Result<Ready> make_trials(const plan::SearchSpec& spec, const plan::FarEnd& far, Context& context) {
  plan::TestSpec test = plan::test_of(spec);
  Ready ready;
  ready.begin.spec = spec;
  if (far.host.empty()) {
    auto facts = gather_ports(test, context);
    ready.trials = std::make_unique<PortTrials>(std::move(test), std::move(facts), context.stop);
    return ready;
  }
  auto host = FarHost::connect(far, context.err);
  if (!host) return tl::unexpected<Error>(std::move(host.error()));
  plan::PortSpec& port = test.ports.front();
  const plan::StreamSpec& stream = port.streams.front();
  const bool to_there = !far.reverse && stream.dst_addr;
  auto path = (*host)->find_path({port.interface, stream.zone},
                                 to_there ? std::optional(stream.dst_addr->first) : std::nullopt);
  if (!path) return tl::unexpected<Error>(std::move(path.error()));
  port.interface = path->near_interface;
  test.output = {};
  test.output.quiet = true;
  const plan::TestSpec sender = serve::near_sender(test, 0, path->far_ip);
  ready.begin.server = (*host)->server();
  ready.begin.to = path->far_end();
  ready.begin.reverse = far.reverse;
  ready.host = std::move(*host);
  ready.trials = std::make_unique<HostTrials>(std::move(test),
                                              gather_facts(sender, sender.ports.front(), true), far,
                                              *ready.host, std::move(*path), context);
  return ready;
}

int dry_run(const report::SearchBegin& begin, Context& context) {
  const plan::OutputSpec& output = begin.spec.test.output;
  if (output.json || output.json_stream)
    context.out << report::search_plan_json(begin) << '\n';
  else if (!output.quiet)
    report::print_search_plan(context.out, begin);
  context.out.flush();
  report::Notes notes(context.err);
  if (for_people(output))
    for (const plan::PortPlan& port : begin.plan.ports)
      if (port.send) notes.emit(port.send->notes);
  return static_cast<int>(ExitStatus::Done);
}

} // namespace

int search(const plan::SearchSpec& spec, const plan::FarEnd& far, Context& context) {
  xdp::init_logging(spec.test.output.verbose);
  const auto sink = make_output(spec.test.output, context);
  auto made = make_trials(spec, far, context);
  if (!made) return fail_before(std::move(made.error()), *sink);
  ThisHost host(asker(context));
  run::SearchRun run(spec, *made->trials, *sink, context.stop);
  auto sizes = run.plan();
  if (!sizes) return fail_before(std::move(sizes.error()), *sink);
  const auto attended = context.stop.attend();
  made->begin.plan = made->trials->plan();
  made->begin.sizes = std::move(*sizes);
  made->begin.info = host.info();
  if (spec.test.dry_run) return dry_run(made->begin, context);
  sink->take(report::Begin(std::move(made->begin)));
  report::SearchEnd end{run.run(), {}};
  end.summary.cpu_s = host.cpu_s();
  end.verdicts = report::judge(spec.expect, end.summary);
  int status = static_cast<int>(ExitStatus::Done);
  if (auto failed = failure_of(run.error(), context.stop.asked(), end.verdicts, host)) {
    status = failed->exit_status;
    sink->take(std::move(*failed));
  }
  sink->take(report::End(std::move(end)));
  sink->take(report::Finish{});
  return status;
}

} // namespace xtg::app
