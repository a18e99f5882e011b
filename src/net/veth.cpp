// SPDX-License-Identifier: BSD-2-Clause
#include "net/veth.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <fmt/format.h>

#include "net/ip_attr.h"
#include "net/link_info.h"
#include "net/netlink.h"

namespace xtg::net {

namespace {

ifinfomsg link_header(int ifindex) {
  ifinfomsg header{};
  header.ifi_index = ifindex;
  return header;
}

/// What a request about an existing interface needs.
struct NamedLink {
  nl::Socket socket;
  int ifindex;
};

Result<NamedLink> find_link(const std::string& name) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  auto link = read_link(*socket, name);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  return NamedLink{std::move(*socket), link->ifindex};
}

void put_end(nl::Message& message, const VethSpec& spec, const VethEnd& end) {
  message.put_string(IFLA_IFNAME, end.name);
  message.put<std::uint32_t>(IFLA_MTU, spec.mtu);
  message.put<std::uint32_t>(IFLA_NUM_TX_QUEUES, spec.queues);
  message.put<std::uint32_t>(IFLA_NUM_RX_QUEUES, spec.queues);
  if (end.mac) message.put<packet::Mac>(IFLA_ADDRESS, *end.mac);
  if (end.ns != nullptr)
    message.put<std::uint32_t>(IFLA_NET_NS_FD, static_cast<std::uint32_t>(end.ns->fd()));
}

Status raise(const VethEnd& end) {
  const auto up = [&end] {
    return change_link(end.name, {.up = true, .mtu = {}, .auto_ipv6 = {}});
  };
  return end.ns != nullptr ? end.ns->run(up) : up();
}

} // namespace

Status create_veth(const VethSpec& spec) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  nl::Message request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_header(spec.near.ifindex));
  put_end(request, spec, spec.near);
  request.nest(IFLA_LINKINFO, [&] {
    request.put_string(IFLA_INFO_KIND, "veth");
    request.nest(IFLA_INFO_DATA, [&] {
      request.nest(VETH_INFO_PEER, [&] {
        const ifinfomsg header = link_header(spec.far.ifindex);
        request.append(&header, sizeof(header));
        put_end(request, spec, spec.far);
      });
    });
  });
  const std::string what = fmt::format("create veth pair {} and {}", spec.near.name, spec.far.name);
  if (auto made = socket->request(request, what); !made) return made;
  if (!spec.up) return {};
  // Only now: an end cannot come up before it has its peer.
  if (auto ok = raise(spec.near); !ok) return forward(std::move(ok), what);
  if (auto ok = raise(spec.far); !ok) return forward(std::move(ok), what);
  return {};
}

Status remove_link(const std::string& name) {
  auto link = find_link(name);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  nl::Message request(RTM_DELLINK, 0, link_header(link->ifindex));
  return link->socket.request(request, fmt::format("remove interface {}", name));
}

Status move_link(const std::string& name, const NetNs& to) {
  auto link = find_link(name);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  nl::Message request(RTM_NEWLINK, 0, link_header(link->ifindex));
  request.put<std::uint32_t>(IFLA_NET_NS_FD, static_cast<std::uint32_t>(to.fd()));
  request.put<std::int32_t>(IFLA_NEW_IFINDEX, link->ifindex);
  return link->socket.request(request, fmt::format("move interface {}", name));
}

Status change_link(const std::string& name, const LinkChange& change) {
  auto link = find_link(name);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  ifinfomsg header = link_header(link->ifindex);
  if (change.up) {
    header.ifi_change = IFF_UP;
    header.ifi_flags = *change.up ? IFF_UP : 0;
  }
  nl::Message request(RTM_NEWLINK, 0, header);
  if (change.mtu) request.put<std::uint32_t>(IFLA_MTU, *change.mtu);
  if (change.auto_ipv6) {
    const std::uint8_t mode = *change.auto_ipv6 ? IN6_ADDR_GEN_MODE_EUI64 : IN6_ADDR_GEN_MODE_NONE;
    request.nest(IFLA_AF_SPEC, [&] {
      request.nest(AF_INET6, [&] { request.put<std::uint8_t>(IFLA_INET6_ADDR_GEN_MODE, mode); });
    });
  }
  return link->socket.request(request, fmt::format("change interface {}", name));
}

Status add_address(const std::string& name, const packet::Ip& ip, unsigned prefix_len) {
  auto link = find_link(name);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  ifaddrmsg header{};
  header.ifa_family = family_of(ip);
  header.ifa_prefixlen = static_cast<std::uint8_t>(prefix_len);
  header.ifa_index = static_cast<std::uint32_t>(link->ifindex);
  nl::Message request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header);
  put_ip(request, IFA_LOCAL, ip);
  put_ip(request, IFA_ADDRESS, ip);
  if (!ip.is_v4()) request.put<std::uint32_t>(IFA_FLAGS, IFA_F_NODAD);
  return link->socket.request(
      request, fmt::format("give {} the address {}/{}", name, ip.to_string(), prefix_len));
}

} // namespace xtg::net
