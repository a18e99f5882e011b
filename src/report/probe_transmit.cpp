// SPDX-License-Identifier: BSD-2-Clause
#include "report/probe_transmit.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "packet/frame.h"
#include "plan/tx_path.h"

namespace xtg::report {
namespace {

using plan::TxPath;

constexpr std::uint32_t kEthernetAndFcs = 14 + packet::kFcsBytes;

plan::FrameSize smallest() {
  return packet::min_frame_size(packet::Family::V4);
}

/// Why XDP transmit does not work, as far as this is known before a run.
std::optional<plan::Diagnosis> obstacle_of(const plan::InterfaceFacts& iface,
                                           const PassProgram& pass) {
  if (auto known = plan::preflight(iface, smallest())) return known;
  return plan::needs_pass_program(iface) ? pass.refusal : std::nullopt;
}

/// By the path that `auto` takes.
plan::TxPathChoice choice_of(const plan::InterfaceFacts& iface, const PassProgram& pass) {
  auto choice = plan::choose_tx_path(iface, {smallest()}, false);
  if (choice.via == TxPath::Xdp && plan::needs_pass_program(iface) && pass.refusal)
    return {TxPath::Tc, pass.refusal->cause};
  return choice;
}

Check obstructed(plan::Diagnosis obstacle, bool sends) {
  Check check{"xdp-transmit", Verdict::Fixable, std::move(obstacle.cause),
              std::move(obstacle.repair)};
  check.optional = sends;
  // Another interface is no repair of this one.
  if (obstacle.id == "no-xdp-transmit" || check.repair.empty()) {
    check.verdict = sends ? Verdict::Info : Verdict::Failed;
    if (sends) check.repair.clear();
  }
  return check;
}

Check xdp_check(const plan::InterfaceFacts& iface, const PassProgram& pass, bool sends) {
  const auto info = [](std::string text) {
    return Check{"xdp-transmit", Verdict::Info, std::move(text), ""};
  };
  if (!iface.ethernet && sends)
    return info(fmt::format("not used: {} has no Ethernet framing", iface.name));
  if (auto obstacle = obstacle_of(iface, pass)) return obstructed(std::move(*obstacle), sends);
  if (plan::needs_pass_program(iface)) {
    if (!pass.tried)
      return info("once a program is attached, which a run does itself; the driver may reject it, "
                  "and is not tested on the interface with the default route");
    return {"xdp-transmit", Verdict::Passed, "once a program is attached, which a run does itself",
            ""};
  }
  if (!iface.xdp_features)
    return info("this kernel (before 6.3) does not report it; a run finds out");
  return {"xdp-transmit", Verdict::Passed, "the driver takes frames from XDP", ""};
}

/// The rates are those of bench/README.md, "bench/via".
std::string cost_of(const plan::InterfaceFacts& iface, TxPath via) {
  switch (via) {
  case TxPath::Xdp:
    return fmt::format(
        "fastest; bypasses qdisc, netfilter and tcpdump; {}",
        plan::needs_pass_program(iface)
            ? "takes the interface's XDP slot for the run, with a program that passes everything"
            : "attaches nothing to the interface");
  case TxPath::Tc:
    return "small frames at about a fifth of the rate of XDP transmit on the same CPU; passes the "
           "qdisc and is seen by tcpdump, bypasses netfilter's output hooks; adds ingress devices "
           "(xtg...) to the network namespace for the run";
  case TxPath::Receive:
    return "frames enter the interface instead of leaving it: as fast as the stack handles them; "
           "seen by tcpdump; adds ingress devices as tc does";
  case TxPath::Auto:
    break;
  }
  return {};
}

std::uint32_t largest(const plan::InterfaceFacts& iface, TxPath via) {
  std::uint32_t mtu = iface.mtu;
  if (via != TxPath::Receive && iface.peer && iface.peer->reachable)
    mtu = std::min(mtu, iface.peer->mtu);
  const std::uint32_t most =
      via == TxPath::Xdp ? packet::max_frame_size() : packet::longest_frame_size();
  return std::min(mtu, most - kEthernetAndFcs) + kEthernetAndFcs;
}

} // namespace

std::vector<Check> transmit_checks(const plan::InterfaceFacts& iface, const PassProgram& pass) {
  const auto by_tc = plan::preflight(iface, smallest(), TxPath::Tc);
  const auto choice = choice_of(iface, pass);
  std::vector<Check> out = {xdp_check(iface, pass, !by_tc)};
  std::string taken = fmt::format("{} is what auto takes", plan::tx_path_name(choice.via));
  if (!choice.reason.empty()) taken += ": " + choice.reason;
  if (by_tc) taken = "none works: " + by_tc->cause;
  out.push_back({"transmit-paths", Verdict::Info, std::move(taken), ""});
  const bool xdp = iface.ethernet && !obstacle_of(iface, pass);
  out.push_back(
      {"path-xdp", Verdict::Info, xdp ? cost_of(iface, TxPath::Xdp) : "not available", ""});
  out.push_back(
      {"path-tc", Verdict::Info, by_tc ? "not available" : cost_of(iface, TxPath::Tc), ""});
  out.push_back({"path-receive", Verdict::Info,
                 plan::preflight(iface, smallest(), TxPath::Receive)
                     ? "not available"
                     : cost_of(iface, TxPath::Receive),
                 ""});
  return out;
}

Check mtu_check(const plan::InterfaceFacts& iface) {
  const bool xdp = iface.ethernet && !plan::preflight(iface, smallest());
  return {"mtu", Verdict::Info,
          fmt::format("{}: frames up to {}{} bytes with FCS by tc, {} by receive", iface.mtu,
                      xdp ? fmt::format("{} by xdp, ", largest(iface, TxPath::Xdp)) : "",
                      largest(iface, TxPath::Tc), largest(iface, TxPath::Receive)),
          ""};
}

} // namespace xtg::report
