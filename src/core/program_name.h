// SPDX-License-Identifier: BSD-2-Clause
// The name that a user types for this program. The package's is the short one, since xdp-tools has
// a program of the same full name.
#pragma once

#include <string>
#include <string_view>

namespace xtg {

inline constexpr std::string_view kFullName = "xdp-trafficgen";
inline constexpr std::string_view kShortName = "xtg";

/// What messages and hints call this program: the name it was called by, if that is the short one;
/// else the full name.
std::string_view program_name();

/// `path`: argv[0]. For main, before there is another thread.
void set_program_name(std::string_view path);

/// A text of ours, with the full name in commands to type, for the name it was called by.
std::string as_called(std::string text);

} // namespace xtg
