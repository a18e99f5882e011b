// SPDX-License-Identifier: BSD-2-Clause
// The few ethtool requests that we need, for a device in the calling thread's namespace. Internal
// to net.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace xtg::net::ethtool {

/// Empty if the driver does not report it.
std::string driver(const std::string& ifname);
/// 0: unknown.
std::uint64_t speed_bps(const std::string& ifname);
/// Queues in use, where the link's own numbers say how many there could be.
struct Channels {
  std::uint32_t tx = 0, rx = 0;
};
/// None if the driver does not report them.
std::optional<Channels> channels(const std::string& ifname);
/// Names of the features that are on and change packets or where they go, in the kernel's order:
/// "rx-gro", "tx-checksum-ip-generic".
std::vector<std::string> offloads(const std::string& ifname);
/// Packets that XDP programs on a virtio_net have dropped so far, over all queues: that driver also
/// counts them as dropped by the interface. 0 for every other driver.
std::uint64_t virtio_xdp_drops(const std::string& ifname);
Result<bool> gro(const std::string& ifname);
Status set_gro(const std::string& ifname, bool on);

} // namespace xtg::net::ethtool
