// SPDX-License-Identifier: BSD-2-Clause
// JSON text to a value, more strictly than the library: no key twice, nothing deeply nested, one
// line for each error. Internal to this folder.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "core/result.h"

namespace xtg::spec {

using Json = nlohmann::ordered_json;

/// Comments as in C and C++ are accepted.
Result<Json> parse_strictly(std::string_view text);

} // namespace xtg::spec
