// SPDX-License-Identifier: BSD-2-Clause
// Output format and final report, shared by the commands. Internal to app.
#pragma once

#include <memory>
#include <string>

#include "app/app.h"
#include "app/measure.h"
#include "plan/spec.h"
#include "report/notes.h"
#include "report/sink.h"

namespace xtg::app {

/// The sink for the requested output format; errors also go to standard error.
std::unique_ptr<report::Sink> make_output(const plan::OutputSpec& output, const Context& context);

/// The parts of the request that belong in the report.
report::RunInfo asker(const Context& context);

/// Reports a request that started no run; returns the exit status.
int fail_before(Error error, report::Sink& sink);

/// Reports the end of a run, or the error that kept it from starting; returns the exit status.
int finish(Result<Outcome> measured, report::Sink& sink);

/// The context for a command that writes a capture to `pcap_path`: when that is standard output
/// ("-"), all text goes to standard error.
Context beside_capture(Context& context, const std::string& pcap_path);

/// True for text output, false for machine-readable formats and --quiet.
bool for_people(const plan::OutputSpec& output);

/// Prints a plan, for --dry-run.
void show_plan(const plan::Plan& plan, report::Notes& notes, Context& context);

} // namespace xtg::app
