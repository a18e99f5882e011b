// SPDX-License-Identifier: BSD-2-Clause
// What the commands of the command line do alike: their form of output, their end. Internal to app.
#pragma once

#include <memory>
#include <string>

#include "app/app.h"
#include "app/measure.h"
#include "plan/spec.h"
#include "report/notes.h"
#include "report/sink.h"

namespace xtg::app {

/// The form of output that was asked for; errors go to the standard error besides.
std::unique_ptr<report::Sink> make_output(const plan::OutputSpec& output, const Context& context);

/// What of the request belongs to the record.
report::RunInfo asker(const Context& context);

/// Reports a request that came to no run; its exit status.
int fail_before(Error error, report::Sink& sink);

/// The end of a run, or of what came to none; its exit status.
int finish(Result<Outcome> measured, report::Sink& sink);

/// The context of a command that writes a capture to `pcap_path`: where that is the standard
/// output ("-"), all text goes to the standard error.
Context beside_capture(Context& context, const std::string& pcap_path);

/// Neither a form for programs nor nothing at all.
bool for_people(const plan::OutputSpec& output);

/// What --dry-run prints of a plan.
void show_plan(const plan::Plan& plan, report::Notes& notes, Context& context);

} // namespace xtg::app
