// SPDX-License-Identifier: BSD-2-Clause
#include "net/route.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "core/unique_fd.h"
#include "net/ip_attr.h"
#include "net/link_info.h"
#include "net/netlink.h"

namespace xtg::net {

namespace {

using Clock = std::chrono::steady_clock;

struct Lookup {
  int ifindex = 0;
  unsigned char type = RTN_UNSPEC;
  std::optional<packet::Ip> gateway;
  std::optional<packet::Ip> src;
};

std::optional<packet::Ip> read_gateway(const nl::Attrs& attrs, int family) {
  if (auto gateway = read_ip(attrs, RTA_GATEWAY, family)) return gateway;
  const nlattr* via = attrs.find(RTA_VIA); // a gateway of the other family
  if (via == nullptr || nla_len(via) < static_cast<int>(sizeof(rtvia))) return {};
  rtvia head{};
  std::memcpy(&head, nla_data(via), sizeof(head));
  packet::Ip gateway;
  gateway.family = head.rtvia_family == AF_INET ? packet::Family::V4 : packet::Family::V6;
  if (static_cast<std::size_t>(nla_len(via)) < sizeof(rtvia) + gateway.size()) return {};
  const auto* bytes = static_cast<const std::uint8_t*>(nla_data(via)) + sizeof(rtvia);
  std::copy_n(bytes, gateway.size(), gateway.bytes.begin());
  return gateway;
}

Result<Lookup> look_up(nl::Socket& socket, const packet::Ip& dst, std::optional<int> oif) {
  rtmsg header{};
  header.rtm_family = family_of(dst);
  header.rtm_dst_len = static_cast<unsigned char>(dst.size() * 8);
  nl::Message request(RTM_GETROUTE, 0, header);
  put_ip(request, RTA_DST, dst);
  if (oif) request.put<std::uint32_t>(RTA_OIF, static_cast<std::uint32_t>(*oif));
  const std::string no_route = fmt::format("no route to {}", dst.to_string());
  auto replies = socket.query(request, no_route);
  if (!replies) return tl::unexpected<Error>(std::move(replies.error()));
  if (replies->empty()) return fail(Errc::NotFound, no_route);
  const auto route = replies->front().header<rtmsg>();
  const nl::Attrs attrs = replies->front().attrs<rtmsg>();
  Lookup lookup;
  lookup.ifindex = attrs.get<std::int32_t>(RTA_OIF).value_or(0);
  lookup.type = route.rtm_type;
  lookup.gateway = read_gateway(attrs, route.rtm_family);
  lookup.src = read_ip(attrs, RTA_PREFSRC, route.rtm_family);
  // IPv6 answers with the kind of route that refuses, IPv4 with an error.
  if (lookup.type == RTN_UNREACHABLE || lookup.type == RTN_BLACKHOLE || lookup.type == RTN_PROHIBIT)
    return fail(Errc::NotFound, no_route);
  return lookup;
}

struct Neighbour {
  std::optional<packet::Mac> mac; ///< when the entry can be used
  bool failed = false;            ///< the kernel asked, and gave up
};

Neighbour read_neighbour(nl::Socket& socket, int ifindex, const packet::Ip& ip) {
  ndmsg header{};
  header.ndm_family = family_of(ip);
  header.ndm_ifindex = ifindex;
  nl::Message request(RTM_GETNEIGH, 0, header);
  put_ip(request, NDA_DST, ip);
  auto replies = socket.query(request, "read the neighbour table");
  if (!replies || replies->empty()) return {};
  const auto state = replies->front().header<ndmsg>().ndm_state;
  constexpr unsigned kUsable = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
  if ((state & kUsable) == 0) return {{}, (state & NUD_FAILED) != 0};
  return {replies->front().attrs<ndmsg>().get<packet::Mac>(NDA_LLADDR), false};
}

/// An empty datagram to the discard port makes the kernel ask, and needs no privilege.
void poke_with_datagram(const std::string& ifname, int ifindex, const packet::Ip& ip) {
  UniqueFd fd(socket(family_of(ip), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return;
  setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, ifname.c_str(),
             static_cast<socklen_t>(ifname.size()));
  constexpr std::uint16_t kDiscard = 9;
  if (ip.is_v4()) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(kDiscard);
    std::memcpy(&to.sin_addr, ip.bytes.data(), ip.size());
    sendto(fd.get(), nullptr, 0, 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(kDiscard);
    to.sin6_scope_id = static_cast<std::uint32_t>(ifindex);
    std::memcpy(&to.sin6_addr, ip.bytes.data(), ip.size());
    sendto(fd.get(), nullptr, 0, 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }
}

/// Unprompted by a packet, the kernel sends its IPv6 question only from a link-local address.
bool can_ask_unprompted(nl::Socket& socket, const LinkInfo& link, const packet::Ip& ip) {
  if (ip.is_v4()) return true;
  auto own = read_addresses(socket, link.ifindex);
  return own && std::any_of(own->begin(), own->end(),
                            [](const packet::Ip& a) { return !a.is_v4() && a.is_link_local(); });
}

void ask_for_neighbour(nl::Socket& socket, const LinkInfo& link, const packet::Ip& ip) {
  if (can_ask_unprompted(socket, link, ip)) {
    ndmsg header{};
    header.ndm_family = family_of(ip);
    header.ndm_ifindex = link.ifindex;
    header.ndm_flags = NTF_USE; // "as if a packet had come": starts the asking, sends nothing else
    nl::Message request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header);
    put_ip(request, NDA_DST, ip);
    if (socket.request(request, "ask for a neighbour")) return;
  }
  poke_with_datagram(link.name, link.ifindex, ip);
}

std::optional<packet::Mac> next_hop_mac(nl::Socket& socket, const LinkInfo& link,
                                        const packet::Ip& ip, const RouteOptions& options) {
  Neighbour entry = read_neighbour(socket, link.ifindex, ip);
  if (entry.mac || !options.resolve) return entry.mac;
  const auto deadline = Clock::now() + options.timeout;
  ask_for_neighbour(socket, link, ip);
  auto pause = std::chrono::microseconds(200);
  while (!(entry = read_neighbour(socket, link.ifindex, ip)).mac && !entry.failed &&
         Clock::now() < deadline) {
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::microseconds>(pause * 2, std::chrono::milliseconds(10));
  }
  return entry.mac;
}

/// Fills next_hop and, where that is not possible, error.
void find_next_hop(nl::Socket& socket, const Lookup& lookup, const LinkInfo& link,
                   const RouteOptions& options, plan::RouteFacts& facts) {
  const packet::Ip& hop = facts.gateway ? *facts.gateway : facts.dst;
  if (facts.dst.is_multicast()) {
    facts.next_hop = multicast_mac(facts.dst);
  } else if (lookup.type == RTN_BROADCAST) {
    facts.next_hop = packet::Mac::from_u64(0xffffffffffff);
  } else if ((link.flags & IFF_LOOPBACK) != 0 || lookup.type == RTN_LOCAL) {
    facts.error = fmt::format("{} is an address of this host", facts.dst.to_string());
  } else if (!link.ethernet) {
    facts.error = fmt::format("{} has no Ethernet addresses", link.name);
  } else if ((link.flags & IFF_NOARP) != 0) {
    facts.next_hop = read_neighbour(socket, link.ifindex, hop).mac;
    if (!facts.next_hop)
      facts.error = fmt::format("{} asks for no neighbours (NOARP), and there is no entry for {}",
                                link.name, hop.to_string());
  } else {
    facts.next_hop = next_hop_mac(socket, link, hop, options);
    if (!facts.next_hop)
      facts.error = fmt::format("{} for {} on {}",
                                options.resolve ? "no neighbour answered" : "no neighbour entry",
                                hop.to_string(), link.name);
  }
}

Status change_neighbour(int type, int flags, int ifindex, const packet::Ip& ip,
                        const packet::Mac* mac) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  ndmsg header{};
  header.ndm_family = family_of(ip);
  header.ndm_ifindex = ifindex;
  header.ndm_state = NUD_PERMANENT;
  nl::Message request(type, flags, header);
  put_ip(request, NDA_DST, ip);
  if (mac != nullptr) request.put<packet::Mac>(NDA_LLADDR, *mac);
  return socket->request(request, fmt::format("{} neighbour entry of {}",
                                              mac != nullptr ? "set" : "remove", ip.to_string()));
}

} // namespace

packet::Mac multicast_mac(const packet::Ip& group) {
  const auto& b = group.bytes;
  if (group.is_v4())
    return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(b[1] & 0x7f), b[2], b[3]}};
  return {{0x33, 0x33, b[12], b[13], b[14], b[15]}};
}

