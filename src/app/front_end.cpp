// SPDX-License-Identifier: BSD-2-Clause
#include "app/front_end.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "app/metrics.h"
#include "app/report_sink.h"
#include "app/run_common.h"
#include "core/exit_status.h"
#include "core/fd_buffer.h"
#include "core/program_name.h"
#include "report/describe.h"
#include "report/dry_run.h"

namespace xtg::app {

std::unique_ptr<report::Sink> make_output(const plan::OutputSpec& output, const Context& context) {
  auto sink = report::make_sink(output, context.out, context.err);
  if (!output.report_path.empty()) sink = with_report(std::move(sink), output.report_path, context);
  if (context.metrics) sink = context.metrics->beside(std::move(sink));
  return report::make_outspoken(std::move(sink), context.err, output.verbose);
}

report::RunInfo asker(const Context& context) {
  report::RunInfo info;
  info.command = context.command;
  info.test = context.test;
  info.started_ns = context.started_ns;
  return info;
}

int fail_before(Error error, report::Sink& sink) {
  error = explained(std::move(error));
  const int status = exit_status(error);
  sink.take(report::Failure{std::move(error), status});
  sink.take(report::Finish{});
  return status;
}

int finish(Result<Outcome> measured, report::Sink& sink) {
  if (!measured) return fail_before(std::move(measured.error()), sink);
  sink.take(report::Finish{});
  // A result that could not be written is no success.
  const bool done = measured->exit_status == static_cast<int>(ExitStatus::Done);
  return done && !sink.complete() ? static_cast<int>(ExitStatus::Failed) : measured->exit_status;
}

Context beside_capture(Context& context, const std::string& pcap_path) {
  return context.printing_to(pcap_path == "-" ? context.err : context.out);
}

bool for_people(const plan::OutputSpec& output) {
  return !output.json && !output.json_stream && !output.quiet;
}

void show_plan(const plan::Plan& plan, report::Notes& notes, Context& context) {
  const plan::OutputSpec& output = plan.spec.output;
  if (output.json || output.json_stream)
    context.out << report::plan_json(plan, true, context.test) << '\n';
  else if (!output.quiet)
    report::print_plan(context.out, plan);
  context.out.flush();
  if (for_people(output)) notes.emit(plan.notes);
}

Error output_error(const std::ostream& out) {
  return Error{Errc::System, write_error(out), "write to the standard output"};
}

int report_error(const Error& error, Context& context) {
  fmt::print(context.err, "{}: {}\n", program_name(), report::one_line(error.message()));
  context.err.flush();
  return exit_status(error);
}

int reject_request(const Error& error, const plan::OutputSpec& output, Context& context) {
  return fail_before(error, *make_output(output, context));
}

} // namespace xtg::app
