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
/// What XDP programs on a virtio_net dropped since it is there, of all its queues: that driver has
/// it among the packets that the interface dropped, too. 0 with every other driver.
std::uint64_t virtio_xdp_drops(const std::string& ifname);
Result<bool> gro(const std::string& ifname);
Status set_gro(const std::string& ifname, bool on);

} // namespace xtg::net::ethtool
