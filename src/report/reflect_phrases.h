// SPDX-License-Identifier: BSD-2-Clause
// What the text and the JSON of `reflect` say alike. Internal to this folder.
#pragma once

#include <array>
#include <string_view>

#include "xtg/abi/reflect.h"

namespace xtg::report {

/// A reason for which a test frame is not sent back.
struct Refusal {
  std::string_view key;  ///< in the JSON
  std::string_view text; ///< of such frames: "from an address that is not allowed ..."
};

/// By XTG_REFLECT_*.
inline constexpr std::array<Refusal, XTG_REFLECT_REASONS> kRefusals{{
    {"unknown", "of an unknown version or type"},
    {"again", "already sent back by a reflector"},
    {"session", "of another session (see --session)"},
    {"packet", "whose signature does not end a whole UDP datagram from host to host"},
    {"port", "to another UDP port (see --port)"},
    {"mac", "not addressed to the interface (see --any-mac)"},
    {"source", "from an address that is not allowed (see --allow)"},
    {"unsure", "with a compact signature of a stream not known yet"},
    {"rate", "above the rate of --max-rate"},
}};

} // namespace xtg::report
