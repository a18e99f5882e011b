// SPDX-License-Identifier: BSD-2-Clause
#include "serve/policy.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "plan/checks.h"
#include "serve/page.h"

namespace xtg::serve {
namespace {

tl::unexpected<Error> refused(std::string what) {
  return fail(Errc::InvalidArgument, std::move(what));
}

// --- who may ask ---

std::string bearer(const HttpRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string value = request.header("authorization");
  return value.starts_with(kScheme) ? value.substr(kScheme.size()) : std::string{};
}

/// Without the port: "[::1]:80" is "::1".
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('['))
    return authority.substr(1, std::min(authority.find(']'), authority.size()) - 1);
  return authority.substr(0, authority.find(':'));
}

/// A name that somebody else's DNS may point here is not one of ours.
bool is_own_name(std::string_view authority) {
  const std::string_view host = host_of(authority);
  return host.empty() || host == "localhost" || packet::Ip::parse(host).has_value();
}

/// A page sends its origin along with whatever changes something.
bool is_foreign_page(const HttpRequest& request) {
  const std::string origin = request.header("origin");
  return !origin.empty() && origin != "http://" + request.header("host");
}

// --- what may be asked for ---

/// Of the operator: clients do not decide them.
constexpr std::array<std::string_view, 4> kOperators = {"fix", "allow_default_route",
                                                        "allow_public", "dry_run"};

Status check_given(const spec::Given& given, const Policy& policy) {
  const spec::Option& option = *given.option;
  if (!is_operators(option)) return {};
  if (option.value == "FILE")
    return refused(fmt::format("{}: a client cannot name a file of this host", given.where));
  if (option.is_flag() && given.texts.front() == spec::kFalse) return {};
  if (option.key == "fix" && policy.fix) return {};
  return refused(
      fmt::format("{}: this is the operator's to decide, with options of serve", given.where));
}

Status check_all(const std::vector<spec::Given>& options, const Policy& policy) {
  for (const spec::Given& given : options)
    if (auto ok = check_given(given, policy); !ok) return ok;
  return {};
}

Status settle_duration(std::optional<Nanoseconds>& duration, const Policy& policy) {
  if (!duration) duration = policy.max_duration;
  if (*duration <= policy.max_duration) return {};
  return refused(fmt::format("duration {} is above this server's ceiling: at most {} is accepted",
                             format_duration(*duration), format_duration(policy.max_duration)));
}

/// Of one that receives: it is there before its sender, and waits for the last frames.
Status settle_longer(std::optional<Nanoseconds>& duration, const Policy& policy) {
  if (!duration) duration = policy.max_duration;
  if (*duration <= policy.max_duration + kReceiverMore) return {};
  return refused(fmt::format("duration {} is above this server's ceiling: at most {}, and {} more "
                             "of one that receives, is accepted",
                             format_duration(*duration), format_duration(policy.max_duration),
                             format_duration(kReceiverMore)));
}

/// A wait that the duration does not bound.
Status settle_wait(Nanoseconds& time, Nanoseconds ordinary, std::string_view name) {
  if (time <= kMostWait) return {};
  if (time != ordinary)
    return refused(fmt::format("{} {} is above this server's ceiling: at most {} is accepted", name,
                               format_duration(time), format_duration(kMostWait)));
  time = kMostWait;
  return {};
}

Status settle_packets(std::optional<std::uint64_t>& packets, const Policy& policy) {
  if (!policy.max_packets) return {};
  if (!packets) packets = policy.max_packets;
  if (*packets <= *policy.max_packets) return {};
  return refused(
      fmt::format("num_packets {} is above this server's ceiling: at most {} is accepted", *packets,
                  *policy.max_packets));
}

Status settle_interface(std::string& name, const Policy& policy, const std::string& own) {
  if (name.empty()) name = own;
  if (name.empty() && policy.interfaces.size() == 1) name = policy.interfaces.front();
  const std::string served = fmt::format("{}", fmt::join(policy.interfaces, ", "));
  if (name.empty()) return refused("interface: expected one of those served here: " + served);
  if (std::ranges::count(policy.interfaces, name) != 0) return {};
  return refused(fmt::format("interface {} is not served here: expected one of {}",
                             xtg::quoted(name), served));
}

