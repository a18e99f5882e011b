// SPDX-License-Identifier: BSD-2-Clause
// The secret that a sender and its receiver share, for the sums of announcements
// (xtg/abi/announce.h).
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "xtg/abi/siphash.h"

namespace xtg {

struct SipKey {
  std::uint64_t k0 = 0, k1 = 0; ///< its 16 bytes, as two little-endian numbers
  bool operator==(const SipKey&) const = default;
  [[nodiscard]] xtg_sip_key abi() const { return {k0, k1}; }
};

/// Reads a key from a regular file: 16 bytes, or 32 hexadecimal digits with white space around
/// them. One of zeros is refused, as it is what everybody has.
Result<SipKey> read_key(const std::string& path);

} // namespace xtg
