// SPDX-License-Identifier: BSD-2-Clause
#include "net/interface.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "net/ethtool.h"
#include "net/link_info.h"
#include "net/netlink.h"
#include "net/peer.h"

namespace xtg::net {

namespace {

// The "netdev" generic netlink family (Linux 6.3), whose header is newer than our build headers.
constexpr std::uint8_t kNetdevCmdDevGet = 1;
constexpr int kNetdevDevIfindex = 1;
constexpr int kNetdevDevXdpFeatures = 3;

std::optional<std::uint64_t> xdp_features(int ifindex) {
  auto socket = nl::Socket::open(NETLINK_GENERIC);
  if (!socket) return {};
  const int family = genl_ctrl_resolve(socket->raw(), "netdev");
  if (family < 0) return {};
  nl::Message request(family, 0, genlmsghdr{.cmd = kNetdevCmdDevGet, .version = 1, .reserved = 0});
  request.put<std::uint32_t>(kNetdevDevIfindex, static_cast<std::uint32_t>(ifindex));
  auto replies = socket->query(request, "read XDP features");
  if (!replies || replies->empty()) return {};
  return replies->front().attrs<genlmsghdr>().get<std::uint64_t>(kNetdevDevXdpFeatures);
}

/// NXP's erratum A050385, as the device tree announces it (Documentation/devicetree/bindings,
/// fsl,fman).
bool has_dpaa_erratum() {
  std::error_code none;
  for (std::filesystem::recursive_directory_iterator at("/proc/device-tree", none), end;
       !none && at != end; at.increment(none))
    if (at->path().filename() == "fsl,erratum-a050385") return true;
  return false;
}

Result<plan::InterfaceFacts> facts_of(nl::Socket& socket, LinkInfo link) {
  plan::InterfaceFacts facts;
  facts.name = link.name;
  facts.ifindex = link.ifindex;
  facts.kind = link.kind;
  facts.driver = ethtool::driver(link.name);
  if (facts.driver.empty()) facts.driver = link.kind;
  facts.moves_bytes = facts.driver == "fsl_dpaa_eth" && has_dpaa_erratum();
  facts.mac = link.mac;
  facts.ethernet = link.ethernet;
  facts.loopback = (link.flags & IFF_LOOPBACK) != 0;
  facts.mtu = link.mtu;
  facts.up = (link.flags & IFF_UP) != 0;
  facts.carrier = link.carrier;
  facts.tx_queues = link.tx_queues;
  facts.rx_queues = link.rx_queues;
  facts.speed_bps = ethtool::speed_bps(link.name);
  if (const auto used = ethtool::channels(link.name)) {
    facts.tx_queues_used = used->tx;
    facts.rx_queues_used = used->rx;
  }
  facts.offloads = ethtool::offloads(link.name);
  facts.xdp_features = xdp_features(link.ifindex);
  facts.xdp_prog_ids = link.xdp_prog_ids;
  facts.xdp_mode = link.xdp_mode;
  auto ips = read_addresses(socket, link.ifindex);
  if (!ips) return forward(std::move(ips), fmt::format("interface {}", link.name));
  facts.addresses = std::move(ips->usable);
  facts.unusable = std::move(ips->unusable);
  auto is_default = has_default_route(link.ifindex);
  if (!is_default) return forward(std::move(is_default), fmt::format("interface {}", link.name));
  facts.has_default_route = *is_default;
  if (link.kind == "veth") facts.peer = find_peer(socket, link);
  return facts;
}

template <class Key>
Result<plan::InterfaceFacts> facts_by(const Key& key) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  auto link = read_link(*socket, key);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  return facts_of(*socket, std::move(*link));
}

} // namespace

Result<plan::InterfaceFacts> interface_facts(const std::string& name) {
  return facts_by(name);
}
Result<plan::InterfaceFacts> interface_facts(int ifindex) {
  return facts_by(ifindex);
}

std::string interface_name(const std::string& name) {
  auto socket = nl::Socket::open();
  if (!socket) return name;
  auto link = read_link(*socket, name);
  if (!link) return name;
  return std::move(link->name);
}

Status read_own_addresses(plan::InterfaceFacts& iface) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  auto ips = read_addresses(*socket, iface.ifindex);
  if (!ips) return forward(std::move(ips), fmt::format("interface {}", iface.name));
  iface.addresses = std::move(ips->usable);
  iface.unusable = std::move(ips->unusable);
  return {};
}

