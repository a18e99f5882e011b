// SPDX-License-Identifier: BSD-2-Clause
#include "net/route.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "core/unique_fd.h"
#include "net/ip_attr.h"
#include "net/link_info.h"
#include "net/neighbour.h"
#include "net/netlink.h"

namespace xtg::net {

namespace {

using plan::RouteFault;
using plan::RouteQuestion;

struct Lookup {
  int ifindex = 0;
  unsigned char type = RTN_UNSPEC;
  std::optional<packet::Ip> gateway;
  std::optional<packet::Ip> src;
  RouteFault fault = RouteFault::None;
  std::string error; ///< why the other members are unknown
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

/// The TOS bits used for routing: all but the ECN bits (RFC 3168).
constexpr std::uint8_t kDscpMask = 0xfc;

nl::Message message_for(const RouteQuestion& question, unsigned flags = 0) {
  rtmsg header{};
  header.rtm_family = family_of(question.dst);
  header.rtm_dst_len = static_cast<unsigned char>(question.dst.size() * 8);
  header.rtm_flags = flags;
  header.rtm_tos = question.tos & kDscpMask;
  if (question.src) header.rtm_src_len = header.rtm_dst_len;
  nl::Message request(RTM_GETROUTE, 0, header);
  put_ip(request, RTA_DST, question.dst);
  if (question.src) put_ip(request, RTA_SRC, *question.src);
  const int oif = question.interface != 0 ? question.interface : question.vrf;
  if (oif != 0) request.put<std::uint32_t>(RTA_OIF, static_cast<std::uint32_t>(oif));
  if (question.mark != 0) request.put<std::uint32_t>(RTA_MARK, question.mark);
  if (question.protocol != 0) {
    request.put<std::uint8_t>(RTA_IP_PROTO, question.protocol);
    if (question.src_port != 0) request.put<std::uint16_t>(RTA_SPORT, htons(question.src_port));
    if (question.dst_port != 0) request.put<std::uint16_t>(RTA_DPORT, htons(question.dst_port));
  }
  return request;
}

Lookup no_way(RouteFault fault, std::string error) {
  Lookup lookup;
  lookup.fault = fault;
  lookup.error = std::move(error);
  return lookup;
}

constexpr const char* kUnreachable = "an unreachable route matches";
constexpr const char* kBlackhole = "a blackhole route matches";
constexpr const char* kProhibit = "a prohibit route matches";

/// For a prohibiting route IPv4 returns the error that a sender would get; IPv6 may do so too.
Lookup no_way(const Error& error) {
  switch (error.sys) {
  case ENETUNREACH:
  case ESRCH:
    return no_way(RouteFault::NoRoute, error.message());
  case EHOSTUNREACH:
    return no_way(RouteFault::Refused, fmt::format("{}: {}", error.what, kUnreachable));
  case EINVAL:
    return no_way(RouteFault::Refused, fmt::format("{}: {}", error.what, kBlackhole));
  case EACCES:
    return no_way(RouteFault::Refused, fmt::format("{}: {}", error.what, kProhibit));
  default:
    return no_way(RouteFault::Failed, error.message());
  }
}

Lookup ask_exactly(nl::Socket& socket, const RouteQuestion& question) {
  const std::string no_route = fmt::format("no route to {}", question.dst.to_string());
  nl::Message request = message_for(question);
  auto replies = socket.query(request, no_route);
  if (!replies) return no_way(replies.error());
  if (replies->empty()) return no_way(RouteFault::NoRoute, no_route);
  const auto route = replies->front().header<rtmsg>();
  // IPv6 returns the type of the prohibiting route.
  const std::array<std::pair<unsigned char, const char*>, 3> refusing{
      {{RTN_UNREACHABLE, kUnreachable}, {RTN_BLACKHOLE, kBlackhole}, {RTN_PROHIBIT, kProhibit}}};
  for (const auto& [type, words] : refusing)
    if (route.rtm_type == type)
      return no_way(RouteFault::Refused, fmt::format("{}: {}", no_route, words));
  const nl::Attrs attrs = replies->front().attrs<rtmsg>();
  Lookup lookup;
  lookup.ifindex = attrs.get<std::int32_t>(RTA_OIF).value_or(0);
  lookup.type = route.rtm_type;
  lookup.gateway = read_gateway(attrs, route.rtm_family);
  lookup.src = question.src ? question.src : read_ip(attrs, RTA_PREFSRC, route.rtm_family);
  return lookup;
}

bool is_own(nl::Socket& socket, const packet::Ip& ip) {
  RouteQuestion question;
  question.dst = ip;
  return ask_exactly(socket, question).type == RTN_LOCAL;
}

/// As ask_exactly(), except for two answers about the source instead of the route: IPv4 finds no
/// route from an address that is not this host's, and IPv6 ignores the interface if there is a
/// source address.
Lookup look_up(nl::Socket& socket, const RouteQuestion& question) {
  Lookup lookup = ask_exactly(socket, question);
  if (!question.src) return lookup;
  const bool foreign = lookup.fault == RouteFault::NoRoute && !is_own(socket, *question.src);
  const bool strayed = lookup.fault == RouteFault::None && question.interface != 0 &&
                       lookup.type != RTN_LOCAL && lookup.ifindex != question.interface;
  if (!foreign && !strayed) return lookup;
  RouteQuestion without = question;
  without.src.reset();
  lookup = ask_exactly(socket, without);
  lookup.src = question.src;
  return lookup;
}

void set_fault(plan::RouteFacts& facts, RouteFault fault, std::string error) {
  facts.fault = fault;
  facts.error = std::move(error);
}

bool has_address(nl::Socket& socket, int ifindex, packet::Family family) {
  auto own = read_addresses(socket, ifindex);
  return own && std::any_of(own->usable.begin(), own->usable.end(),
                            [&](const packet::Ip& a) { return a.family == family; });
}

/// For an interface without neighbour resolution. The entries that the kernel creates there itself
/// contain the interface's own address, on which nobody listens.
void find_without_asking(nl::Socket& socket, const LinkInfo& link, const packet::Ip& hop,
                         plan::RouteFacts& facts) {
  const auto mac = read_neighbour(socket, link.ifindex, hop);
  if (mac && *mac != link.mac)
    facts.next_hop = mac;
  else
    set_fault(facts, RouteFault::CannotAsk,
              fmt::format("{} asks for no neighbours (NOARP), and there is no entry for {}",
                          link.name, hop.to_string()));
}

void find_neighbour(nl::Socket& socket, const LinkInfo& link, const packet::Ip& hop,
                    const RouteOptions& options, plan::RouteFacts& facts) {
  if ((link.flags & IFF_NOARP) != 0) return find_without_asking(socket, link, hop, facts);
  if (!options.resolve) {
    facts.next_hop = read_neighbour(socket, link.ifindex, hop);
    if (!facts.next_hop)
      set_fault(facts, RouteFault::NotAsked,
                fmt::format("no neighbour entry for {} on {}", hop.to_string(), link.name));
    return;
  }
  facts.next_hop = ask_neighbours(socket, link, {&hop, 1}, options.timeout).front();
  if (facts.next_hop) return;
  // A query from an address of another interface gets no answer, which proves nothing.
  const bool could_ask = has_address(socket, link.ifindex, hop.family);
  set_fault(facts, could_ask ? RouteFault::NoAnswer : RouteFault::CannotAsk,
            fmt::format("no neighbour answered for {} on {}", hop.to_string(), link.name));
}

/// Sets next_hop or, if that is not possible, fault and error.
void find_next_hop(nl::Socket& socket, const Lookup& lookup, const LinkInfo& link,
                   const RouteOptions& options, plan::RouteFacts& facts) {
  const packet::Ip& hop = facts.gateway ? *facts.gateway : facts.dst;
  if (facts.dst.is_multicast())
    facts.next_hop = multicast_mac(facts.dst);
  else if (lookup.type == RTN_BROADCAST)
    facts.next_hop = packet::Mac::from_u64(0xffffffffffff);
  else if ((link.flags & IFF_LOOPBACK) != 0 || lookup.type == RTN_LOCAL)
    set_fault(facts, RouteFault::OwnAddress,
              fmt::format("{} is an address of this host", facts.dst.to_string()));
  else if (!link.ethernet)
    set_fault(facts, RouteFault::Failed, fmt::format("{} has no Ethernet addresses", link.name));
  else
    find_neighbour(socket, link, hop, options, facts);
}

/// Given an interface, IPv4 assumes every address to be on its link, whatever the tables contain.
/// If no neighbour answers there, the result for all interfaces counts.
void hear_refusal(nl::Socket& socket, const RouteQuestion& question, plan::RouteFacts& facts) {
  if (question.interface == 0 || facts.next_hop) return;
  RouteQuestion any = question;
  any.interface = 0;
  const Lookup lookup = look_up(socket, any);
  if (lookup.fault == RouteFault::Refused)
    set_fault(facts, RouteFault::Refused, lookup.error);
  else if (lookup.fault == RouteFault::None && lookup.type == RTN_LOCAL)
    set_fault(facts, RouteFault::OwnAddress,
              fmt::format("{} is an address of this host", facts.dst.to_string()));
}

void follow(nl::Socket& socket, const RouteQuestion& question, const RouteOptions& options,
            plan::RouteFacts& facts) {
  const Lookup lookup = look_up(socket, question);
  if (lookup.fault != RouteFault::None) return set_fault(facts, lookup.fault, lookup.error);
  facts.ifindex = lookup.ifindex;
  facts.gateway = lookup.gateway;
  facts.src = lookup.src;
  auto link = read_link(socket, lookup.ifindex);
  if (!link) return set_fault(facts, RouteFault::Failed, link.error().message());
  facts.interface = link->name;
  find_next_hop(socket, lookup, *link, options, facts);
}

/// Prefix length of the route if the destination is on the link; 0 if it is not, or no route says
/// so.
unsigned on_link_length(nl::Socket& socket, const RouteQuestion& question) {
  nl::Message request = message_for(question, RTM_F_FIB_MATCH);
  const auto replies = socket.query(request, "read a route");
  if (!replies || replies->empty()) return 0;
  const auto route = replies->front().header<rtmsg>();
  const nl::Attrs attrs = replies->front().attrs<rtmsg>();
  const bool direct = route.rtm_type == RTN_UNICAST && attrs.find(RTA_MULTIPATH) == nullptr &&
                      attrs.find(RTA_NH_ID) == nullptr && !read_gateway(attrs, route.rtm_family);
  return direct ? route.rtm_dst_len : 0;
}

/// Next hop of an address in a range.
struct Hop {
  std::optional<packet::Ip> ip;   ///< the address to resolve
  std::optional<packet::Mac> mac; ///< known without resolution
  bool operator==(const Hop&) const = default;
};

Hop hop_of(nl::Socket& socket, const RouteQuestion& question, int ifindex) {
  const Lookup lookup = look_up(socket, question);
  if (lookup.fault != RouteFault::None || lookup.ifindex != ifindex) return {};
  if (lookup.type == RTN_BROADCAST) return {{}, packet::Mac::from_u64(0xffffffffffff)};
  if (lookup.type != RTN_UNICAST) return {};
  return {lookup.gateway.value_or(question.dst), {}};
}

/// Sets facts.hosts, unless one next hop serves the whole range.
void find_hosts(nl::Socket& socket, RouteQuestion question, const packet::IpRange& range,
                const RouteOptions& options, plan::RouteFacts& facts) {
  auto link = read_link(socket, facts.ifindex);
  if (!link || !link->ethernet || (link->flags & (IFF_LOOPBACK | IFF_NOARP)) != 0 ||
      !has_address(socket, facts.ifindex, question.dst.family))
    return;
  std::vector<Hop> hops;
  std::vector<packet::Ip> asked;
  for (std::uint64_t i = 0; i < range.count; i++) {
    question.dst = range.at(i);
    hops.push_back(hop_of(socket, question, facts.ifindex));
    if (hops.back().ip) asked.push_back(*hops.back().ip);
  }
  if (std::ranges::all_of(hops, [&](const Hop& hop) { return hop == hops.front(); })) return;
  const auto macs = ask_neighbours(socket, *link, asked,
                                   options.resolve ? options.timeout : std::chrono::milliseconds{});
  auto answer = macs.begin();
  for (const Hop& hop : hops)
    facts.hosts.push_back(hop.ip ? *answer++ : hop.mac);
}

} // namespace

plan::RouteFacts route_to(const RouteQuestion& question, const RouteOptions& options) {
  plan::RouteFacts facts;
  facts.dst = question.dst;
  auto socket = nl::Socket::open();
  if (!socket) {
    set_fault(facts, RouteFault::Failed, socket.error().message());
    return facts;
  }
  follow(*socket, question, options, facts);
  hear_refusal(*socket, question, facts);
  return facts;
}

plan::RouteFacts route_to_range(const RouteQuestion& first, const packet::IpRange& all,
                                const RouteOptions& options) {
  auto socket = nl::Socket::open();
  if (all.count == 1 || first.dst.is_multicast() || !socket) return route_to(first, options);
  const unsigned length = on_link_length(*socket, first);
  const packet::IpRange range = all.without_edges(length);
  RouteQuestion question = first;
  question.dst = range.first;
  plan::RouteFacts facts = route_to(question, options);
  if (facts.fault == RouteFault::OwnAddress &&
      range.count > 1) { // does not apply to the other addresses
    question.dst = range.at(1);
    facts = route_to(question, options);
  }
  facts.dst = first.dst;
  facts.on_link_length = length;
  if (facts.ifindex != 0 && range.count > 1 && range.count <= kMaxHosts)
    find_hosts(*socket, question, range, options, facts);
  return facts;
}

Result<std::string> interface_for(const RouteQuestion& question) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  const Lookup lookup = look_up(*socket, question);
  if (lookup.fault != RouteFault::None) return fail(Errc::NotFound, lookup.error);
  auto link = read_link(*socket, lookup.ifindex);
  if (!link) return tl::unexpected<Error>(std::move(link.error()));
  return link->name;
}

plan::SocketDefaults socket_defaults() {
  plan::SocketDefaults defaults;
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) fd.reset(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return defaults;
  socklen_t size = sizeof defaults.vrf;
  getsockopt(fd.get(), SOL_SOCKET, SO_BINDTOIFINDEX, &defaults.vrf, &size);
  size = sizeof defaults.mark;
  getsockopt(fd.get(), SOL_SOCKET, SO_MARK, &defaults.mark, &size);
  return defaults;
}

} // namespace xtg::net
