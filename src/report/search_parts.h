// SPDX-License-Identifier: BSD-2-Clause
// Parts of a search's report that its plan (--dry-run) has as well. Internal to this folder.
#pragma once

#include <ostream>
#include <string>

#include "report/event.h"
#include "report/json_values.h"

namespace xtg::report {

/// Where frames go, and the goals.
void print_search_head(std::ostream& out, const SearchBegin& begin);
/// The path of frames of this size, and why it is not XDP.
std::string path_text(const SearchSize& size);
/// To the millisecond.
std::string duration_text(double seconds);
/// To the second where it is long.
std::string rough_duration(double seconds);
Json search_configuration(const SearchBegin& begin);

} // namespace xtg::report
