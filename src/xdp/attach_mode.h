// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

namespace xtg::xdp {

/// Where a receiving program runs: in the driver, after it, or at tc ingress.
enum class AttachMode : std::uint8_t { Native, Generic, Tc };

/// "native", "generic", "tc".
constexpr const char* to_string(AttachMode mode) {
  switch (mode) {
  case AttachMode::Native:
    return "native";
  case AttachMode::Generic:
    return "generic";
  case AttachMode::Tc:
    break;
  }
  return "tc";
}

} // namespace xtg::xdp
