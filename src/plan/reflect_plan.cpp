// SPDX-License-Identifier: BSD-2-Clause
#include "plan/reflect_plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "plan/checks.h"
#include "plan/diagnose.h"
#include "plan/rx_plan.h"

namespace xtg::plan {

namespace {

// Burst allowance of a quiet source: frames arrive in bursts, as the kernel polls for them.
constexpr std::uint64_t kDepthNs = 20'000'000, kDepthFrames = 16;
constexpr std::uint64_t kPerNs = 256;

/// A veth's XDP_TX puts frames into the far end's ring, but wakes the far end only if it has an XDP
/// program of its own (drivers/net/veth.c, veth_xdp_flush()); otherwise they stay there. A redirect
/// also wakes a far end that only has GRO.
bool lie_in_the_ring(const InterfaceFacts& iface, RxMode mode) {
  if (iface.kind != "veth" || mode == RxMode::Generic || mode == RxMode::Tc) return false;
  return !iface.peer || !iface.peer->reachable || !iface.peer->xdp_native;
}

/// Tc is a mode and a way at once.
Status settle_tc(ReflectSpec& spec) {
  const bool mode = spec.mode == RxMode::Tc, via = spec.via == Via::Tc;
  if (via && spec.mode == RxMode::Auto) spec.mode = RxMode::Tc;
  if (mode && spec.via == Via::Auto) spec.via = Via::Tc;
  if ((spec.mode == RxMode::Tc) == (spec.via == Via::Tc)) return {};
  return invalid(mode ? "--mode tc: frames leave through tc as well, not by XDP"
                      : fmt::format("--via tc needs --mode tc, not {}", to_string(spec.mode)));
}

/// --via of the way that is not possible.
const char* word_of(const ReflectPlan& plan) {
  if (plan.spec.via == Via::Xdp) return "xdp";
  return plan.redirect ? "redirect" : "tx";
}

/// Why XDP is no way to receive on this interface, or to leave it.
std::string tc_reason_of(const ReflectPlan& plan) {
  if (plan.spec.mode != RxMode::Auto) return {};
  if (auto reason = why_tc(plan.iface); !reason.empty()) return reason;
  if (plan.spec.via != Via::Auto || plan.spec.fix || !leaves_by_xdp(plan)) return {};
  const FrameSize least = packet::min_frame_size(packet::Family::V4);
  const auto obstacle = preflight(plan.iface, least, TxPath::Xdp);
  return obstacle && !preflight(plan.iface, least, TxPath::Tc) ? obstacle->cause : std::string{};
}

} // namespace

Result<ReflectPlan> resolve_reflect(const ReflectSpec& asked, const HostFacts& facts) {
  ReflectSpec spec = asked;
  if (auto ok = settle_tc(spec); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  if (auto ok = check_ingress("reflect", spec.mode, facts); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  if (auto ok = check_ingress_zone(spec.zone, spec.interface, facts); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  ReflectPlan plan;
  plan.spec = spec;
  plan.iface = *facts.iface;
  const bool lie = lie_in_the_ring(plan.iface, spec.mode);
  const bool either = spec.via == Via::Auto || spec.via == Via::Xdp;
  plan.redirect = spec.via == Via::Redirect || (either && lie);
  plan.tc_reason = tc_reason_of(plan);
  if (!plan.tc_reason.empty() && spec.via != Via::Auto)
    return fail(Errc::NotSupported, fmt::format("--via {} is not possible: {}; --via tc is",
                                                word_of(plan), plan.tc_reason));
  if (by_tc(plan)) plan.redirect = false;
  // Frames left in the ring would reach the next program that receives there.
  if (lie && !plan.redirect && !by_tc(plan) && plan.iface.peer && plan.iface.peer->reachable)
    return fail(
        Errc::NotSupported,
        fmt::format("--via tx: frames would stay in the ring of {}, the far end of {}, which "
                    "has no XDP program; --via redirect needs none",
                    plan.iface.peer->name, plan.iface.name));
  if (lie && !plan.redirect && !by_tc(plan))
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
  if (spec.mode == RxMode::Auto && lacks_xdp(plan.iface) && !by_tc(plan))
    plan.notes.emplace_back("its driver has no XDP: sent back in generic mode, slower");
  return plan;
}

bool by_tc(const ReflectPlan& plan) {
  return plan.spec.mode == RxMode::Tc || !plan.tc_reason.empty();
}

bool leaves_by_xdp(const ReflectPlan& plan) {
  if (by_tc(plan) || plan.spec.mode == RxMode::Generic || lacks_xdp(plan.iface)) return false;
  // XDP_TX needs nothing else of a driver; a veth's far end must accept the frames.
  return plan.redirect || plan.iface.kind == "veth";
}

} // namespace xtg::plan
