// SPDX-License-Identifier: BSD-2-Clause
// Whether a default route leads through an interface: in any form that the kernel's tables allow,
// and only in tables that look-ups reach.
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <map>

#include "net/interface.h"
#include "net/netlink.h"

namespace xtg::net {

namespace {

/// Routes with this prefix length or a shorter one cover an eighth of all addresses or more: two /1
/// routes replace a default route (VPNs), and 2000::/3 covers all global IPv6 addresses.
constexpr unsigned kDefaultLength = 3;

/// The tables that rules lead to, with the longest prefix that the rule skips there:
/// suppress_prefixlength N skips routes of N bits and fewer.
using Tables = std::map<std::uint32_t, int>;
constexpr int kAnyLength = -1;

void add(Tables& tables, std::uint32_t table, int suppressed) {
  const auto [entry, is_new] = tables.emplace(table, suppressed);
  if (!is_new) entry->second = std::min(entry->second, suppressed);
}

/// The l3mdev rule leads to the table of every VRF.
void add_vrf_tables(nl::Socket& socket, int suppressed, Tables& tables) {
  nl::Message request(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
  request.put<std::uint32_t>(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  request.nest(IFLA_LINKINFO, [&] { request.put_string(IFLA_INFO_KIND, "vrf"); });
  const auto replies = socket.query(request, "list VRFs");
  if (!replies) return;
  for (const nl::Reply& reply : *replies) {
    const nl::Attrs info = reply.attrs<ifinfomsg>().nested(IFLA_LINKINFO);
    if (info.string(IFLA_INFO_KIND) != "vrf") continue;
    if (auto table = info.nested(IFLA_INFO_DATA).get<std::uint32_t>(IFLA_VRF_TABLE))
      add(tables, *table, suppressed);
  }
}

/// Empty if the kernel has no rules: then it has no separate tables either.
std::optional<Tables> tables_of_rules(nl::Socket& socket, unsigned char family) {
  fib_rule_hdr header{};
  header.family = family;
  nl::Message request(RTM_GETRULE, NLM_F_DUMP, header);
  const auto replies = socket.query(request, "list routing rules");
  if (!replies || replies->empty()) return {};
  Tables tables;
  for (const nl::Reply& reply : *replies) {
    const auto rule = reply.header<fib_rule_hdr>();
    if (rule.action != FR_ACT_TO_TBL) continue;
    const nl::Attrs attrs = reply.attrs<fib_rule_hdr>();
    const int suppressed = attrs.get<std::int32_t>(FRA_SUPPRESS_PREFIXLEN).value_or(kAnyLength);
    if (attrs.get<std::uint8_t>(FRA_L3MDEV).value_or(0) != 0)
      add_vrf_tables(socket, suppressed, tables);
    else
      add(tables, attrs.get<std::uint32_t>(FRA_TABLE).value_or(rule.table), suppressed);
  }
  return tables;
}

bool is_found(const std::optional<Tables>& tables, std::uint32_t table, unsigned length) {
  if (!tables) return true;
  const auto entry = tables->find(table);
  return entry != tables->end() && static_cast<int>(length) > entry->second;
}

/// Follows a nexthop object, or a group of them, by its id: with nexthop_compat_mode=0 a route
/// contains only the id.
bool object_leads_through(nl::Socket& socket, std::uint32_t id, int ifindex) {
  nl::Message request(RTM_GETNEXTHOP, 0, nhmsg{});
  request.put<std::uint32_t>(NHA_ID, id);
  const auto replies = socket.query(request, "read a nexthop object");
  if (!replies || replies->empty()) return false;
  const nl::Attrs attrs = replies->front().attrs<nhmsg>();
  if (attrs.get<std::int32_t>(NHA_OIF) == ifindex) return true;
  const nlattr* group = attrs.find(NHA_GROUP);
  if (group == nullptr) return false;
  const auto* bytes = static_cast<const std::uint8_t*>(nla_data(group));
  const auto size = static_cast<std::size_t>(nla_len(group));
  for (std::size_t at = 0; at + sizeof(nexthop_grp) <= size; at += sizeof(nexthop_grp)) {
    nexthop_grp member{};
    std::memcpy(&member, bytes + at, sizeof member);
    if (object_leads_through(socket, member.id, ifindex)) return true; // groups do not nest
  }
  return false;
}

bool leads_through(nl::Socket& socket, const nl::Reply& reply, int ifindex) {
  const nl::Attrs attrs = reply.attrs<rtmsg>();
  if (attrs.get<std::int32_t>(RTA_OIF) == ifindex) return true;
  if (const auto id = attrs.get<std::uint32_t>(RTA_NH_ID))
    return object_leads_through(socket, *id, ifindex);
  const nlattr* hops = attrs.find(RTA_MULTIPATH);
  if (hops == nullptr) return false;
  auto* hop = static_cast<rtnexthop*>(nla_data(hops));
  for (int left = nla_len(hops); RTNH_OK(hop, left);) {
    if (hop->rtnh_ifindex == ifindex) return true;
    left -= RTNH_ALIGN(hop->rtnh_len);
    hop = RTNH_NEXT(hop);
  }
  return false;
}

Result<bool> default_route(nl::Socket& socket, int ifindex, unsigned char family) {
  rtmsg header{};
  header.rtm_family = family;
  nl::Message request(RTM_GETROUTE, NLM_F_DUMP, header);
  // With strict checking the kernel sends only this interface's routes instead of a full table.
  request.put<std::uint32_t>(RTA_OIF, static_cast<std::uint32_t>(ifindex));
  auto replies = socket.query(request, "list routes");
  if (!replies) {
    const Error& error = replies.error();
    if (error.code == Errc::NotFound || error.code == Errc::NotSupported) return false;
    return tl::unexpected<Error>(std::move(replies.error()));
  }
  const auto is_default = [&](const nl::Reply& reply) {
    const auto route = reply.header<rtmsg>();
    return route.rtm_family == family && route.rtm_dst_len <= kDefaultLength &&
           route.rtm_type == RTN_UNICAST && (route.rtm_flags & RTM_F_CLONED) == 0;
  };
  std::erase_if(*replies, [&](const nl::Reply& reply) { return !is_default(reply); });
  if (replies->empty()) return false;
  const auto tables = tables_of_rules(socket, family);
  return std::any_of(replies->begin(), replies->end(), [&](const nl::Reply& reply) {
    const auto route = reply.header<rtmsg>();
    const auto table = reply.attrs<rtmsg>().get<std::uint32_t>(RTA_TABLE).value_or(route.rtm_table);
    return is_found(tables, table, route.rtm_dst_len) && leads_through(socket, reply, ifindex);
  });
}

} // namespace

Result<bool> has_default_route(int ifindex) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  socket->set_strict();
  auto v4 = default_route(*socket, ifindex, AF_INET);
  if (!v4 || *v4) return v4;
  return default_route(*socket, ifindex, AF_INET6);
}

} // namespace xtg::net
