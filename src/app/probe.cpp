// SPDX-License-Identifier: BSD-2-Clause
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/app.h"
#include "app/driver_refusal.h"
#include "app/facts.h"
#include "app/renewal.h"
#include "core/exit_status.h"
#include "core/units.h"
#include "core/version.h"
#include "net/ingress_devices.h"
#include "net/caps.h"
#include "net/interface.h"
#include "net/interrupts.h"
#include "packet/frame.h"
#include "plan/diagnose.h"
#include "plan/placement.h"
#include "report/probe_report.h"
#include "report/probe_transmit.h"
#include "xdp/probe.h"
#include "xdp/programs.h"
#include "xdp/sender.h"

namespace xtg::app {

namespace {

using report::Check;
using report::Verdict;

constexpr const char* kSetcap = "run as root, or: setcap cap_bpf,cap_net_admin,cap_perfmon+ep PATH";

Check check_kernel() {
  const std::string release = kernel_release();
  int major = 0, minor = 0;
  std::sscanf(release.c_str(), "%d.%d", &major, &minor);
  const bool enough = major > 5 || (major == 5 && minor >= 18);
  return {"kernel", enough ? Verdict::Passed : Verdict::Failed, release,
          enough ? "" : "Linux 5.18 or later: older kernels have no live frames"};
}

void check_capabilities(std::vector<Check>& checks) {
  const auto caps = net::effective_caps();
  if (!caps) {
    checks.push_back({"capabilities", Verdict::Info, caps.error().message(), ""});
    return;
  }
  const bool sends = caps->can_load() && caps->net_admin;
  const auto missing = caps->missing();
  checks.push_back({"capabilities", sends ? Verdict::Passed : Verdict::Failed,
                    missing.empty() ? "all" : fmt::format("without {}", fmt::join(missing, ", ")),
                    sends ? "" : kSetcap});
}

/// Advice on how to repair an error.
std::string repair_of(const Error& error) {
  const auto caps = net::effective_caps();
  return caps && caps->complete() && error.sys == EPERM ? plan::explain_denial(net::guards())
                                                        : kSetcap;
}

void check_live_frames(std::vector<Check>& checks) {
  if (auto live = xdp::probe_live_frames(); live) {
    checks.push_back(
        {"live-frames", Verdict::Passed, "a 64-byte frame went through BPF_PROG_RUN", ""});
  } else {
    const bool permission = live.error().code == Errc::NoPermission;
    checks.push_back({"live-frames", Verdict::Failed, live.error().message(),
                      permission
                          ? repair_of(live.error())
                          : "Linux 5.18 or later with CONFIG_BPF_SYSCALL and CONFIG_BPF_JIT"});
  }
}

void check_tracepoints(std::vector<Check>& checks) {
  if (auto traced = xdp::probe_tracepoint(); traced) {
    checks.push_back(
        {"tracepoints", Verdict::Passed, "xdp_devmap_xmit: frames are counted exactly", ""});
  } else {
    checks.push_back({"tracepoints", Verdict::Info,
                      traced.error().message() + "; the interface's own counters are used instead",
                      traced.error().code == Errc::NoPermission ? repair_of(traced.error()) : ""});
  }
}

void check_ingress_devices(std::vector<Check>& checks) {
  if (auto devices = net::IngressDevices::create(1); devices)
    checks.push_back(
        {"ingress-devices", Verdict::Passed,
         devices->is_private() ? "in a private network namespace" : "TAP devices beside the others",
         ""});
  else {
    const auto caps = net::effective_caps();
    const std::string repair = plan::ingress_repair(devices.error(), caps && caps->net_admin);
    checks.push_back({"ingress-devices", Verdict::Failed, devices.error().message(),
                      repair.empty() ? kSetcap : repair});
  }
}

std::string describe_programs(const plan::InterfaceFacts& iface) {
  if (iface.xdp_prog_ids.empty()) return "none";
  std::vector<std::string> names;
  if (const auto programs = xdp::attached_programs(iface.ifindex)) {
    for (const auto& program : *programs)
      names.push_back(fmt::format("{} (id {})", program.name, program.id));
  }
  if (names.empty()) names.push_back(fmt::format("id {}", fmt::join(iface.xdp_prog_ids, ", ")));
  return fmt::format("{}, {}: left as they are", fmt::join(names, ", "), iface.xdp_mode);
}

/// Asks the driver whether it accepts the program that a run attaches, unless attaching it could
/// disturb traffic.
report::PassProgram try_pass_program(const plan::InterfaceFacts& iface) {
  if (plan::preflight(iface, packet::min_frame_size(packet::Family::V4)) ||
      !plan::needs_pass_program(iface) || iface.has_default_route)
    return {};
  return {true, driver_refusal(iface, Program::Pass)};
}

/// For drivers that change frames: how this kernel handles the changed pages.
void check_page_reuse(const plan::InterfaceFacts& iface, std::vector<Check>& checks) {
  if (!plan::changes_frames(iface)) return;
  const auto renew = must_renew(iface);
  if (!renew)
    checks.push_back({"changed-frames", Verdict::Failed, renew.error().message(), ""});
  else if (*renew)
    checks.push_back({"changed-frames", Verdict::Info, plan::renewal_note(iface), ""});
  else
    checks.push_back({"changed-frames", Verdict::Passed,
                      "the driver changes frames that it transmits, and the kernel restores them",
                      ""});
}

/// One thread sends from the first allowed CPU.
Check check_interrupts(const plan::InterfaceFacts& iface) {
  const auto interrupts = net::interrupts(iface.name);
  return {"interrupts", Verdict::Info, plan::describe(interrupts),
          plan::shared_cpus_note(iface.name, interrupts, {allowed_cpus().front()})};
}

void check_interface(const Result<plan::InterfaceFacts>& iface, std::vector<Check>& checks) {
  if (!iface) {
    checks.push_back({"interface", Verdict::Failed, iface.error().message(),
                      "list the interfaces with: ip link"});
    return;
  }
  checks.push_back(
      {"interface", Verdict::Passed, fmt::format("{}, index {}", iface->name, iface->ifindex), ""});
  checks.push_back(
      {"driver", Verdict::Info, iface->driver.empty() ? "unknown" : iface->driver, ""});
  checks.push_back(
      {"state", Verdict::Info,
       fmt::format("{}, {}", iface->up ? "up" : "down", iface->carrier ? "carrier" : "no carrier"),
       ""});
  for (Check& check : report::transmit_checks(*iface, try_pass_program(*iface)))
    checks.push_back(std::move(check));
  check_page_reuse(*iface, checks);
  if (iface->peer) {
    const plan::VethPeer& peer = *iface->peer;
    checks.push_back(
        {"peer", Verdict::Info,
         !peer.reachable
             ? fmt::format("interface {} in a namespace that cannot be entered", peer.ifindex)
             : fmt::format("{}{}{}, {}, GRO {}, XDP program {}", peer.name,
                           peer.netns.empty() ? "" : " in namespace ", peer.netns,
                           peer.up ? "up" : "down", peer.gro ? "on" : "off",
                           peer.xdp_native    ? "attached"
                           : peer.xdp_generic ? "in generic mode, which takes no frames from XDP"
                                              : "none"),
         ""});
  }
  checks.push_back({"queues", Verdict::Info,
                    fmt::format("{} transmit, {} receive", iface->tx_queues, iface->rx_queues),
                    ""});
  checks.push_back({"queue-cpus", Verdict::Info,
                    "transmit queues: " + plan::describe(net::queue_cpus(iface->name)), ""});
  checks.push_back(check_interrupts(*iface));
  checks.push_back(report::mtu_check(*iface));
  checks.push_back({"programs", Verdict::Info, describe_programs(*iface), ""});
  checks.push_back({"speed", Verdict::Info,
                    iface->speed_bps == 0
                        ? "unknown"
                        : with_prefix(static_cast<double>(iface->speed_bps), "bit/s"),
                    ""});
  checks.push_back({"default-route", Verdict::Info,
                    iface->has_default_route ? "yes: sending needs --allow-default-route" : "no",
                    ""});
}

} // namespace

int probe(const plan::ProbeSpec& spec, Context& context) {
  xdp::init_logging(false);
  std::vector<Check> checks;
  checks.push_back(check_kernel());
  check_capabilities(checks);
  check_live_frames(checks);
  check_tracepoints(checks);
  check_ingress_devices(checks);
  std::optional<Result<plan::InterfaceFacts>> iface;
  if (!spec.interface.empty()) {
    iface = net::interface_facts(spec.interface);
    const auto held = context.stop.hold(); // a program attached for a check must not stay
    check_interface(*iface, checks);
  }

  if (spec.json)
    context.out << report::checks_json(checks, kVersion) << '\n';
  else
    report::print_checks(context.out, checks);
  context.out.flush();
  if (iface && !*iface) return report_error(iface->error(), context);
  return static_cast<int>(report::usable(checks) ? ExitStatus::Done : ExitStatus::Unsupported);
}

} // namespace xtg::app
