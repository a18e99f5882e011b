// SPDX-License-Identifier: BSD-2-Clause
#include "plan/port_test_plan.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "core/text.h"
#include "plan/checks.h"
#include "plan/diagnose.h"
#include "plan/tx_path.h"

namespace xtg::plan {

namespace {

constexpr std::uint32_t kReceivedStreams = 1024; // streams times queues, more than ever occur

std::size_t senders_of(const TestSpec& spec) {
  return static_cast<std::size_t>(
      std::ranges::count_if(spec.ports, [](const PortSpec& p) { return p.sends(); }));
}

Status check_ports(const TestSpec& spec) {
  if (spec.ports.size() > kMaxPorts)
    return invalid(fmt::format("{} ports: at most {} take part", spec.ports.size(), kMaxPorts));
  if (senders_of(spec) == 0) return invalid("no port sends");
  if (!sees_both_ends(spec)) return invalid("no port receives");
  for (auto port = spec.ports.begin(); port != spec.ports.end(); ++port)
    if (std::any_of(spec.ports.begin(), port,
                    [&](const PortSpec& p) { return p.interface == port->interface; }))
      return invalid(fmt::format("port {} is named twice", port->interface));
  return {};
}

/// A condition about one port needs a quantity that is counted there.
Status check_expected(const TestSpec& spec) {
  for (const Condition& condition : spec.expect) {
    if (condition.port.empty()) continue;
    const auto reject = [&](std::string_view why) {
      return invalid(fmt::format("--expect {}: {}", quoted(condition.text), why));
    };
    if (std::ranges::none_of(spec.ports, [&](const PortSpec& port) {
          return port.receive && port.interface == condition.port;
        }))
      return reject(fmt::format("{} does not receive in this run{}", condition.port,
                                shown_name_text(condition.port)));
    if (!counted_by_receiver(condition.what))
      return reject(fmt::format("{} is counted at the sender, not at a receiving interface",
                                to_string(condition.what)));
  }
  return {};
}

/// A receiver recognises frames by their signatures.
Status check_signatures(const Plan& plan) {
  for (const StreamPlan& stream : plan.streams)
    if (stream.frame.signature == packet::SignatureForm::None)
      return invalid(fmt::format("frames of {} bytes from {} carry no signature, by which a "
                                 "receiver recognises them: --pkt-size {} has room for one",
                                 stream.frame.mix.smallest(), plan.iface.name,
                                 stream.frame.header_len + 16 + packet::kFcsBytes));
  return {};
}

/// Each sender gets CPUs of its own, after those of the previous ones; wraps around if there are
/// too few.
TestSpec with_cpus(TestSpec test, const std::vector<HostFacts>& facts) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < test.ports.size(); i++) {
    PortSpec& port = test.ports[i];
    if (!port.sends()) continue;
    const std::vector<int>& all = facts[i].cpus;
    if (port.cpus.empty() && port.threads <= all.size()) // otherwise resolve() reports it
      for (std::size_t thread = 0; thread < port.threads; thread++)
        port.cpus.push_back(all[(taken + thread) % all.size()]);
    taken += port.threads;
  }
  return test;
}

RxSpec receiver_of(const PortSpec& port, const TestSpec& spec, std::uint32_t run_id,
                   std::uint32_t mask) {
  RxSpec rx;
  rx.interface = port.interface;
  rx.run_id = run_id & mask;
  rx.run_id_mask = mask;
  rx.streams = kReceivedStreams;
  rx.window = spec.window;
  rx.interval = spec.interval;
  return rx;
}

Result<std::optional<Plan>> resolve_sender(const TestSpec& test, std::size_t port,
                                           const HostFacts& facts, std::uint32_t run_id) {
  if (!test.ports[port].sends()) return std::nullopt;
  auto plan = resolve(test, facts, run_id, port);
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  if (auto ok = check_signatures(*plan); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  if (test.ports[port].receive) plan->attach_pass = false; // the receiver's program serves instead
  return std::move(*plan);
}

Result<std::optional<RxPlan>> resolve_receiver(const TestSpec& test, std::size_t port,
                                               const HostFacts& facts, std::uint32_t run_id,
                                               std::uint32_t mask) {
  if (!test.ports[port].receive) return std::nullopt;
  if (test.dry_run) {
    if (auto ok = check_interface(facts, true); !ok)
      return tl::unexpected<Error>(std::move(ok.error()));
    return std::nullopt;
  }
  auto plan = resolve_rx(receiver_of(test.ports[port], test, run_id, mask), facts);
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  return std::move(*plan);
}

} // namespace