/// Each stream of a test, and by how many ports it is sent: with `bidir` those that only receive
/// send the first sender's, too.
struct Sent {
  plan::StreamSpec* stream;
  std::uint64_t times;
};
std::vector<Sent> all_sent(plan::TestSpec& test) {
  std::vector<Sent> out;
  const auto only_receive =
      std::ranges::count_if(test.ports, [](const auto& port) { return !port.sends(); });
  std::uint64_t times = test.bidir ? 1 + static_cast<std::uint64_t>(only_receive) : 1;
  for (plan::PortSpec& port : test.ports) {
    for (plan::StreamSpec& stream : port.streams)
      out.push_back({&stream, times});
    if (port.sends()) times = 1;
  }
  return out;
}

/// As fast as it goes is as fast as it may. Of several such streams each gets an equal share.
Status settle_rates(const std::vector<Sent>& streams, const Policy& policy) {
  std::uint64_t all = 0, open = 0;
  const auto is_max = [](const Sent& s) { return s.stream->rate.rate.unit == Rate::Unit::Max; };
  for (const Sent& sent : streams) {
    all += sent.times;
    if (is_max(sent)) open += sent.times;
  }
  if (open != 0 && open != all)
    return refused("rate: where some streams have a rate, every stream needs one here");
  for (const Sent& sent : streams) {
    if (!is_max(sent)) continue;
    sent.stream->rate.rate = policy.max_rate;
    sent.stream->rate.rate.value /= static_cast<double>(open);
    sent.stream->rate.layer = Layer::L1;
    sent.stream->weight = 1;
  }
  return {};
}

/// The ceiling is of all streams together; those without an amount share what the others leave.
Status settle_amounts(const std::vector<Sent>& streams, const Policy& policy) {
  if (!policy.max_packets) return {};
  std::uint64_t left = *policy.max_packets, open = 0;
  for (const auto& [stream, times] : streams) {
    const std::uint64_t asked = stream->num_packets.value_or(0);
    if (!stream->num_packets) open += times;
    if (asked > left / times)
      return refused(
          fmt::format("num_packets {} is above this server's ceiling: at most {} packets "
                      "of a test are accepted",
                      asked, *policy.max_packets));
    left -= asked * times;
  }
  if (open > left)
    return refused(fmt::format("num_packets: nothing is left for some streams: at most {} packets "
                               "of a test are accepted",
                               *policy.max_packets));
  for (const auto& [stream, times] : streams)
    if (!stream->num_packets) stream->num_packets = left / open;
  return {};
}

Status settle_udp(plan::TestSpec& test, const Policy& policy, const std::string& own) {
  if (auto ok = settle_duration(test.duration, policy); !ok) return ok;
  if (auto ok = settle_wait(test.drain, plan::kDrain, "drain"); !ok) return ok;
  if (auto ok = settle_wait(test.announce_gap, plan::kDrain, "announce_gap"); !ok) return ok;
  // The operator named the interface, and addresses are held to a stricter rule.
  test.allow_default_route = test.allow_public = true;
  test.fix = policy.fix;
  for (plan::PortSpec& port : test.ports) {
    if (auto ok = settle_interface(port.interface, policy, own); !ok) return ok;
  }
  const std::vector<Sent> streams = all_sent(test);
  if (auto ok = settle_rates(streams, policy); !ok) return ok;
  return settle_amounts(streams, policy);
}

Status settle_tcp(plan::TcpSpec& spec, const Policy& policy, const std::string& own) {
  if (auto ok = settle_duration(spec.duration, policy); !ok) return ok;
  if (auto ok = settle_interface(spec.interface, policy, own); !ok) return ok;
  const plan::TcpSpec plain;
  if (auto ok = settle_wait(spec.drain, plain.drain, "drain"); !ok) return ok;
  if (auto ok = settle_wait(spec.connect_timeout, plain.connect_timeout, "timeout"); !ok) return ok;
  if (auto ok = settle_wait(spec.silence, plain.silence, "silence"); !ok) return ok;
  if (!packet::Ip::parse(spec.host))
    return refused("host: expected an address; a server looks up no names for its clients");
  if (spec.rate.rate.unit == Rate::Unit::Max) {
    spec.rate.rate = policy.max_rate;
    spec.rate.layer = Layer::L1;
  }
  spec.allow_default_route = spec.allow_public = true;
  spec.fix = policy.fix;
  return settle_packets(spec.num_packets, policy);
}

Status settle_receiver(plan::RxSpec& spec, const Policy& policy, const std::string& own) {
  if (auto ok = settle_interface(spec.interface, policy, own); !ok) return ok;
  if (auto ok = settle_wait(spec.drain, plan::RxSpec{}.drain, "drain"); !ok) return ok;
  return settle_longer(spec.duration, policy);
}

