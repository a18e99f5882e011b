// SPDX-License-Identifier: BSD-2-Clause
#include <cerrno>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "app/app.h"
#include "app/facts.h"
#include "app/patience.h"
#include "app/repair.h"
#include "app/run_common.h"
#include "app/session.h"
#include "core/exit_status.h"
#include "core/text.h"
#include "packet/pcap.h"
#include "report/describe.h"
#include "report/reporter.h"

namespace xtg::app {

namespace {

std::unique_ptr<report::Reporter> make_reporter(const plan::OutputSpec& output, const Context& to) {
  if (output.json) return report::make_json(to.out);
  if (output.json_stream) return report::make_json_stream(to.out);
  if (output.quiet) return report::make_quiet();
  return report::make_text(to.out, to.err);
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
  auto written = packet::write_pcap(plan.spec.pcap_path, frames);
  if (!written && written.error().sys == EISDIR)
    return fail(Errc::InvalidArgument, fmt::format("--write-pcap {}: a directory, not a file",
                                                   xtg::quoted(plan.spec.pcap_path)));
  return written;
}

int dry_run(const plan::Plan& plan, report::Reporter& reporter, Context& context) {
  if (!plan.spec.pcap_path.empty()) {
    if (auto written = write_pcap(plan); !written)
      return fail_before(written.error(), reporter, context);
  }
  report::Notes notes(context.err);
  show_plan(plan, notes, context);
  return static_cast<int>(ExitStatus::Done);
}

plan::HostFacts facts_of(const plan::RunSpec& spec, Context& context) {
  const Patience patience(spec.output, context,
                          fmt::format("a neighbour to answer for {}",
                                      plan::destination_of(spec.streams.front()).to_string()));
  return gather_facts(spec, !spec.dry_run);
}

int report_end(SessionResult& result, report::Reporter& reporter, Context& context) {
  const int status = tell_errors(result, reporter, context);
  reporter.end(result.summary);
  reporter.finish();
  return status;
}

} // namespace

int complain(const Error& error, Context& context) {
  fmt::print(context.err, "xdp-trafficgen: {}\n", report::one_line(error.message()));
  context.err.flush();
  return exit_status(error);
}

int refuse(const Error& error, const plan::OutputSpec& output, Context& context) {
  return fail_before(error, *make_reporter(output, context), context);
}

int run(const plan::RunSpec& spec, Context& asked) {
  Context context = beside_capture(asked, spec.pcap_path);
  xdp::init_logging(spec.output.verbose);
  const auto reporter = make_reporter(spec.output, context);

  const plan::HostFacts facts = facts_of(spec, context);
  auto plan = plan::resolve(spec, facts, spec.session.value_or(std::random_device{}()));
  if (!plan) return fail_before(plan.error(), *reporter, context);
  if (spec.dry_run) return dry_run(*plan, *reporter, context);

  if (auto caps = check_caps(false); !caps) return fail_before(caps.error(), *reporter, context);
  std::unique_ptr<Repair> repair;
  std::vector<plan::FrameSize> sizes;
  for (const plan::StreamPlan& stream : plan->streams)
    sizes.push_back(plan::largest_frame(stream));
  if (auto clear = remove_obstacle(plan->iface, sizes, plan->fix, repair, plan->notes); !clear)
    return fail_before(clear.error(), *reporter, context);
  if (!spec.pcap_path.empty()) {
    if (auto written = write_pcap(*plan); !written)
      return fail_before(written.error(), *reporter, context);
  }
  const auto tell = [&](const std::string& step) {
    if (spec.output.verbose) fmt::print(context.err, "xdp-trafficgen: {}\n", step);
  };
  tell(fmt::format("interface {} (index {}, driver {}), {} threads, batches of {}",
                   plan->iface.name, plan->iface.ifindex, plan->iface.driver, plan->cpus.size(),
                   plan->batch));
  auto session = Session::prepare(*plan, context.started_ns);
  if (!session) return fail_before(while_running(std::move(session.error())), *reporter, context);
  tell("programs loaded and kept in the dispatcher, threads in place");

  const auto attended = context.signals.attend([&session] { (*session)->stop_sending(); });
  const report::RunInfo info = run_info(context, facts, (*session)->count_source_note());
  for (const std::string& note : (*session)->notes())
    plan->notes.push_back(note);
  reporter->begin(*plan, info);

  SessionResult result = (*session)->run(*reporter, context.out, context.signals);
  for (const std::string& warning : result.warnings)
    fmt::print(context.err, "xdp-trafficgen: {}\n", warning);
  if (result.error) result.error = while_running(std::move(*result.error));
  return report_end(result, *reporter, context);
}

} // namespace xtg::app