StreamSpec reversed(const StreamSpec& stream, const HostFacts& facts) {
  StreamSpec back = stream;
  back.dst_addr = stream.src_addr.value_or(packet::IpRange{source_of(stream, facts), 1});
  back.src_addr = stream.dst_addr.value_or(packet::IpRange{destination_of(stream), 1});
  back.zone.clear(); // the zone names the other port's interface
  back.src_port = stream.dst_port;
  if (stream.dyn_ports > 1)
    back.src_port = packet::PortRange{stream.dst_port.first, stream.dyn_ports};
  back.dyn_ports = 0;
  back.dst_port = stream.src_port;
  back.dst_mac = stream.src_mac;
  back.src_mac = stream.dst_mac;
  return back;
}

std::vector<InterfaceFacts> interfaces_of(const PortTestPlan& plan) {
  std::vector<InterfaceFacts> out;
  for (const PortPlan& port : plan.ports)
    out.push_back(port.iface);
  return out;
}

TestSpec with_own_names(TestSpec spec,
                        const std::function<std::string(const std::string&)>& name_of) {
  for (PortSpec& port : spec.ports)
    port.interface = name_of(port.interface);
  for (Condition& condition : spec.expect)
    if (!condition.port.empty()) condition.port = name_of(condition.port);
  return spec;
}

TestSpec with_return_paths(TestSpec spec, const HostFacts& facts) {
  const auto first = std::ranges::find_if(spec.ports, &PortSpec::sends);
  if (!spec.bidir || first == spec.ports.end()) return spec;
  PortSpec back = *first;
  for (StreamSpec& stream : back.streams)
    stream = reversed(stream, facts);
  for (PortSpec& port : spec.ports) {
    back.interface = port.interface;
    if (!port.sends()) port = back;
    port.receive = true;
  }
  return spec;
}

bool receives(const PortTestPlan& plan, std::size_t port) {
  return plan.ports[port].receive || (plan.spec.dry_run && plan.spec.ports[port].receive);
}

bool receives_at_its_peer(const PortTestPlan& plan, const PortPlan& port) {
  const auto& peer = port.iface.peer;
  if (!peer || !peer->same_netns) return false;
  for (std::size_t i = 0; i < plan.ports.size(); i++)
    if (plan.ports[i].iface.ifindex == peer->ifindex) return receives(plan, i);
  return false;
}

void settle_paths(PortTestPlan& plan) {
  for (PortPlan& port : plan.ports)
    if (port.send && port.send->asked().via == TxPath::Auto && receives_at_its_peer(plan, port))
      use_xdp(*port.send);
}

Status check_frames(const PortTestPlan& plan) {
  for (const PortPlan& port : plan.ports) {
    if (!port.send) continue;
    InterfaceFacts iface = port.iface;
    if (receives_at_its_peer(plan, port)) {
      iface.peer->xdp_native = true;
      iface.xdp_features.reset(); // as they are without that program
    }
    for (const StreamPlan& stream : port.send->streams) {
      const auto obstacle = preflight(iface, largest_frame(stream), port.send->via);
      if (!obstacle || (port.send->fix && obstacle->fix != Fix::None)) continue;
      if (plan.spec.dry_run && obstacle->id != "frame-above-mtu") continue; // may be mended by then
      return blocked(*obstacle);
    }
  }
  return {};
}

Result<PortTestPlan> resolve_port_test(const TestSpec& test, const std::vector<HostFacts>& facts,
                                       std::uint32_t run_id) {
  if (auto ok = check_ports(test); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  if (auto ok = check_expected(test); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  const auto senders = static_cast<std::uint32_t>(senders_of(test));
  const std::uint32_t mask = ~(std::bit_ceil(senders) - 1);
  PortTestPlan plan;
  plan.spec = test;
  const TestSpec placed = with_cpus(test, facts);
  std::uint32_t sender = 0;
  for (std::size_t i = 0; i < placed.ports.size(); i++) {
    PortPlan& port = plan.ports.emplace_back();
    if (facts[i].iface) port.iface = *facts[i].iface;
    auto send = resolve_sender(placed, i, facts[i], (run_id & mask) | sender);
    if (!send) return tl::unexpected<Error>(std::move(send.error()));
    port.send = std::move(*send);
    if (port.send) sender++;
    auto receive = resolve_receiver(placed, i, facts[i], run_id, mask);
    if (!receive) return tl::unexpected<Error>(std::move(receive.error()));
    port.receive = std::move(*receive);
  }
  return plan;
}

} // namespace xtg::plan
