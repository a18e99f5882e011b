// SPDX-License-Identifier: BSD-2-Clause
#include "app/facts.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "net/interface.h"
#include "net/route.h"
#include "net/tcp.h"
#include "plan/diagnose.h"
#include "plan/port_test_plan.h"
#include "plan/plan.h"
#include "xdp/ring_program.h"

namespace xtg::app {

std::vector<int> allowed_cpus() {
  std::vector<int> out;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) out.push_back(cpu);
  }
  return out;
}

std::string kernel_release() {
  utsname name{};
  return uname(&name) == 0 ? name.release : "";
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    // Of x86, MIPS, and Power.
    for (const std::string_view key : {"model name\t", "cpu model\t", "cpu\t"})
      if (colon != line.npos && line.starts_with(key)) return line.substr(colon + 2);
  }
  return {};
}

std::uint32_t online_cpus() {
  return static_cast<std::uint32_t>(std::max(0L, sysconf(_SC_NPROCESSORS_ONLN)));
}

std::string host_name() {
  utsname name{};
  return uname(&name) == 0 ? name.nodename : "";
}

namespace {

/// Finds an interface by name; a zone may also be a number (RFC 4007 11.2).
Result<plan::InterfaceFacts> interface_of_zone(const std::string& zone) {
  auto iface = net::interface_facts(zone);
  if (iface) return iface;
  const auto index = parse_unsigned<int>(zone);
  return index ? net::interface_facts(*index) : iface;
}

/// A link-local address without a zone may be on any link.
Status check_link(const plan::RouteQuestion& question) {
  if (!question.dst.needs_zone()) return {};
  const auto links = net::link_local_interfaces(question.vrf);
  if (!links || links->size() < 2) return {};
  const std::string dst = question.dst.to_string();
  return fail(
      Errc::NotFound,
      fmt::format("{} is a link-local address, and {} have one: name the interface to send on, "
                  "{}%{} or --interface {}",
                  dst, fmt::join(*links, ", "), dst, links->front(), links->front()));
}

/// The interface that --interface or a zone names; empty when neither does.
Result<std::optional<plan::InterfaceFacts>> named_interface(const plan::InterfaceChoice& choice) {
  std::optional<plan::InterfaceFacts> found;
  if (choice.interface.empty() && choice.zone.empty()) return found;
  auto iface = choice.interface.empty() ? interface_of_zone(choice.zone)
                                        : net::interface_facts(choice.interface);
  if (!iface) return tl::unexpected<Error>(std::move(iface.error()));
  if (!choice.interface.empty() && !choice.zone.empty()) {
    const auto zone = interface_of_zone(choice.zone);
    if (!zone) return tl::unexpected<Error>(zone.error());
    if (zone->ifindex != iface->ifindex)
      return fail(Errc::NotFound,
                  fmt::format("--interface {}: an address names another interface, %{}",
                              choice.interface, choice.zone));
  }
  found = std::move(*iface);
  return found;
}

/// A new IPv6 address is unusable for a second, during duplicate address detection (RFC 4862 5.4).
void wait_for_addresses(plan::InterfaceFacts& iface) {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 1s;
  const auto being_checked = [&] {
    return std::ranges::any_of(iface.unusable, [](const auto& a) { return !a.failed; });
  };
  while (iface.up && being_checked() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(20ms);
    if (!net::read_own_addresses(iface)) return;
  }
}

Result<plan::InterfaceFacts> choose_interface(const plan::InterfaceChoice& choice,
                                              plan::RouteQuestion& question) {
  auto named = named_interface(choice);
  if (!named) return tl::unexpected<Error>(std::move(named.error()));
  if (*named && (*named)->kind != "vrf") {
    question.interface = (*named)->ifindex;
    return std::move(**named);
  }
  if (*named) question.vrf = (*named)->ifindex; // frames leave through one of its ports
  if (auto one = check_link(question); !one) return tl::unexpected<Error>(std::move(one.error()));
  auto by_route = net::interface_for(question);
  if (!by_route)
    return forward(std::move(by_route), *named ? fmt::format("VRF {}", (*named)->name)
                                               : std::string("no interface given"));
  return net::interface_facts(*by_route);
}

} // namespace

