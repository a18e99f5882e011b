// SPDX-License-Identifier: BSD-2-Clause
// --report: a run's HTML report, beside the form of output that was asked for.
#pragma once

#include <memory>
#include <string>

#include "app/app.h"
#include "core/result.h"
#include "report/event.h"

namespace xtg::app {

/// Passes everything on and writes the report at the finish; what goes wrong then is said on the
/// context's `err` and makes the sink incomplete.
std::unique_ptr<report::Sink> with_report(std::unique_ptr<report::Sink> sink, std::string path,
                                          const Context& context);

/// Writes the report of a result document; to the context's `page` where it has one.
Status write_report(const std::string& path, const std::string& document, const Context& context);

} // namespace xtg::app
