// SPDX-License-Identifier: BSD-2-Clause
// The sections that only a search has.
#pragma once

#include <string>

#include "html/run.h"

namespace xtg::html {

/// The table by frame size, and for each size the trials as load against loss, with bounds. `id`:
/// prefix of the charts' names.
std::string search_sections(const Run& run, const std::string& id);

} // namespace xtg::html