Result<plan::InterfaceFacts> find_interface(const plan::InterfaceChoice& choice,
                                            plan::RouteQuestion& question) {
  const plan::SocketDefaults defaults = net::socket_defaults();
  question.mark = defaults.mark;
  question.vrf = defaults.vrf;
  auto iface = choose_interface(choice, question);
  if (iface && !question.dst.is_v4()) wait_for_addresses(*iface);
  return iface;
}

plan::HostFacts gather_facts(const plan::TestSpec& test, const plan::PortSpec& port,
                             bool resolve_neighbours) {
  plan::HostFacts facts;
  facts.kernel = kernel_release();
  std::sscanf(facts.kernel.c_str(), "%d.%d", &facts.kernel_major, &facts.kernel_minor);
  facts.cpus = allowed_cpus();

  plan::RouteQuestion first = plan::question_of(port.streams.front());
  auto iface = find_interface({port.interface, port.streams.front().zone}, first);
  if (!iface) {
    facts.iface_error = iface.error().message();
    return facts;
  }
  facts.iface = std::move(*iface);
  for (const plan::StreamSpec& stream : port.streams) {
    // With a given next hop only the source address is needed: no neighbour is asked.
    net::RouteOptions options;
    const packet::IpRange dst =
        stream.dst_addr.value_or(packet::IpRange{plan::destination_of(stream), 1});
    options.resolve = resolve_neighbours && !stream.dst_mac && facts.iface->up &&
                      plan::check_safety(test, *facts.iface, dst).has_value();
    plan::RouteQuestion question = plan::question_of(stream);
    question.mark = first.mark;
    question.vrf = first.vrf;
    question.interface = &stream == &port.streams.front() ? first.interface : facts.iface->ifindex;
    // With a given MAC address the range needs no look-ups.
    facts.routes.push_back(stream.dst_mac ? net::route_to(question, options)
                                          : net::route_to_range(question, dst, options));
  }
  return facts;
}

plan::HostFacts gather_facts(const std::string& interface) {
  plan::HostFacts facts;
  facts.kernel = kernel_release();
  facts.cpus = allowed_cpus();
  auto iface = net::interface_facts(interface);
  // A program that another run's --fix attached makes way for a receiver.
  if (iface && xdp::RingProgram::is_on(iface->ifindex)) iface->xdp_prog_ids.clear();
  if (iface)
    facts.iface = std::move(*iface);
  else
    facts.iface_error = iface.error().message();
  return facts;
}

std::vector<plan::HostFacts> gather_facts_of_ports(
    plan::TestSpec& test,
    const std::function<plan::HostFacts(const plan::TestSpec&, const plan::PortSpec&)>& of_sender) {
  test = plan::with_own_names(std::move(test), net::interface_name);
  const auto first = std::ranges::find_if(test.ports, &plan::PortSpec::sends);
  if (test.bidir && first != test.ports.end())
    test = plan::with_return_paths(test, of_sender(test, *first));
  std::vector<plan::HostFacts> facts;
  for (const plan::PortSpec& port : test.ports)
    facts.push_back(port.sends() ? of_sender(test, port) : gather_facts(port.interface));
  return facts;
}

plan::TcpFacts gather_facts(const plan::TcpSpec& spec) {
  plan::TcpFacts facts;
  facts.host.kernel = kernel_release();
  facts.host.cpus = allowed_cpus();
  if (spec.payload == plan::TcpPayload::File) {
    std::error_code error;
    const auto size = std::filesystem::file_size(spec.payload_file, error);
    if (error)
      facts.file_error = error.message();
    else
      facts.file_size = size;
  }
  auto addresses = net::resolve_host(spec.host);
  if (!addresses) {
    facts.address_error = addresses.error().message();
    return facts;
  }
  facts.addresses = std::move(*addresses);
  const auto dst = plan::choose_address(spec, facts.addresses, facts.address_error);
  if (!dst) return facts;
  plan::RouteQuestion question = plan::question_of(spec, *dst);
  auto iface = find_interface({spec.interface, spec.zone}, question);
  if (!iface) {
    facts.host.iface_error = iface.error().message();
    return facts;
  }
  facts.host.iface = std::move(*iface);
  net::RouteOptions options;
  options.resolve = !spec.dry_run && facts.host.iface->up &&
                    plan::check_safety(spec, *facts.host.iface, *dst).has_value();
  facts.host.routes.push_back(net::route_to(question, options));
  return facts;
}

} // namespace xtg::app
