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

constexpr std::uint32_t kMostStrings = 65'536; ///< of a set

/// "rx_queue_0_xdp_drops", since Linux 6.9 "rx0_xdp_drops"; the latter has a sum beside it,
/// "rx_xdp_drops".
bool is_queue_drop(std::string_view name) {
  return name.starts_with("rx") && name.ends_with("_xdp_drops") &&
         name.find_first_of("0123456789") != name.npos;
}

/// Of the kernel's features (net/ethtool/common.c), those that change packets or choose a queue.
/// Beside "rx-" and "tx-" these are a few; what concerns memory and locks is left out.
bool concerns_packets(std::string_view name) {
  constexpr std::array<std::string_view, 3> kOthers = {"hw-tc-offload", "loopback",
                                                       "macsec-hw-offload"};
  constexpr std::array<std::string_view, 3> kNot = {"tx-lockless", "tx-nocache-copy",
                                                    "tx-gso-list"};
  if (std::ranges::count(kOthers, name) != 0) return true;
  return (name.starts_with("rx-") || name.starts_with("tx-")) &&
         std::ranges::count(kNot, name) == 0;
}

/// The header of an answer, and as many elements as it announces.
template <class Header>
std::vector<std::uint32_t> answer_space(const Header& header, std::size_t element_size,
                                        std::size_t count) {
  std::vector<std::uint32_t> space((sizeof(Header) + element_size * count) / 4 + 1);
  std::memcpy(space.data(), &header, sizeof(header));
  return space;
}

/// How many strings a set has; 0: it is not known.
std::uint32_t set_size(const std::string& ifname, std::uint32_t set) {
  auto space = answer_space(ethtool_sset_info{ETHTOOL_GSSET_INFO, 0, 1ULL << set}, 4, 1);
  if (call(ifname, space.data()) != 0) return 0;
  ethtool_sset_info info{};
  std::memcpy(&info, space.data(), sizeof(info));
  if (info.sset_mask == 0) return 0; // the size follows the header
  return space[sizeof(info) / 4];
}

/// The names of a set, in order.
std::vector<std::string> names_in(const std::string& ifname, std::uint32_t set,
                                  std::uint32_t count) {
  auto space = answer_space(ethtool_gstrings{ETHTOOL_GSTRINGS, set, count}, ETH_GSTRING_LEN, count);
  if (call(ifname, space.data()) != 0) return {};
  const char* text = reinterpret_cast<const char*>(space.data()) + sizeof(ethtool_gstrings);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; i++) {
    const char* name = text + i * ETH_GSTRING_LEN;
    names.emplace_back(name, strnlen(name, ETH_GSTRING_LEN));
  }
  return names;
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

std::optional<Channels> channels(const std::string& ifname) {
  ethtool_channels found{};
  found.cmd = ETHTOOL_GCHANNELS;
  if (call(ifname, &found) != 0) return {};
  return Channels{found.combined_count + found.tx_count, found.combined_count + found.rx_count};
}

std::vector<std::string> offloads(const std::string& ifname) {
  const std::uint32_t count = set_size(ifname, ETH_SS_FEATURES);
  if (count == 0 || count > kMostStrings) return {};
  const std::uint32_t blocks = (count + 31) / 32;
  ethtool_gfeatures ask; // NOLINT(cppcoreguidelines-pro-type-member-init): its array has no size
  ask.cmd = ETHTOOL_GFEATURES;
  ask.size = blocks;
  auto space = answer_space(ask, sizeof(ethtool_get_features_block), blocks);
  if (call(ifname, space.data()) != 0) return {};
  const std::vector<std::string> names = names_in(ifname, ETH_SS_FEATURES, count);
  std::vector<std::string> on;
  for (std::size_t i = 0; i < names.size(); i++) {
    ethtool_get_features_block block{};
    std::memcpy(&block,
                reinterpret_cast<const char*>(space.data()) + sizeof(ask) + i / 32 * sizeof(block),
                sizeof(block));
    if ((block.active >> i % 32 & 1) != 0 && concerns_packets(names[i])) on.push_back(names[i]);
  }
  return on;
}

std::uint64_t virtio_xdp_drops(const std::string& ifname) {
  if (driver(ifname) != "virtio_net") return 0;
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (call(ifname, &info) != 0 || info.n_stats > kMostStrings) return 0;
  const std::vector<std::string> names = names_in(ifname, ETH_SS_STATS, info.n_stats);
  std::vector<std::uint64_t> values(sizeof(ethtool_stats) / 8 + names.size());
  const ethtool_stats ask_values{ETHTOOL_GSTATS, info.n_stats};
  std::memcpy(values.data(), &ask_values, sizeof(ask_values));
  if (names.empty() || call(ifname, values.data()) != 0) return 0;
  std::uint64_t drops = 0;
  for (std::size_t i = 0; i < names.size(); i++)
    if (is_queue_drop(names[i])) drops += values[sizeof(ethtool_stats) / 8 + i];
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
