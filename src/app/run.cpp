// SPDX-License-Identifier: BSD-2-Clause
#include <ctime>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/repair.h"
#include "app/session.h"
#include "core/exit_status.h"
#include "net/caps.h"
#include "packet/pcap.h"
#include "plan/diagnose.h"
#include "report/reporter.h"

namespace xtg::app {

namespace {

std::unique_ptr<report::Reporter> make_reporter(const plan::OutputSpec& output, std::ostream& out) {
  if (output.json) return report::make_json(out);
  if (output.json_stream) return report::make_json_stream(out);
  if (output.quiet) return report::make_quiet();
  return report::make_text(out);
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

Status write_pcap(const plan::Plan& plan) {
  std::vector<packet::TimedFrame> frames;
  for (std::uint64_t k = 0; k < plan.spec.dry_run_frames; k++) {
    for (const plan::StreamPlan& stream : plan.streams) {
      if (stream.num_packets && k >= *stream.num_packets) continue;
      const double pps = stream.pacing ? stream.pacing->target_pps : 1e6;
      const auto at = static_cast<std::uint64_t>(static_cast<double>(k) * 1e9 / pps);
      frames.push_back({at, packet::render(stream.frame, k, 0, at)});
    }
  }
  return packet::write_pcap(plan.spec.pcap_path, frames);
}

/// One line when a capability that sending needs is missing.
Status check_caps() {
  const auto caps = net::effective_caps();
  if (!caps) return {};
  if (caps->can_load() && caps->net_admin) return {};
  std::string missing;
  if (!caps->can_load()) missing = "CAP_BPF";
  if (!caps->net_admin) missing += missing.empty() ? "CAP_NET_ADMIN" : " and CAP_NET_ADMIN";
  return fail(Errc::NoPermission,
              fmt::format("{} missing: run as root, or give the program its capabilities with "
                          "setcap cap_bpf,cap_net_admin,cap_perfmon+ep",
                          missing));
}

int fail_run(const Error& error, report::Reporter& reporter, Context& context) {
  const int status = complain(error, context);
  reporter.error(error, status);
  reporter.finish();
  return status;
}

int dry_run(const plan::Plan& plan, Context& context) {
  if (!plan.spec.pcap_path.empty()) {
    if (auto written = write_pcap(plan); !written) return complain(written.error(), context);
  }
  if (plan.spec.output.json || plan.spec.output.json_stream)
    context.out << report::plan_json(plan, true) << '\n';
  else
    report::print_plan(context.out, plan);
  context.out.flush();
  return static_cast<int>(ExitStatus::Done);
}

int report_end(SessionResult& result, report::Reporter& reporter, Context& context) {
  if (result.left_at_once) return static_cast<int>(ExitStatus::Interrupted);
  int status = static_cast<int>(ExitStatus::Done);
  if (result.error) {
    status = complain(*result.error, context);
    reporter.error(*result.error, status);
  }
  reporter.end(result.summary);
  reporter.finish();
  return status;
}

/// What is known to keep frames from leaving is repaired, if --fix says so, or ends the run here.
Status remove_obstacle(const plan::Plan& plan, std::optional<Repair>& repair,
                       std::vector<std::string>& notes) {
  for (const plan::StreamPlan& stream : plan.streams) {
    const auto obstacle = plan::preflight(plan.iface, stream.frame.spec.frame_size);
    if (!obstacle) continue;
    if (repair || !plan.fix || obstacle->fix == plan::Fix::None)
      return fail(Errc::NotSupported,
                  obstacle->paragraph() +
                      (obstacle->fix != plan::Fix::None ? "; --fix does it for the run" : ""));
    auto applied = Repair::apply(*obstacle, plan.iface);
    if (!applied) return tl::unexpected<Error>(std::move(applied.error()));
    repair.emplace(std::move(*applied));
    notes.push_back(repair->what());
    return {};
  }
  return {};
}

} // namespace

int complain(const Error& error, Context& context) {
  fmt::print(context.err, "xdp-trafficgen: {}\n", error.message());
  context.err.flush();
  return exit_status(error);
}

int run(const plan::RunSpec& spec, Context& context) {
  xdp::init_logging(spec.output.verbose);
  const auto reporter = make_reporter(spec.output, context.out);

  const plan::HostFacts facts = gather_facts(spec, !spec.dry_run);
  auto plan = plan::resolve(spec, facts, std::random_device{}());
  if (!plan) return fail_run(plan.error(), *reporter, context);
  if (spec.dry_run) return dry_run(*plan, context);

  if (auto caps = check_caps(); !caps) return fail_run(caps.error(), *reporter, context);
  std::optional<Repair> repair;
  if (auto clear = remove_obstacle(*plan, repair, plan->notes); !clear)
    return fail_run(clear.error(), *reporter, context);
  if (!spec.pcap_path.empty()) {
    if (auto written = write_pcap(*plan); !written)
      return fail_run(written.error(), *reporter, context);
  }
  auto signals = Signals::open();
  if (!signals) return fail_run(signals.error(), *reporter, context);
  auto session = Session::prepare(*plan, context.started_ns);
  if (!session) return fail_run(session.error(), *reporter, context);

  report::RunInfo info;
  info.command = context.command;
  info.started_utc = utc_now();
  info.hostname = host_name();
  info.kernel = facts.kernel;
  info.source_note = (*session)->count_source_note();
  info.source =
      info.source_note.empty() ? stats::CountSource::Tracepoint : stats::CountSource::Link;
  for (const std::string& note : (*session)->notes())
    plan->notes.push_back(note);
  reporter->begin(*plan, info);

  SessionResult result = (*session)->run(*reporter, *signals);
  return report_end(result, *reporter, context);
}

} // namespace xtg::app
