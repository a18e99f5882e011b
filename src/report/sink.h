// SPDX-License-Identifier: BSD-2-Clause
// Sinks: each writes the events of any command to the streams it was given.
#pragma once

#include <memory>
#include <ostream>

#include "plan/spec.h"
#include "report/event.h"

namespace xtg::report {

/// Text; notes go to `err`.
std::unique_ptr<Sink> make_text(std::ostream& out, std::ostream& err);
/// One document, {start, intervals, end, error, exit_status}, always valid; written at the finish.
std::unique_ptr<Sink> make_json(std::ostream& out);
/// One line per event, written immediately.
std::unique_ptr<Sink> make_json_stream(std::ostream& out);
std::unique_ptr<Sink> make_quiet();
/// The requested sink.
std::unique_ptr<Sink> make_sink(const plan::OutputSpec& output, std::ostream& out,
                                std::ostream& err);

/// Prints errors to `err`, whatever the form of the report, and passes everything on; with
/// `verbose` also the steps.
std::unique_ptr<Sink> make_outspoken(std::unique_ptr<Sink> sink, std::ostream& err, bool verbose);

} // namespace xtg::report
