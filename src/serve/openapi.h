// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>

namespace xtg::serve {

/// The API in OpenAPI 3.1, its tests from the table of options.
std::string openapi_text();

} // namespace xtg::serve
