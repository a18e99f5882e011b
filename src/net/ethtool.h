// SPDX-License-Identifier: BSD-2-Clause
// The few ethtool requests we need, for a device of the calling thread's namespace. Internal to
// net.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace xtg::net::ethtool {

/// Empty when the driver does not say.
std::string driver(const std::string& ifname);
/// 0: unknown.
std::uint64_t speed_bps(const std::string& ifname);
Result<bool> gro(const std::string& ifname);
Status set_gro(const std::string& ifname, bool on);

} // namespace xtg::net::ethtool