Result<std::vector<std::string>> link_local_interfaces(int vrf) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  nl::Message request(RTM_GETADDR, NLM_F_DUMP,
                      ifaddrmsg{.ifa_family = AF_INET6,
                                .ifa_prefixlen = 0,
                                .ifa_flags = 0,
                                .ifa_scope = 0,
                                .ifa_index = 0});
  auto replies = socket->query(request, "list addresses");
  if (!replies) return tl::unexpected<Error>(std::move(replies.error()));
  std::vector<std::string> names;
  for (const nl::Reply& reply : *replies) {
    const auto header = reply.header<ifaddrmsg>();
    if (header.ifa_family != AF_INET6 || header.ifa_scope != RT_SCOPE_LINK) continue;
    auto link = read_link(*socket, static_cast<int>(header.ifa_index));
    if (!link || (link->flags & IFF_UP) == 0 || (vrf != 0 && link->master_ifindex != vrf)) continue;
    if (std::find(names.begin(), names.end(), link->name) == names.end())
      names.push_back(link->name);
  }
  return names;
}

Result<NetNs> netns_of(const plan::VethPeer& peer) {
  if (peer.same_netns) return NetNs::current();
  if (!peer.netns.empty()) return NetNs::open(peer.netns);
  if (peer.netns_pid != 0) return NetNs::of_pid(peer.netns_pid);
  return fail(Errc::NotFound, "the network namespace of the veth's peer cannot be found from here");
}

Result<LinkCounters> link_counters(int ifindex) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  if_stats_msg header{};
  header.ifindex = static_cast<std::uint32_t>(ifindex);
  header.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  nl::Message request(RTM_GETSTATS, 0, header);
  auto replies =
      socket->query(request, fmt::format("read counters of interface with index {}", ifindex));
  if (!replies) return tl::unexpected<Error>(std::move(replies.error()));
  // Newer kernels append fields; those up to here have always existed.
  constexpr std::size_t kNeeded = offsetof(rtnl_link_stats64, tx_aborted_errors);
  for (const nl::Reply& reply : *replies) {
    const nlattr* attr = reply.attrs<if_stats_msg>().find(IFLA_STATS_LINK_64);
    if (attr == nullptr || static_cast<std::size_t>(nla_len(attr)) < kNeeded) continue;
    rtnl_link_stats64 stats{};
    std::memcpy(&stats, nla_data(attr), kNeeded);
    char name[IF_NAMESIZE] = "";
    if_indextoname(static_cast<unsigned>(ifindex), name);
    const std::uint64_t by_xdp = ethtool::virtio_xdp_drops(name);
    stats.rx_dropped -= std::min<std::uint64_t>(by_xdp, stats.rx_dropped);
    return LinkCounters{.rx_packets = stats.rx_packets,
                        .rx_bytes = stats.rx_bytes,
                        .rx_errors = stats.rx_errors,
                        .rx_dropped = stats.rx_dropped,
                        .rx_missed = stats.rx_missed_errors + stats.rx_fifo_errors,
                        .tx_packets = stats.tx_packets,
                        .tx_bytes = stats.tx_bytes,
                        .tx_errors = stats.tx_errors,
                        .tx_dropped = stats.tx_dropped};
  }
  return fail(Errc::System, fmt::format("no counters of interface with index {}", ifindex));
}

Result<LinkState> link_state(int ifindex) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  auto link = read_link(*socket, ifindex);
  if (!link) {
    if (link.error().code == Errc::NotFound) return LinkState{};
    return tl::unexpected<Error>(std::move(link.error()));
  }
  const bool up = (link->flags & IFF_UP) != 0;
  return LinkState{.exists = true,
                   .up = up,
                   .running = up && (link->flags & IFF_RUNNING) != 0,
                   .mtu = link->mtu};
}

std::string active_port(int ifindex) {
  auto socket = nl::Socket::open();
  if (!socket) return {};
  const auto bond = read_link(*socket, ifindex);
  if (!bond || bond->active_port_ifindex == 0) return {};
  const auto port = read_link(*socket, bond->active_port_ifindex);
  return port ? port->name : std::string();
}

Result<bool> gro(const NetNs& ns, const std::string& ifname) {
  return ns.run([&] { return ethtool::gro(ifname); });
}

Status set_gro(const NetNs& ns, const std::string& ifname, bool on) {
  return ns.run([&] { return ethtool::set_gro(ifname, on); });
}

} // namespace xtg::net
