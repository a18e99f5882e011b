// SPDX-License-Identifier: BSD-2-Clause
#include "net/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "core/unique_fd.h"

namespace xtg::net::ethtool {

namespace {

/// 0 or an errno.
int call(const std::string& ifname, void* command) {
  if (ifname.empty() || ifname.size() >= IFNAMSIZ) return ENODEV;
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  ifreq request{};
  std::copy(ifname.begin(), ifname.end(), request.ifr_name);
  request.ifr_data = static_cast<char*>(command);
  return ioctl(fd.get(), SIOCETHTOOL, &request) == 0 ? 0 : errno;
}

} // namespace

std::string driver(const std::string& ifname) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (call(ifname, &info) != 0) return {};
  return {info.driver, strnlen(info.driver, sizeof(info.driver))};
}

std::uint64_t speed_bps(const std::string& ifname) {
  // Three link-mode masks, of up to 127 words, follow the fixed part. The first call only learns
  // their size.
  alignas(ethtool_link_settings)
      std::array<std::uint8_t, sizeof(ethtool_link_settings) + 3 * 127 * sizeof(std::uint32_t)>
          bytes{};
  ethtool_link_settings settings{};
  settings.cmd = ETHTOOL_GLINKSETTINGS;
  std::memcpy(bytes.data(), &settings, sizeof(settings));
  if (call(ifname, bytes.data()) != 0) return 0;
  std::memcpy(&settings, bytes.data(), sizeof(settings));
  if (settings.link_mode_masks_nwords >= 0) return 0;
  const auto words = static_cast<std::int8_t>(-settings.link_mode_masks_nwords);
  settings = {};
  settings.cmd = ETHTOOL_GLINKSETTINGS;
  settings.link_mode_masks_nwords = words;
  std::memcpy(bytes.data(), &settings, sizeof(settings));
  if (call(ifname, bytes.data()) != 0) return 0;
  std::memcpy(&settings, bytes.data(), sizeof(settings));
  if (settings.speed == static_cast<std::uint32_t>(SPEED_UNKNOWN)) return 0;
  return std::uint64_t{settings.speed} * 1'000'000;
}

Result<bool> gro(const std::string& ifname) {
  ethtool_value value{};
  value.cmd = ETHTOOL_GGRO;
  if (int err = call(ifname, &value); err != 0)
    return fail_sys(err, fmt::format("read GRO of {}", ifname));
  return value.data != 0;
}

Status set_gro(const std::string& ifname, bool on) {
  ethtool_value value{};
  value.cmd = ETHTOOL_SGRO;
  value.data = on ? 1 : 0;
  if (int err = call(ifname, &value); err != 0)
    return fail_sys(err, fmt::format("switch GRO of {} {}", ifname, on ? "on" : "off"));
  return {};
}

} // namespace xtg::net::ethtool
