// SPDX-License-Identifier: BSD-2-Clause
#include "app/serve_machine.h"

#include <random>
#include <system_error>
#include <type_traits>
#include <utility>

#include <sys/random.h>

#include "app/facts.h"
#include "app/front_end.h"
#include "app/measure.h"
#include "core/clock.h"
#include "net/datagram.h"
#include "net/interface.h"

namespace xtg::app {

namespace {

template <class Plan>
Result<serve::AnyPlan> any(Result<Plan> plan) {
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  return serve::AnyPlan(std::move(*plan));
}

} // namespace

std::uint64_t ServeMachine::now_ns() {
  return monotonic_ns();
}

std::array<std::uint8_t, 16> ServeMachine::random() {
  std::array<std::uint8_t, 16> bytes{};
  // Up to 256 bytes come whole once the kernel has its first ones.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::system_error(errno, std::generic_category(), "getrandom");
  return bytes;
}

std::string ServeMachine::hostname() {
  return host_name();
}

void ServeMachine::hold(const std::string& interface, Nanoseconds time) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(interface);
  if (time.count() == 0) {
    if (found != held_.end() && found->second.users == 0) held_.erase(found);
    return;
  }
  Held& held = found != held_.end() ? found->second : held_[interface];
  held.time = time;
  held.until_ns = monotonic_ns() + static_cast<std::uint64_t>(time.count());
}

void ServeMachine::tick() {
  const std::lock_guard lock(mutex_);
  std::erase_if(held_, [now = monotonic_ns()](const auto& each) {
    return each.second.users == 0 && each.second.until_ns <= now;
  });
}

std::shared_ptr<KeptPort> ServeMachine::held(const std::string& interface) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(interface);
  return found != held_.end() ? found->second.port : nullptr;
}

Result<serve::AnyPlan> ServeMachine::plan_udp(plan::TestSpec test, bool ask) {
  const std::uint32_t run_id = test.run_id.value_or(std::random_device{}());
  if (!plan::sees_both_ends(test)) {
    const auto kept = held(test.ports.front().interface);
    const auto facts = gather_facts(test, test.ports.front(), ask);
    return any(plan::resolve(test, without_kept(facts, kept.get()), run_id));
  }
  const auto facts = gather_facts_of_ports(
      test, [ask](const auto& spec, const auto& port) { return gather_facts(spec, port, ask); });
  return any(plan::resolve_port_test(test, facts, run_id));
}

HostClock ServeMachine::clock() {
  return this_host_clock();
}

std::uint64_t ServeMachine::tai_ns() {
  return xtg::tai_ns();
}

Result<serve::AnyPlan> ServeMachine::plan(const spec::Test& test, bool ask) {
  if (const auto* udp = std::get_if<plan::TestSpec>(&test.of)) return plan_udp(*udp, ask);
  if (const auto* tcp = std::get_if<plan::TcpSpec>(&test.of))
    return any(plan::resolve_tcp(*tcp, gather_facts(*tcp)));
  if (const auto* rx = std::get_if<plan::RxSpec>(&test.of)) {
    const auto kept = held(rx->interface);
    return any(plan::resolve_rx(*rx, without_kept(gather_facts(rx->interface), kept.get())));
  }
  if (const auto* sink = std::get_if<plan::TcpSinkSpec>(&test.of))
    return any(plan::resolve_tcp_sink(*sink, gather_facts(sink->interface)));
  if (const auto* reflect = std::get_if<plan::ReflectSpec>(&test.of))
    return any(plan::resolve_reflect(*reflect, gather_facts(reflect->interface)));
  return fail(Errc::Internal, "a command that is not served");
}

template <class Plan>
Result<run::Outcome> ServeMachine::measure_held(const Plan& plan, report::Sink& sink,
                                                const StopToken& stop, report::RunInfo asker,
                                                const AwaitStart& await_start) {
  std::shared_ptr<KeptPort> port;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = held_.find(plan.iface.name); found != held_.end()) {
      port = found->second.port;
      found->second.users++;
    }
  }
  auto measured = measure(plan, sink, stop, std::move(asker), port.get(), await_start);
  if (!port) return measured;
  const std::lock_guard lock(mutex_);
  Held& held = held_.at(plan.iface.name); // stays while it has a user
  held.users--;
  held.until_ns = monotonic_ns() + static_cast<std::uint64_t>(held.time.count());
  return measured;
}

void ServeMachine::run(const serve::AnyPlan& plan, report::Sink& sink, const StopToken& stop,
                       report::RunInfo asker, const std::function<std::uint64_t()>& ready) {
  const auto measured = [&](const auto& one) {
    using One = std::remove_cvref_t<decltype(one)>;
    if constexpr (std::is_same_v<One, plan::Plan> || std::is_same_v<One, plan::RxPlan>)
      return measure_held(one, sink, stop, std::move(asker), ready);
    else if constexpr (std::is_same_v<One, plan::PortTestPlan>)
      return measure(one, sink, stop, std::move(asker), nullptr, ready);
    else
      return measure(one, sink, stop, std::move(asker), ready);
  };
  std::visit([&](const auto& one) { finish(measured(one), sink); }, plan);
}

std::vector<plan::InterfaceFacts> ServeMachine::interfaces(const std::vector<std::string>& names) {
  std::vector<plan::InterfaceFacts> out;
  for (const std::string& name : names)
    if (auto facts = net::interface_facts(name)) out.push_back(std::move(*facts));
  return out;
}

Status ServeMachine::send_datagram(const packet::Ip& from, const packet::Ip& to, std::uint16_t port,
                                   const std::string& text) {
  return net::send_datagram(from, to, port, text);
}

} // namespace xtg::app
