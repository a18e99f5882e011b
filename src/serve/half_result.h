// SPDX-License-Identifier: BSD-2-Clause
// The result of each of two hosts. Pure.
#pragma once

#include <string>

namespace xtg::serve {

/// A run's document, as --json prints it; empty where there is none.
struct HalfResult {
  std::string document;
  int exit_status = 0;
  std::string error{}; ///< empty: none
};

/// A test whose far end reflects.
struct RoundTripHalves {
  std::string from, to; ///< "198.18.0.1 (eth0)"
  HalfResult near, far; ///< a port test's, and a reflector's
  bool cut = false;     ///< the reflector ended first: what came after is not lost
};

/// Of one that was cut.
inline constexpr const char* kCut =
    "the server's end was over before this one: at its --max-duration, or somebody stopped it; "
    "what was lost is not known";
inline constexpr const char* kCutTcp =
    "the server's end was over before this one: at its --max-duration, or somebody stopped it; "
    "connections were reset";
/// Whether a sender was stopped before it had sent all.
bool ended_early(const HalfResult& sender);

} // namespace xtg::serve
