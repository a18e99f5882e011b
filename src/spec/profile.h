// SPDX-License-Identifier: BSD-2-Clause
// Tests as JSON: profiles that are read, the test that results carry, and the schema of both.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "spec/draft.h"
#include "spec/test.h"

namespace xtg::spec {

/// The text of a file, "-" for the standard input. At most 1 MiB.
Result<std::string> read_profile(const std::string& path);

/// A profile, or a result that carries one. `label` begins every error: "--profile mix.json".
/// `command`: the one on the command line; null where the file names it.
Result<Draft> profile_draft(std::string_view text, const std::string& label,
                            const CommandInfo* command);

/// The test as a profile, of one line: what differs from the defaults. Not for `completion`.
std::string to_profile(Test test);

/// The JSON Schema of profiles, indented.
std::string profile_schema();

} // namespace xtg::spec
