// SPDX-License-Identifier: BSD-2-Clause
// Several results side by side, as differences from the first.
#pragma once

#include <string>
#include <vector>

#include "html/run.h"

namespace xtg::html {

std::string comparison(const std::vector<Run>& runs);

} // namespace xtg::html
