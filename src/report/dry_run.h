// SPDX-License-Identifier: BSD-2-Clause
// What --dry-run prints.
#pragma once

#include <ostream>
#include <string>

#include "plan/plan.h"
#include "plan/tcp_plan.h"
#include "report/event.h"

namespace xtg::report {

/// Prints the resolved plan without its notes, and the first frames.
void print_plan(std::ostream& out, const plan::Plan& plan);
void print_search_plan(std::ostream& out, const SearchBegin& begin);
void print_tcp_plan(std::ostream& out, const plan::TcpPlan& plan);
/// The plan as JSON. With frames: the document of --dry-run --json, {version, schema, plan,
/// frames}; without: the plan alone, as in "configuration" of `start`.
std::string plan_json(const plan::Plan& plan, bool with_frames, const std::string& test = {});
/// {version, schema, plan}, the plan as in "configuration" of `start`.
std::string search_plan_json(const SearchBegin& begin);
std::string tcp_plan_json(const plan::TcpPlan& plan, const std::string& test = {});

} // namespace xtg::report
