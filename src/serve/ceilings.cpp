// SPDX-License-Identifier: BSD-2-Clause
// The ceilings: how long, how much and how fast a test may be.
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "serve/policy_parts.h"

namespace xtg::serve {
namespace {

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
  if (spec.bytes || spec.bytes_per_flow) return {}; // how many packets they make: check_amount()
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

/// An amount in bytes, in the full segments that --num-packets counts.
Status check_amount(const plan::TcpPlan& plan, const Policy& policy) {
  const plan::TcpSpec& spec = plan.spec;
  if (!policy.max_packets || !(spec.bytes || spec.bytes_per_flow)) return {};
  const std::uint64_t flows = std::max<std::uint64_t>(spec.flows, 1);
  const std::uint64_t segment = std::max<std::uint64_t>(plan::largest_payload(plan), 1);
  const std::uint64_t bytes = spec.bytes ? *spec.bytes / flows : *spec.bytes_per_flow;
  const std::uint64_t of_flow = bytes / segment + (bytes % segment != 0 ? 1 : 0);
  if (of_flow <= *policy.max_packets / flows) return {};
  const std::string name = spec.bytes ? "bytes" : "bytes_per_flow";
  return refused(fmt::format("{} {} is above this server's ceiling: at most {} packets of a test, "
                             "of {} bytes here, are accepted",
                             name, spec.bytes.value_or(spec.bytes_per_flow.value_or(0)),
                             *policy.max_packets, segment));
}

struct PlanCheck {
  const Policy& policy;

  Status operator()(const plan::Plan& plan) const { return check_load(load_of(plan), policy); }
  Status operator()(const plan::PortTestPlan& plan) const {
    Load load;
    for (const plan::PortPlan& port : plan.ports) {
      if (!port.send) continue;
      const Load one = load_of(*port.send);
      load.pps += one.pps;
      load.l1_bps += one.l1_bps;
    }
    return check_load(load, policy);
  }
  Status operator()(const plan::TcpPlan& plan) const {
    if (auto ok = check_amount(plan, policy); !ok) return ok;
    const plan::RateLaw& law = plan.spec.rate;
    if (policy.max_rate.unit == Rate::Unit::Max) return {};
    if (law.rate.unit != policy.max_rate.unit)
      return refused(fmt::format("rate {}: expected one of the kind of this server's ceiling, {}",
                                 format_rate(law.rate), format_rate(policy.max_rate)));
    return law.rate.unit == Rate::Unit::Bps ? check_load({0, law.rate.value}, policy)
                                            : check_load({law.rate.value, 0}, policy);
  }
  // These send nothing of their own; a reflector's rate was settled.
  Status operator()(const plan::RxPlan&) const { return {}; }
  Status operator()(const plan::ReflectPlan&) const { return {}; }
  Status operator()(const plan::TcpSinkPlan&) const { return {}; }
};

} // namespace

Status settle(spec::Test& test, const Policy& policy, const std::string& own) {
  if (auto* udp = std::get_if<plan::TestSpec>(&test.of)) return settle_udp(*udp, policy, own);
  if (auto* tcp = std::get_if<plan::TcpSpec>(&test.of)) return settle_tcp(*tcp, policy, own);
  if (auto* rx = std::get_if<plan::RxSpec>(&test.of)) return settle_receiver(*rx, policy, own);
  if (auto* sink = std::get_if<plan::TcpSinkSpec>(&test.of))
    return settle_tcp_sink(*sink, policy, own);
  if (auto* reflect = std::get_if<plan::ReflectSpec>(&test.of))
    return settle_reflector(*reflect, policy, own);
  return not_served(spec::info_of(test).name);
}

Status check_ceilings(const AnyPlan& plan, const Policy& policy) {
  return std::visit(PlanCheck{policy}, plan);
}

} // namespace xtg::serve
