// SPDX-License-Identifier: BSD-2-Clause
// A report: one self-contained HTML text about one or several results. It loads nothing and runs no
// script.
#pragma once

#include <string>
#include <vector>

#include "html/run.h"

namespace xtg::html {

/// At least one run. Several are compared with the first.
std::string report(const std::vector<Run>& runs);

} // namespace xtg::html
