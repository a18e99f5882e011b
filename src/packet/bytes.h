// SPDX-License-Identifier: BSD-2-Clause
// Numbers in network byte order, of any width up to 8 bytes.
#pragma once

#include <cstdint>
#include <span>

namespace xtg::packet {

/// Fills the whole span; high bits that do not fit are dropped.
inline void store_be(std::span<std::uint8_t> out, std::uint64_t value) {
  for (std::size_t i = out.size(); i-- > 0; value >>= 8)
    out[i] = static_cast<std::uint8_t>(value);
}

inline std::uint64_t load_be(std::span<const std::uint8_t> in) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : in)
    value = value << 8 | byte;
  return value;
}

} // namespace xtg::packet
