// SPDX-License-Identifier: BSD-2-Clause
#include "plan/reflect_plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "plan/checks.h"

namespace xtg::plan {

namespace {

// Burst allowance of a quiet source: frames arrive in bursts, as the kernel polls for them.
constexpr std::uint64_t kDepthNs = 20'000'000, kDepthFrames = 16;
constexpr std::uint64_t kPerNs = 256;

/// A veth's XDP_TX puts frames into the far end's ring, but wakes the far end only if it has an XDP
/// program of its own (drivers/net/veth.c, veth_xdp_flush()); otherwise they stay there. A redirect
/// also wakes a far end that only has GRO.
bool lie_in_the_ring(const InterfaceFacts& iface, RxMode mode) {
  if (iface.kind != "veth" || mode == RxMode::Generic) return false;
  return !iface.peer || !iface.peer->reachable || !iface.peer->xdp_native;
}

} // namespace

Result<ReflectPlan> resolve_reflect(const ReflectSpec& spec, const HostFacts& facts) {
  if (auto ok = check_ingress("reflect", spec.mode, facts); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  if (auto ok = check_ingress_zone(spec.zone, spec.interface, facts); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  ReflectPlan plan;
  plan.spec = spec;
  plan.iface = *facts.iface;
  const bool lie = lie_in_the_ring(plan.iface, spec.mode);
  plan.redirect = spec.via == Via::Redirect || (spec.via == Via::Auto && lie);
  // Frames left in the ring would reach the next program that receives there.
  if (lie && !plan.redirect && plan.iface.peer && plan.iface.peer->reachable)
    return fail(
        Errc::NotSupported,
        fmt::format("--via tx: frames would stay in the ring of {}, the far end of {}, which "
                    "has no XDP program; --via redirect needs none",
                    plan.iface.peer->name, plan.iface.name));
  if (lie && !plan.redirect)
    plan.notes.emplace_back("a veth's peer does not process frames sent back by XDP_TX unless it "
                            "has an XDP program: --via redirect needs none");
  if (!spec.allow_any) {
    plan.sources = spec.allow;
    if (spec.allow.empty())
      plan.sources.assign(packet::non_public_blocks().begin(), packet::non_public_blocks().end());
  }
  if (spec.max_rate.unit == Rate::Unit::Pps) {
    const double step = std::ceil(1e9 * kPerNs / spec.max_rate.value);
    plan.rate_step = std::max<std::uint64_t>(static_cast<std::uint64_t>(step), 1);
    plan.rate_depth = std::max(kDepthNs * kPerNs, kDepthFrames * plan.rate_step);
  }
  if (spec.mode == RxMode::Auto && lacks_xdp(plan.iface))
    plan.notes.emplace_back("its driver has no XDP: sent back in generic mode, slower");
  return plan;
}

bool leaves_by_xdp(const ReflectPlan& plan) {
  if (plan.spec.mode == RxMode::Generic || lacks_xdp(plan.iface)) return false;
  // XDP_TX needs nothing else of a driver; a veth's far end must accept the frames.
  return plan.redirect || plan.iface.kind == "veth";
}

} // namespace xtg::plan
