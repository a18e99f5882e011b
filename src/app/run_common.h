// SPDX-License-Identifier: BSD-2-Clause
// What the commands that send do alike. Internal to app.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/app.h"
#include "app/repair.h"
#include "core/result.h"
#include "plan/facts.h"
#include "report/reporter.h"

namespace xtg::app {

/// One line when a capability that sending needs is missing. `tracing`: CAP_PERFMON is one.
Status check_caps(bool tracing);

/// What is known to keep frames of these sizes from leaving is repaired, if `fix` says so, or is
/// the error.
Status remove_obstacle(const plan::InterfaceFacts& iface,
                       const std::vector<std::uint32_t>& frame_sizes, bool fix,
                       std::optional<Repair>& repair, std::vector<std::string>& notes);

report::RunInfo run_info(const Context& context, const plan::HostFacts& host,
                         const std::string& source_note);

/// Processor time of the process so far, user and system, in seconds.
double process_cpu_s();

/// What vanishes under a run's feet is no wrong input.
Error while_running(Error error);

} // namespace xtg::app
