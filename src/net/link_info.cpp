// SPDX-License-Identifier: BSD-2-Clause
#include "net/link_info.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <fmt/format.h>

#include "net/ip_attr.h"
#include "plan/diagnose.h"
#include "plan/spec.h"

namespace xtg::net {

namespace {

void read_xdp(const nl::Attrs& xdp, LinkInfo& link) {
  switch (xdp.get<std::uint8_t>(IFLA_XDP_ATTACHED).value_or(XDP_ATTACHED_NONE)) {
  case XDP_ATTACHED_NONE:
    return;
  case XDP_ATTACHED_DRV:
    link.xdp_mode = "native";
    break;
  case XDP_ATTACHED_SKB:
    link.xdp_mode = "generic";
    break;
  case XDP_ATTACHED_HW:
    link.xdp_mode = "offload";
    break;
  default:
    link.xdp_mode = "multiple";
    break;
  }
  link.xdp_native = link.xdp_mode == "native" || xdp.find(IFLA_XDP_DRV_PROG_ID) != nullptr;
  for (int type : {IFLA_XDP_DRV_PROG_ID, IFLA_XDP_SKB_PROG_ID, IFLA_XDP_HW_PROG_ID})
    if (auto id = xdp.get<std::uint32_t>(type)) link.xdp_prog_ids.push_back(*id);
  if (link.xdp_prog_ids.empty())
    if (auto id = xdp.get<std::uint32_t>(IFLA_XDP_PROG_ID)) link.xdp_prog_ids.push_back(*id);
}

LinkInfo to_link(const nl::Reply& reply) {
  const auto header = reply.header<ifinfomsg>();
  const nl::Attrs attrs = reply.attrs<ifinfomsg>();
  LinkInfo link;
  link.ifindex = header.ifi_index;
  link.name = attrs.string(IFLA_IFNAME);
  const nl::Attrs kind = attrs.nested(IFLA_LINKINFO);
  link.kind = kind.string(IFLA_INFO_KIND);
  if (link.kind == "bond")
    link.active_port_ifindex =
        kind.nested(IFLA_INFO_DATA).get<std::int32_t>(IFLA_BOND_ACTIVE_SLAVE).value_or(0);
  link.ethernet = header.ifi_type == ARPHRD_ETHER;
  link.flags = header.ifi_flags;
  link.carrier = attrs.get<std::uint8_t>(IFLA_CARRIER).value_or(0) != 0;
  link.mtu = attrs.get<std::uint32_t>(IFLA_MTU).value_or(0);
  link.tx_queues = attrs.get<std::uint32_t>(IFLA_NUM_TX_QUEUES).value_or(1);
  link.rx_queues = attrs.get<std::uint32_t>(IFLA_NUM_RX_QUEUES).value_or(1);
  if (auto mac = attrs.get<packet::Mac>(IFLA_ADDRESS)) link.mac = *mac;
  link.other_ifindex = attrs.get<std::int32_t>(IFLA_LINK);
  link.master_ifindex = attrs.get<std::int32_t>(IFLA_MASTER).value_or(0);
  link.other_nsid = attrs.get<std::int32_t>(IFLA_LINK_NETNSID);
  read_xdp(attrs.nested(IFLA_XDP), link);
  return link;
}

Result<LinkInfo> get_link(nl::Socket& socket, nl::Message& request, const std::string& who) {
  request.put<std::uint32_t>(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  auto replies = socket.query(request, fmt::format("read interface {}", who));
  if (!replies) {
    if (replies.error().code == Errc::NotFound)
      return fail(Errc::NotFound, fmt::format("no interface {} here", who));
    return tl::unexpected<Error>(std::move(replies.error()));
  }
  if (replies->empty()) return fail(Errc::System, fmt::format("no answer about interface {}", who));
  return to_link(replies->front());
}

} // namespace

Result<LinkInfo> read_link(nl::Socket& socket, const std::string& name) {
  const std::string who = fmt::format("\"{}\"", name);
  if (name.empty() || name.size() > plan::kMaxInterfaceName)
    return fail(Errc::NotFound, fmt::format("no interface {} here", who));
  nl::Message request(RTM_GETLINK, 0, ifinfomsg{});
  // Either attribute finds both kinds of name; IFLA_IFNAME has no space for long ones.
  request.put_string(name.size() < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
  auto link = get_link(socket, request, who);
  if (!link && link.error().code == Errc::NotFound)
    link.error().what += plan::shown_name_text(name);
  return link;
}

Result<LinkInfo> read_link(nl::Socket& socket, int ifindex) {
  ifinfomsg header{};
  header.ifi_index = ifindex;
  nl::Message request(RTM_GETLINK, 0, header);
  const std::string who = fmt::format("with index {}", ifindex);
  if (ifindex <= 0) return fail(Errc::NotFound, fmt::format("no interface {} here", who));
  return get_link(socket, request, who);
}

Result<Addresses> read_addresses(nl::Socket& socket, int ifindex) {
  nl::Message request(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
  auto replies = socket.query(request, "list addresses");
  if (!replies) return tl::unexpected<Error>(std::move(replies.error()));
  Addresses found;
  for (const nl::Reply& reply : *replies) {
    const auto header = reply.header<ifaddrmsg>();
    if (static_cast<int>(header.ifa_index) != ifindex) continue;
    const nl::Attrs attrs = reply.attrs<ifaddrmsg>();
    // On a point-to-point link IFA_ADDRESS is the other end's address.
    auto ip = read_ip(attrs, IFA_LOCAL, header.ifa_family);
    if (!ip) ip = read_ip(attrs, IFA_ADDRESS, header.ifa_family);
    if (!ip) continue;
    const auto flags = attrs.get<std::uint32_t>(IFA_FLAGS).value_or(header.ifa_flags);
    const bool failed = (flags & IFA_F_DADFAILED) != 0;
    const bool checking = (flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) == IFA_F_TENTATIVE;
    if (failed || checking)
      found.unusable.push_back({*ip, failed});
    else
      found.usable.push_back(*ip);
  }
  return found;
}

} // namespace xtg::net
