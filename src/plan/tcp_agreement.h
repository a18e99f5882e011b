// SPDX-License-Identifier: BSD-2-Clause
// What the connections of one run have to have in common, since they share a header.
#pragma once

#include <compare>
#include <span>

namespace xtg::plan {

/// TCP options as negotiated (RFC 7323, 2018) and ECN (RFC 3168).
struct TcpOptions {
  bool timestamps = false, sack = false, ecn = false;
  auto operator<=>(const TcpOptions&) const = default;
};

/// What most of them negotiated; of equally common ones what was first. `all` is not empty.
TcpOptions most_common(std::span<const TcpOptions> all);

} // namespace xtg::plan
