// SPDX-License-Identifier: BSD-2-Clause
// Answers that requests of all kinds share. Internal to serve.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/http.h"
#include "core/result.h"

namespace xtg::serve {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& value);
HttpAnswer json(int status, const Json& value);
HttpAnswer problem(int status, std::string_view what);
/// What could not be done, by its kind.
HttpAnswer problem(const Error& error);
HttpAnswer not_found(const std::string& what);
HttpAnswer wrong_method(std::string_view allowed);

} // namespace xtg::serve
