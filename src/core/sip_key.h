// SPDX-License-Identifier: BSD-2-Clause
// The secret that a sender and its receiver share to authenticate announcements
// (xtg/abi/announce.h).
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "xtg/abi/siphash.h"

namespace xtg {

struct SipKey {
  std::uint64_t k0 = 0, k1 = 0; ///< the 16 bytes as two little-endian numbers
  bool operator==(const SipKey&) const = default;
  [[nodiscard]] xtg_sip_key abi() const { return {k0, k1}; }
};

/// Reads a key from a regular file: 16 bytes, or 32 hexadecimal digits surrounded by white space.
/// Rejects an all-zero key, which is the default without a key.
Result<SipKey> read_key(const std::string& path);

} // namespace xtg