/// It sends as much as arrives, of any size: a ceiling in bits is one on the smallest frames.
Status settle_reflector(plan::ReflectSpec& spec, const Policy& policy, const std::string& own) {
  constexpr double kLeastBits = 672; // 64 bytes, and 20 around them
  if (auto ok = settle_interface(spec.interface, policy, own); !ok) return ok;
  if (auto ok = settle_longer(spec.duration, policy); !ok) return ok;
  if (auto ok = settle_packets(spec.num_packets, policy); !ok) return ok;
  if (spec.allow_any || spec.any_mac)
    return refused(fmt::format("{}: this server answers only to addresses that are proven or in "
                               "--send-to, and frames to its own MAC address",
                               spec.allow_any ? "allow any" : "any_mac"));
  spec.fix = policy.fix;
  if (policy.max_rate.unit == Rate::Unit::Max) return {};
  Rate most = policy.max_rate;
  if (most.unit == Rate::Unit::Bps) most = {Rate::Unit::Pps, std::floor(most.value / kLeastBits)};
  if (spec.max_rate.unit == Rate::Unit::Max) spec.max_rate = most;
  if (spec.max_rate.value <= most.value) return {};
  return refused(fmt::format("max_rate {} is above this server's ceiling: at most {} is accepted",
                             format_rate(spec.max_rate), format_rate(most)));
}

/// A socket of this process: not one of the ports that need a privilege.
Status settle_tcp_sink(plan::TcpSinkSpec& spec, const Policy& policy, const std::string& own) {
  constexpr std::uint16_t kFirstOpen = 1024;
  if (spec.port < kFirstOpen)
    return refused(fmt::format("port {}: this server listens on ports from {} on for its clients",
                               spec.port, kFirstOpen));
  if (spec.connections > policy.max_connections)
    return refused(
        fmt::format("connections {} is above this server's ceiling: at most {} is accepted",
                    spec.connections, policy.max_connections));
  if (auto ok = settle_interface(spec.interface, policy, own); !ok) return ok;
  return settle_longer(spec.duration, policy);
}

// --- where it goes, and how fast ---

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

struct Load {
  double pps = 0, l1_bps = 0;
};

Load load_of(const plan::Plan& plan) {
  Load load;
  for (const plan::StreamPlan& stream : plan.streams) {
    const double pps = stream.pacing ? stream.pacing->target_pps : 0;
    load.pps += pps;
    load.l1_bps += pps * stream.l1_bits;
  }
  return load;
}

Status check_load(const Load& load, const Policy& policy) {
  const bool bits = policy.max_rate.unit == Rate::Unit::Bps;
  const double asked = bits ? load.l1_bps : load.pps;
  // The schedule is made of whole steps.
  if (policy.max_rate.unit == Rate::Unit::Max || asked <= policy.max_rate.value * 1.0001) return {};
  return refused(fmt::format("a rate of {} is above this server's ceiling: at most {} is accepted",
                             with_prefix(asked, bits ? "bit/s" : "packets/s"),
                             format_rate(policy.max_rate)));
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

Status check_sender(const plan::Plan& plan, const Policy& policy,
                    std::span<const packet::Ip> proven) {
  if (auto ok = check_streams(plan.asked(), policy, proven); !ok) return ok;
  return check_load(load_of(plan), policy);
}

struct PlanCheck {
  const Policy& policy;
  std::span<const packet::Ip> proven;

  Status operator()(const plan::Plan& plan) const { return check_sender(plan, policy, proven); }
  Status operator()(const plan::PortTestPlan& plan) const {
    Load load;
    for (const plan::PortPlan& port : plan.ports) {
      if (!port.send) continue;
      if (auto ok = check_sender(*port.send, policy, proven); !ok) return ok;
      const Load one = load_of(*port.send);
      load.pps += one.pps;
      load.l1_bps += one.l1_bps;
    }
    return check_load(load, policy);
  }
  Status operator()(const plan::TcpPlan& plan) const {
    if (auto ok = check_destination({plan.dst, 1}, policy, proven); !ok) return ok;
    const plan::RateLaw& law = plan.spec.rate;
    if (law.rate.unit != policy.max_rate.unit || policy.max_rate.unit == Rate::Unit::Max)
      return policy.max_rate.unit == Rate::Unit::Max
                 ? Status{}
                 : Status(
                       refused(fmt::format("rate {}: expected one of the kind of this server's "
                                           "ceiling, {}",
                                           format_rate(law.rate), format_rate(policy.max_rate))));
    return law.rate.unit == Rate::Unit::Bps ? check_load({0, law.rate.value}, policy)
                                            : check_load({law.rate.value, 0}, policy);
  }
  Status operator()(const plan::RxPlan&) const { return {}; }
  Status operator()(const plan::ReflectPlan& plan) const {
    return check_sources(plan.spec, policy, proven);
  }
  Status operator()(const plan::TcpSinkPlan&) const { return {}; }
};

} // namespace

