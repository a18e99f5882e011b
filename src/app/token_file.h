// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

#include "core/result.h"

namespace xtg::app {

/// The token in a file of --token-file: 8 to 512 characters without spaces.
Result<std::string> read_token(const std::string& path);

} // namespace xtg::app
