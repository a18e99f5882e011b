// SPDX-License-Identifier: BSD-2-Clause
// A file that is there whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace xtg {

/// InvalidArgument if replace_file() could not write there: no such folder, no permission, or
/// something that is no regular file. Changes nothing.
Status can_replace_file(const std::string& path);

/// Writes a new file beside it and renames it, so that readers see the old content or the new.
/// Keeps the mode of a file that was there. Follows symbolic links.
Status replace_file(const std::string& path, std::string_view text);

} // namespace xtg
