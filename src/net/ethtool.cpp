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
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/unique_fd.h"

namespace xtg::net::ethtool {

namespace {

/// Returns 0 or an errno.
int call(const std::string& ifname, void* command) {
  if (ifname.empty() || ifname.size() >= IFNAMSIZ) return ENODEV;
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  ifreq request{};
  std::copy(ifname.begin(), ifname.end(), request.ifr_name);
  request.ifr_data = static_cast<char*>(command);
  return ioctl(fd.get(), SIOCETHTOOL, &request) == 0 ? 0 : errno;
}

constexpr std::uint32_t kMostStatistics = 65'536;

/// "rx_queue_0_xdp_drops", since Linux 6.9 "rx0_xdp_drops"; the latter has a sum beside it,
/// "rx_xdp_drops".
bool is_queue_drop(std::string_view name) {
  return name.starts_with("rx") && name.ends_with("_xdp_drops") &&
         name.find_first_of("0123456789") != name.npos;
}

} // namespace

std::string driver(const std::string& ifname) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (call(ifname, &info) != 0) return {};
  return {info.driver, strnlen(info.driver, sizeof(info.driver))};
}

std::uint64_t speed_bps(const std::string& ifname) {
  // Three link-mode masks of up to 127 `u32`s each follow the fixed part. The first call only
  // returns their size.
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

std::uint64_t virtio_xdp_drops(const std::string& ifname) {
  if (driver(ifname) != "virtio_net") return 0;
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (call(ifname, &info) != 0 || info.n_stats > kMostStatistics) return 0;
  const std::size_t count = info.n_stats;
  std::vector<std::uint32_t> names((sizeof(ethtool_gstrings) + count * ETH_GSTRING_LEN) / 4 + 1);
  std::vector<std::uint64_t> values(sizeof(ethtool_stats) / 8 + count);
  const ethtool_gstrings ask_names{ETHTOOL_GSTRINGS, ETH_SS_STATS, info.n_stats};
  const ethtool_stats ask_values{ETHTOOL_GSTATS, info.n_stats};
  std::memcpy(names.data(), &ask_names, sizeof(ask_names));
  std::memcpy(values.data(), &ask_values, sizeof(ask_values));
  if (call(ifname, names.data()) != 0 || call(ifname, values.data()) != 0) return 0;
  const char* text = reinterpret_cast<const char*>(names.data()) + sizeof(ethtool_gstrings);
  std::uint64_t drops = 0;
  for (std::size_t i = 0; i < count; i++) {
    const char* name = text + i * ETH_GSTRING_LEN;
    if (is_queue_drop({name, strnlen(name, ETH_GSTRING_LEN)}))
      drops += values[sizeof(ethtool_stats) / 8 + i];
  }
  return drops;
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
