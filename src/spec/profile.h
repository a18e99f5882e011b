// SPDX-License-Identifier: BSD-2-Clause
// Tests as JSON: profiles to read, the test in results, and the schema of both.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "spec/draft.h"
#include "spec/test.h"

namespace xtg::spec {

/// The text of a file; "-" is standard input. At most 1 MiB.
Result<std::string> read_profile(const std::string& path);

/// A profile, or a result that contains one. `label` begins every error: "--profile mix.json".
/// `command`: the command line's; null if the file names it. `offered`: commands that an error may
/// name as accepted; none: all that have profiles.
Result<Draft> profile_draft(std::string_view text, const std::string& label,
                            const CommandInfo* command,
                            std::span<const std::string_view> offered = {});

/// The test as a profile in one line: only what differs from the defaults. Not for `completion`.
std::string to_profile(Test test);

/// The JSON Schema of profiles, indented.
std::string profile_schema();

} // namespace xtg::spec
