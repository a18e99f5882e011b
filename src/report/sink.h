// SPDX-License-Identifier: BSD-2-Clause
// The sinks: each writes the events of any command to the streams it was given.
#pragma once

#include <memory>
#include <ostream>

#include "plan/spec.h"
#include "report/event.h"

namespace xtg::report {

/// For people; notes go to `err`.
std::unique_ptr<Sink> make_text(std::ostream& out, std::ostream& err);
/// One document, {start, intervals, end, error, exit_status}, always valid; written at the finish.
std::unique_ptr<Sink> make_json(std::ostream& out);
/// A line per event, at once.
std::unique_ptr<Sink> make_json_stream(std::ostream& out);
std::unique_ptr<Sink> make_quiet();
/// The one that was asked for.
std::unique_ptr<Sink> make_sink(const plan::OutputSpec& output, std::ostream& out,
                                std::ostream& err);

/// Says on `err` what went wrong, in whatever form the report is, and passes everything on; with
/// `verbose` the steps as well.
std::unique_ptr<Sink> make_outspoken(std::unique_ptr<Sink> sink, std::ostream& err, bool verbose);

} // namespace xtg::report
