// SPDX-License-Identifier: BSD-2-Clause
// Where tests may send.
#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plan/checks.h"
#include "serve/policy_parts.h"

namespace xtg::serve {
namespace {

bool within(const packet::IpPrefix& prefix, const packet::IpRange& range) {
  const packet::IpRange hull = range.hull();
  return prefix.contains(hull.first) && prefix.contains(hull.last());
}

/// In --send-to.
bool is_granted(const packet::IpRange& range, const Policy& policy) {
  return std::ranges::any_of(policy.send_to, [&](const auto& p) { return within(p, range); });
}

tl::unexpected<Error> not_proven(std::string_view what, const Policy& policy) {
  std::vector<std::string> names;
  for (const packet::IpPrefix& prefix : policy.send_to)
    names.push_back(prefix.to_string());
  return refused(fmt::format(
      "{}: this server sends only to addresses that its client answers a challenge from (POST "
      "/v1/challenges){}{}",
      what, names.empty() ? "" : ", and to ", fmt::join(names, ", ")));
}

Status check_destination(const packet::IpRange& range, const Policy& policy,
                         std::span<const packet::Ip> proven) {
  const bool held = range.count == 1 && std::ranges::count(proven, range.first) != 0;
  if (held || is_granted(range, policy)) return {};
  return not_proven("destination " + range.to_string(), policy);
}

/// What a reflector answers is sent to its source.
Status check_sources(const plan::ReflectSpec& spec, const Policy& policy,
                     std::span<const packet::Ip> proven) {
  if (spec.allow.empty()) return not_proven("allow is missing", policy);
  for (const packet::IpPrefix& from : spec.allow) {
    const bool held = from.length == (from.network.is_v4() ? 32U : 128U) &&
                      std::ranges::count(proven, from.network) != 0;
    const bool granted = std::ranges::any_of(policy.send_to, [&](const packet::IpPrefix& p) {
      return p.length <= from.length && p.contains(from.network);
    });
    if (!held && !granted) return not_proven("allow " + from.to_string(), policy);
  }
  return {};
}

Status check_group(const packet::MacRange& macs, const packet::IpRange& to) {
  const packet::IpRange hull = to.hull();
  if (!plan::any_group(macs) || (hull.first.is_multicast() && hull.last().is_multicast()))
    return {};
  return refused(fmt::format("dst_mac {}: a group address goes with a multicast destination",
                             macs.to_string()));
}

/// Whoever gets a frame, or a router that drops it, may answer its source: an address that is not
/// this host's is one that tests may send to.
Status check_source(const packet::IpRange& range, const Policy& policy,
                    std::span<const packet::Ip> proven, const plan::InterfaceFacts* iface) {
  constexpr std::uint64_t kMostListed = 64; // one by one; an interface has not many addresses
  const auto is_held = [&](const packet::Ip& ip) {
    return std::ranges::count(proven, ip) != 0 ||
           (iface != nullptr && std::ranges::count(iface->addresses, ip) != 0);
  };
  bool held = range.count <= kMostListed;
  for (std::uint64_t i = 0; held && i < range.count; ++i)
    held = is_held(range.at(i));
  if (held || is_granted(range, policy)) return {};
  return refused(fmt::format(
      "src_addr {}: this server sends only from its interface's own addresses, from those that its "
      "client answers a challenge from (POST /v1/challenges), and from those in its --send-to",
      range.to_string()));
}

packet::IpRange destinations(const plan::StreamSpec& stream) {
  return stream.dst_addr.value_or(packet::IpRange{plan::destination_of(stream), 1});
}

/// A proven address says nothing of the MAC addresses on the link: who names one could send to, or
/// in the name of, any neighbour there.
Status check_macs(const plan::StreamSpec& stream, const Policy& policy) {
  if (is_granted(destinations(stream), policy)) return {};
  for (const auto& [macs, name] :
       {std::pair(&stream.dst_mac, "dst_mac"), std::pair(&stream.src_mac, "src_mac")})
    if (*macs)
      return refused(fmt::format("{} {}: a client may name MAC addresses only for destinations in "
                                 "this server's --send-to",
                                 name, (*macs)->to_string()));
  return {};
}

Status check_streams(const plan::PortSpec& port, const Policy& policy,
                     std::span<const packet::Ip> proven) {
  for (const plan::StreamSpec& stream : port.streams) {
    const packet::IpRange to = destinations(stream);
    if (auto ok = check_destination(to, policy, proven); !ok) return ok;
    if (!stream.dst_mac) continue;
    if (auto ok = check_group(*stream.dst_mac, to); !ok) return ok;
  }
  return {};
}

struct DestinationCheck {
  const Policy& policy;
  std::span<const packet::Ip> proven;

  Status operator()(const plan::Plan& plan) const {
    return check_streams(plan.asked(), policy, proven);
  }
  Status operator()(const plan::PortTestPlan& plan) const {
    for (const plan::PortPlan& port : plan.ports)
      if (port.send)
        if (auto ok = (*this)(*port.send); !ok) return ok;
    return {};
  }
  Status operator()(const plan::TcpPlan& plan) const {
    return check_destination({plan.dst, 1}, policy, proven);
  }
  Status operator()(const plan::ReflectPlan& plan) const {
    return check_sources(plan.spec, policy, proven);
  }
  Status operator()(const plan::RxPlan&) const { return {}; }
  Status operator()(const plan::TcpSinkPlan&) const { return {}; }
};

} // namespace

Status check_destinations(const spec::Test& test, const Policy& policy,
                          std::span<const packet::Ip> proven) {
  if (const auto* udp = std::get_if<plan::TestSpec>(&test.of))
    for (const plan::PortSpec& port : udp->ports) {
      if (auto ok = check_streams(port, policy, proven); !ok) return ok;
      for (const plan::StreamSpec& stream : port.streams)
        if (auto ok = check_macs(stream, policy); !ok) return ok;
    }
  if (const auto* reflect = std::get_if<plan::ReflectSpec>(&test.of))
    return check_sources(*reflect, policy, proven);
  if (const auto* tcp = std::get_if<plan::TcpSpec>(&test.of))
    if (const auto host = packet::Ip::parse(tcp->host))
      return check_destination({*host, 1}, policy, proven);
  return {};
}

Status check_sources(const spec::Test& test, const Policy& policy,
                     std::span<const packet::Ip> proven,
                     std::span<const plan::InterfaceFacts> served) {
  const auto check = [&](const packet::IpRange& range, const std::string& interface) {
    const auto iface = std::ranges::find(served, interface, &plan::InterfaceFacts::name);
    return check_source(range, policy, proven, iface != served.end() ? &*iface : nullptr);
  };
  if (const auto* tcp = std::get_if<plan::TcpSpec>(&test.of); tcp != nullptr && tcp->src_addr)
    return check({*tcp->src_addr, 1}, tcp->interface);
  const auto* udp = std::get_if<plan::TestSpec>(&test.of);
  if (udp == nullptr) return {};
  for (const plan::PortSpec& port : udp->ports) {
    if (port.sends() && port.via == plan::TxPath::Receive)
      return refused(
          "via receive: this server puts no frames into its own receive path, from where "
          "they may be forwarded");
    for (const plan::StreamSpec& stream : port.streams)
      if (stream.src_addr)
        if (auto ok = check(*stream.src_addr, port.interface); !ok) return ok;
  }
  return {};
}

Status check_destinations(const AnyPlan& plan, const Policy& policy,
                          std::span<const packet::Ip> proven) {
  return std::visit(DestinationCheck{policy, proven}, plan);
}

} // namespace xtg::serve
