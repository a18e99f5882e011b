// SPDX-License-Identifier: BSD-2-Clause
// The few ethtool requests that we need, for a device in the calling thread's namespace. Internal
// to net.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace xtg::net::ethtool {

/// Empty if the driver does not report it.
std::string driver(const std::string& ifname);
/// 0: unknown.
std::uint64_t speed_bps(const std::string& ifname);
/// Packets that XDP programs on a virtio_net have dropped so far, over all queues: that driver also
/// counts them as dropped by the interface. 0 for every other driver.
std::uint64_t virtio_xdp_drops(const std::string& ifname);
Result<bool> gro(const std::string& ifname);
Status set_gro(const std::string& ifname, bool on);

} // namespace xtg::net::ethtool