plan::RouteFacts route_to(const packet::Ip& dst, std::optional<int> oif,
                          const RouteOptions& options) {
  plan::RouteFacts facts;
  facts.dst = dst;
  auto socket = nl::Socket::open();
  if (!socket) {
    facts.error = socket.error().message();
    return facts;
  }
  auto lookup = look_up(*socket, dst, oif);
  if (!lookup) {
    facts.error = lookup.error().message();
    return facts;
  }
  facts.ifindex = lookup->ifindex;
  facts.gateway = lookup->gateway;
  facts.src = lookup->src;
  auto link = read_link(*socket, lookup->ifindex);
  if (!link) {
    facts.error = link.error().message();
    return facts;
  }
  facts.interface = link->name;
  find_next_hop(*socket, *lookup, *link, options, facts);
  return facts;
}

Result<std::string> interface_for(const packet::Ip& dst) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  auto lookup = look_up(*socket, dst, {});
  if (!lookup) return fail(Errc::NotFound, lookup.error().message());
  auto link = read_link(*socket, lookup->ifindex);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  return link->name;
}

Status set_neighbour(int ifindex, const packet::Ip& ip, const packet::Mac& mac) {
  return change_neighbour(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, ip, &mac);
}

Status remove_neighbour(int ifindex, const packet::Ip& ip) {
  return change_neighbour(RTM_DELNEIGH, 0, ifindex, ip, nullptr);
}

} // namespace xtg::net
