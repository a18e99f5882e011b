// SPDX-License-Identifier: BSD-2-Clause
#include "app/facts.h"

#include <cstdio>

#include <sched.h>
#include <sys/utsname.h>

#include "net/interface.h"
#include "net/route.h"
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

std::string host_name() {
  utsname name{};
  return uname(&name) == 0 ? name.nodename : "";
}

plan::HostFacts gather_facts(const plan::RunSpec& spec, bool resolve_neighbours) {
  plan::HostFacts facts;
  facts.kernel = kernel_release();
  std::sscanf(facts.kernel.c_str(), "%d.%d", &facts.kernel_major, &facts.kernel_minor);
  facts.cpus = allowed_cpus();

  std::string name = spec.interface;
  if (name.empty()) {
    auto by_route = net::interface_for(plan::destination_of(spec.streams.front()));
    if (by_route) {
      name = *by_route;
    } else {
      facts.iface_error = "no interface given, and " + by_route.error().message();
      return facts;
    }
  }
  auto iface = net::interface_facts(name);
  if (!iface) {
    facts.iface_error = iface.error().message();
    return facts;
  }
  facts.iface = std::move(*iface);
  for (const plan::StreamSpec& stream : spec.streams) {
    // With the next hop given only the source address is of interest: nobody need be asked.
    net::RouteOptions options;
    const packet::IpRange dst =
        stream.dst_addr.value_or(packet::IpRange{plan::destination_of(stream), 1});
    options.resolve = resolve_neighbours && !stream.dst_mac && facts.iface->up &&
                      plan::check_safety(spec, *facts.iface, dst).has_value();
    facts.routes.push_back(
        net::route_to(plan::destination_of(stream), facts.iface->ifindex, options));
  }
  return facts;
}

plan::HostFacts gather_facts(const std::string& interface) {
  plan::HostFacts facts;
  facts.kernel = kernel_release();
  facts.cpus = allowed_cpus();
  auto iface = net::interface_facts(interface);
  // A program that another run's --fix put there makes way for a receiver.
  if (iface && xdp::RingProgram::is_on(iface->ifindex)) iface->xdp_prog_ids.clear();
  if (iface)
    facts.iface = std::move(*iface);
  else
    facts.iface_error = iface.error().message();
  return facts;
}

} // namespace xtg::app
