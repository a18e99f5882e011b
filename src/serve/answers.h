// SPDX-License-Identifier: BSD-2-Clause
// Reading a server's answers. Internal to serve.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/result.h"

namespace xtg::serve {

/// The value of an answer, an object; otherwise the error that it is: InvalidArgument if the
/// request was not sound, otherwise Peer.
Result<nlohmann::ordered_json> read_answer(int status, std::string_view body);

/// The text of a member; empty where there is none.
std::string text_at(const nlohmann::ordered_json& object, const char* key);

} // namespace xtg::serve