bool is_operators(const spec::Option& option) {
  return option.value == "FILE" || std::ranges::count(kOperators, option.key) != 0;
}

bool same_secret(std::string_view a, std::string_view b) {
  // Over the length of what was sent, which its sender knows.
  unsigned differs = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const auto x = static_cast<unsigned char>(a.empty() ? 0 : a[i % a.size()]);
    differs |= static_cast<unsigned>(x ^ static_cast<unsigned char>(b[i]));
  }
  return differs == 0;
}

std::optional<Denial> admit(const HttpRequest& request, const Policy& policy) {
  const auto peer = packet::Ip::parse(request.peer);
  const bool known =
      policy.allow.empty() ||
      (peer && std::ranges::any_of(policy.allow, [&](auto& p) { return p.contains(*peer); }));
  if (!known)
    return Denial{
        403, fmt::format("this server does not answer to {}: it is not in --allow", request.peer)};
  if (is_foreign_page(request)) return Denial{403, "a page of another origin sent this request"};
  if (policy.token.empty()) {
    if (is_own_name(request.header("host"))) return std::nullopt;
    return Denial{403, "without a token this server answers only to its addresses and localhost"};
  }
  if (request.path == "/v1/health" || is_of_page(request.path)) return std::nullopt;
  const std::string given = bearer(request);
  if (given.empty())
    return Denial{401, "a token is missing: expected \"Authorization: Bearer TOKEN\""};
  if (!same_secret(policy.token, given)) return Denial{401, "the token is not this server's"};
  return std::nullopt;
}

Status check_draft(const spec::Draft& draft, const Policy& policy) {
  if (draft.command->command == spec::Command::Demo)
    return refused("command \"demo\" is not served: expected udp, tcp, rx, reflect or tcp-sink");
  if (auto ok = check_all(draft.options, policy); !ok) return ok;
  for (const auto& stream : draft.streams)
    if (auto ok = check_all(stream, policy); !ok) return ok;
  for (const spec::PortDraft& port : draft.ports)
    if (auto ok = check_all(port.own, policy); !ok) return ok;
  return {};
}

Status settle(spec::Test& test, const Policy& policy, const std::string& own) {
  if (auto* udp = std::get_if<plan::TestSpec>(&test.of)) return settle_udp(*udp, policy, own);
  if (auto* tcp = std::get_if<plan::TcpSpec>(&test.of)) return settle_tcp(*tcp, policy, own);
  if (auto* rx = std::get_if<plan::RxSpec>(&test.of)) return settle_receiver(*rx, policy, own);
  if (auto* sink = std::get_if<plan::TcpSinkSpec>(&test.of))
    return settle_tcp_sink(*sink, policy, own);
  if (auto* reflect = std::get_if<plan::ReflectSpec>(&test.of))
    return settle_reflector(*reflect, policy, own);
  return refused("this command is not served: expected udp, tcp, rx, reflect or tcp-sink");
}

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

Status check_plan(const AnyPlan& plan, const Policy& policy, std::span<const packet::Ip> proven) {
  return std::visit(PlanCheck{policy, proven}, plan);
}

std::vector<PortUse> port_uses(const spec::Test& test) {
  if (const auto* tcp = std::get_if<plan::TcpSpec>(&test.of))
    return {{tcp->interface, true}, {tcp->interface, false}};
  if (const auto* rx = std::get_if<plan::RxSpec>(&test.of)) return {{rx->interface, false}};
  if (const auto* sink = std::get_if<plan::TcpSinkSpec>(&test.of))
    return {{sink->interface, false, sink->port}};
  if (const auto* reflect = std::get_if<plan::ReflectSpec>(&test.of))
    return {{reflect->interface, true}, {reflect->interface, false}};
  std::vector<PortUse> uses;
  if (const auto* udp = std::get_if<plan::TestSpec>(&test.of))
    for (const plan::PortSpec& port : udp->ports) {
      if (port.sends() || udp->bidir) uses.push_back({port.interface, true});
      if (port.receive || udp->bidir) uses.push_back({port.interface, false});
    }
  return uses;
}

} // namespace xtg::serve
