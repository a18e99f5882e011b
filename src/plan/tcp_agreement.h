// SPDX-License-Identifier: BSD-2-Clause
// Options that all connections of one run must share, since they share a header template.
#pragma once

#include <compare>
#include <span>

namespace xtg::plan {

/// TCP options as negotiated (RFC 7323, 2018) and ECN (RFC 3168).
struct TcpOptions {
  bool timestamps = false, sack = false, ecn = false;
  auto operator<=>(const TcpOptions&) const = default;
};

/// The most common set; ties go to the first. `all` is not empty.
TcpOptions most_common(std::span<const TcpOptions> all);

} // namespace xtg::plan
