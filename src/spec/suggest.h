// SPDX-License-Identifier: BSD-2-Clause
// "Did you mean": the known name nearest to the typed one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xtg::spec {

/// "; did you mean X?", or nothing if no candidate is close: a third of the letters may differ.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

} // namespace xtg::spec
