// SPDX-License-Identifier: BSD-2-Clause
#include "plan/tcp_sink_plan.h"

#include <fmt/format.h>

namespace xtg::plan {

Result<TcpSinkPlan> resolve_tcp_sink(const TcpSinkSpec& spec, const HostFacts& facts) {
  if (!facts.iface)
    return fail(Errc::NotFound, facts.iface_error.empty()
                                    ? fmt::format("there is no interface {}", spec.interface)
                                    : facts.iface_error);
  if (!facts.iface->up)
    return fail(Errc::InvalidArgument,
                fmt::format("interface {0} is down: ip link set {0} up", facts.iface->name));
  TcpSinkPlan plan;
  plan.spec = spec;
  plan.iface = *facts.iface;
  if (plan.iface.addresses.empty())
    plan.notes.push_back(plan.iface.name + " has no address that a sender could connect to");
  return plan;
}

} // namespace xtg::plan
