// SPDX-License-Identifier: BSD-2-Clause
// --report: a run's HTML report, beside the form of output that was asked for.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "core/result.h"
#include "report/event.h"

namespace xtg::app {

/// Passes everything on and writes the report at the finish; what goes wrong then is said on `err`
/// and makes the sink incomplete.
std::unique_ptr<report::Sink> with_report(std::unique_ptr<report::Sink> sink, std::string path,
                                          std::ostream& err);

/// Writes the report of a result document.
Status write_report(const std::string& path, const std::string& document);

} // namespace xtg::app
