// SPDX-License-Identifier: BSD-2-Clause
// "Did you mean": the known name that is nearest to what was typed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xtg::spec {

/// "; did you mean X?", or nothing when no candidate is near: a third of the letters may differ.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

} // namespace xtg::spec
