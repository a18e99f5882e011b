// SPDX-License-Identifier: BSD-2-Clause
// JSON parser that is stricter than the library: no duplicate keys, no deep nesting, one line for
// each error. Internal to this folder.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "core/result.h"

namespace xtg::spec {

using Json = nlohmann::ordered_json;

/// C and C++ comments are accepted.
Result<Json> parse_strictly(std::string_view text);

} // namespace xtg::spec
