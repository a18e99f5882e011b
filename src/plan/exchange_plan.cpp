// SPDX-License-Identifier: BSD-2-Clause
#include "plan/exchange_plan.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "core/text.h"
#include "plan/checks.h"
#include "plan/diagnose.h"

namespace xtg::plan {

namespace {

constexpr std::uint32_t kReceivedStreams = 1024; // streams times queues, far more than there are

std::size_t senders_of(const ExchangeSpec& spec) {
  return static_cast<std::size_t>(
      std::ranges::count_if(spec.ports, [](const PortSpec& p) { return p.send.has_value(); }));
}

Status check_ports(const ExchangeSpec& spec) {
  if (spec.ports.size() > kMaxPorts)
    return invalid(fmt::format("{} ports: at most {} take part", spec.ports.size(), kMaxPorts));
  if (senders_of(spec) == 0) return invalid("no port sends");
  if (std::ranges::none_of(spec.ports, &PortSpec::receive)) return invalid("no port receives");
  for (auto port = spec.ports.begin(); port != spec.ports.end(); ++port)
    if (std::any_of(spec.ports.begin(), port,
                    [&](const PortSpec& p) { return p.interface == port->interface; }))
      return invalid(fmt::format("port {} is named twice", port->interface));
  return {};
}

/// What a condition is about at one port has to be counted there.
Status check_expected(const ExchangeSpec& spec) {
  for (const Condition& condition : spec.expect) {
    if (condition.port.empty()) continue;
    const auto refuse = [&](std::string_view why) {
      return invalid(fmt::format("--expect {}: {}", quoted(condition.text), why));
    };
    if (std::ranges::none_of(spec.ports, [&](const PortSpec& port) {
          return port.receive && port.interface == condition.port;
        }))
      return refuse(fmt::format("{} does not receive in this run{}", condition.port,
                                shown_name_words(condition.port)));
    if (!counted_by_receiver(condition.what))
      return refuse(fmt::format("{} is of the senders, not of a receiving interface",
                                to_string(condition.what)));
  }
  return {};
}

/// A receiver knows frames by their signatures.
Status check_signatures(const Plan& plan) {
  for (const StreamPlan& stream : plan.streams)
    if (stream.frame.signature == packet::SignatureForm::None)
      return invalid(fmt::format("frames of {} bytes from {} carry no signature, by which they "
                                 "would be known where they arrive: --pkt-size {} has room for one",
                                 stream.frame.mix.smallest(), plan.iface.name,
                                 stream.frame.header_len + 16 + packet::kFcsBytes));
  return {};
}

/// CPUs for the next sender, after those that the ones before it took; round again when there are
/// not enough.
std::vector<int> deal_cpus(std::uint32_t threads, const HostFacts& facts, std::size_t taken) {
  std::vector<int> cpus;
  if (threads > facts.cpus.size()) return cpus; // resolve() says so
  for (std::size_t i = 0; i < threads; i++)
    cpus.push_back(facts.cpus[(taken + i) % facts.cpus.size()]);
  return cpus;
}

RxSpec receiver_of(const PortSpec& port, const ExchangeSpec& spec, std::uint32_t session,
                   std::uint32_t mask) {
  RxSpec rx;
  rx.interface = port.interface;
  rx.session = session & mask;
  rx.session_mask = mask;
  rx.streams = kReceivedStreams;
  rx.window = spec.window;
  rx.interval = spec.interval;
  return rx;
}

Result<PortPlan> resolve_port(const PortSpec& port, const HostFacts& facts, std::uint32_t session) {
  PortPlan out;
  if (facts.iface) out.iface = *facts.iface;
  if (!port.send) return out;
  auto plan = resolve(*port.send, facts, session);
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  if (auto ok = check_signatures(*plan); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  if (port.receive) plan->attach_pass = false; // the receiver's program does for it
  out.send = std::move(*plan);
  return out;
}

} // namespace

StreamSpec turned_round(const StreamSpec& stream, const HostFacts& facts) {
  StreamSpec back = stream;
  back.dst_addr = stream.src_addr.value_or(packet::IpRange{source_of(stream, facts), 1});
  back.src_addr = stream.dst_addr.value_or(packet::IpRange{destination_of(stream), 1});
  back.zone.clear(); // the other port's interface
  back.src_port = stream.dst_port;
  if (stream.dyn_ports > 1)
    back.src_port = packet::PortRange{stream.dst_port.first, stream.dyn_ports};
  back.dyn_ports = 0;
  back.dst_port = stream.src_port;
  back.dst_mac = stream.src_mac;
  back.src_mac = stream.dst_mac;
  return back;
}

ExchangeSpec with_own_names(ExchangeSpec spec,
                            const std::function<std::string(const std::string&)>& name_of) {
  const auto rename = [&](std::string& name) {
    if (!name.empty()) name = name_of(name);
  };
  for (PortSpec& port : spec.ports) {
    rename(port.interface);
    if (port.send) rename(port.send->interface);
  }
  for (Condition& condition : spec.expect)
    rename(condition.port);
  return spec;
}

ExchangeSpec with_ways_back(ExchangeSpec spec, const HostFacts& facts) {
  if (!spec.bidir) return spec;
  const auto first =
      std::ranges::find_if(spec.ports, [](const auto& p) { return p.send.has_value(); });
  if (first == spec.ports.end()) return spec;
  const RunSpec there = *first->send;
  for (PortSpec& port : spec.ports) {
    if (port.send) continue;
    RunSpec back = there;
    back.interface = port.interface;
    for (StreamSpec& stream : back.streams)
      stream = turned_round(stream, facts);
    port.send = std::move(back);
  }
  for (PortSpec& port : spec.ports)
    port.receive = true;
  return spec;
}

Result<ExchangePlan> resolve_exchange(const ExchangeSpec& spec, const std::vector<HostFacts>& facts,
                                      std::uint32_t session) {
  if (auto ok = check_ports(spec); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  if (auto ok = check_expected(spec); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  const auto senders = static_cast<std::uint32_t>(senders_of(spec));
  const std::uint32_t mask = ~(std::bit_ceil(senders) - 1);
  ExchangePlan plan;
  plan.spec = spec;
  std::size_t taken = 0;
  std::uint32_t sender = 0;
  for (std::size_t i = 0; i < spec.ports.size(); i++) {
    PortSpec port = spec.ports[i];
    if (port.send && port.send->cpus.empty())
      port.send->cpus = deal_cpus(port.send->threads, facts[i], taken);
    auto resolved = resolve_port(port, facts[i], (session & mask) | sender);
    if (!resolved) return tl::unexpected<Error>(std::move(resolved.error()));
    if (port.send) {
      taken += port.send->threads;
      sender++;
    }
    if (port.receive && spec.dry_run) {
      if (auto ok = check_interface(facts[i], true); !ok)
        return tl::unexpected<Error>(std::move(ok.error()));
    } else if (port.receive) {
      auto receive = resolve_rx(receiver_of(port, spec, session, mask), facts[i]);
      if (!receive) return tl::unexpected<Error>(std::move(receive.error()));
      resolved->receive = std::move(*receive);
    }
    plan.ports.push_back(std::move(*resolved));
  }
  return plan;
}

} // namespace xtg::plan
