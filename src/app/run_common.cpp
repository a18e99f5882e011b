// SPDX-License-Identifier: BSD-2-Clause
#include "app/run_common.h"

#include <cerrno>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/driver_refusal.h"
#include "net/caps.h"
#include "net/interface.h"
#include "plan/checks.h"
#include "plan/diagnose.h"

namespace xtg::app {

namespace {

std::vector<std::string_view> missing_caps(const net::Caps& caps, bool tracing) {
  std::vector<std::string_view> missing;
  if (!caps.can_load()) missing.emplace_back("CAP_BPF");
  if (!caps.net_admin) missing.emplace_back("CAP_NET_ADMIN");
  if (tracing && !caps.can_trace()) missing.emplace_back("CAP_PERFMON");
  return missing;
}

std::string missing_text(const std::vector<std::string_view>& missing) {
  return fmt::format("{} missing: run as root, or give the program its capabilities with "
                     "setcap cap_bpf,cap_net_admin,cap_perfmon+ep",
                     fmt::join(missing, " and "));
}

} // namespace

Status check_caps(bool tracing) {
  const auto caps = net::effective_caps();
  if (!caps) return {};
  if (!net::in_initial_user_namespace())
    return fail(Errc::NoPermission,
                "inside a user namespace (a rootless container): its capabilities "
                "do not reach BPF; run it in the host's user namespace");
  const auto missing = missing_caps(*caps, tracing);
  if (missing.empty()) return {};
  return fail(Errc::NoPermission, missing_text(missing));
}

Status remove_obstacle(const plan::InterfaceFacts& iface,
                       const std::vector<plan::FrameSize>& frame_sizes, bool fix,
                       std::unique_ptr<Repair>& repair, std::vector<std::string>& notes,
                       plan::TxPath via) {
  for (const plan::FrameSize size : frame_sizes) {
    const auto obstacle = plan::preflight(iface, size, via);
    if (!obstacle) continue;
    if (repair || !fix || obstacle->fix == plan::Fix::None) return plan::blocked(*obstacle);
    auto applied = Repair::apply(*obstacle, iface);
    if (!applied) return tl::unexpected<Error>(std::move(applied.error()));
    repair = std::move(*applied);
    notes.push_back(repair->what());
    return {};
  }
  if (fix && via == plan::TxPath::Xdp) repair = Repair::share(iface);
  if (repair) notes.push_back(repair->what());
  return {};
}

report::RunInfo with_source(report::RunInfo info, const std::string& note) {
  info.source_note = note;
  info.source = note.empty() ? stats::CountSource::Tracepoint : stats::CountSource::Link;
  return info;
}

Error explained(Error error) {
  if (error.sys != EPERM) return error;
  const auto caps = net::effective_caps();
  if (!caps) return error;
  const auto missing = missing_caps(*caps, true);
  error.what =
      fmt::format("{}; {}", error.message(),
                  missing.empty() ? plan::explain_denial(net::guards()) : missing_text(missing));
  error.sys = 0;
  return error;
}

Result<Attached> attach_by_mode(plan::RxMode mode, const std::string& tc_reason,
                                const plan::InterfaceFacts& iface, std::string_view done,
                                const std::function<Status(xdp::AttachMode)>& attach) {
  using xdp::AttachMode;
  const auto only = [&](AttachMode attach_mode, std::string note) -> Result<Attached> {
    if (auto attached = attach(attach_mode); !attached)
      return tl::unexpected<Error>(std::move(attached.error()));
    return Attached{attach_mode, std::move(note)};
  };
  if (mode == plan::RxMode::Generic) return only(AttachMode::Generic, {});
  if (mode == plan::RxMode::Tc) return only(AttachMode::Tc, {});
  if (mode == plan::RxMode::Auto && !tc_reason.empty())
    return only(AttachMode::Tc, plan::tc_note(done, tc_reason));
  auto native = attach(AttachMode::Native);
  if (native) return Attached{};
  const bool elsewhere = mode == plan::RxMode::Auto && native.error().code == Errc::NotSupported;
  // Another program occupies both attach modes of XDP.
  const bool busy = native.error().sys == EBUSY;
  Error why = explained(std::move(native.error()), iface, Program::Receiver);
  if (elsewhere && !busy && attach(AttachMode::Generic))
    return Attached{AttachMode::Generic,
                    fmt::format("{} in generic mode, after the driver, which is slower: {}", done,
                                why.message()),
                    why};
  if (elsewhere && attach(AttachMode::Tc))
    return Attached{AttachMode::Tc, plan::tc_note(done, why.message()), why};
  return tl::unexpected<Error>(std::move(why));
}

Result<std::optional<net::TcFilter>> or_by_filter(Status by_tcx, int program, int ifindex,
                                                  const char* name) {
  if (by_tcx) return std::nullopt;
  if (by_tcx.error().sys == EINVAL) return net::TcFilter::attach(program, ifindex, name);
  return tl::unexpected<Error>(std::move(by_tcx.error()));
}

std::optional<Error> link_fault(const plan::InterfaceFacts& iface) {
  const auto state = net::link_state(iface.ifindex);
  if (!state || (state->exists && state->up)) return std::nullopt;
  return Error{
      Errc::System, 0,
      fmt::format("{} {} during the run", iface.name, state->exists ? "went down" : "was removed")};
}

Error silence_error(const plan::InterfaceFacts& iface, plan::FrameSize frame_size,
                    const stats::Snapshot& now, plan::TxPath via) {
  const auto facts = net::interface_facts(iface.ifindex);
  auto errnos = now.errnos;
  if (!facts) errnos = {{ENODEV, ~0ULL}};
  const auto diagnosis = plan::diagnose_silence(facts ? *facts : iface, frame_size, errnos, via,
                                                {now.total.queue_drops, now.total.queued});
  const bool ever = now.total.accepted != 0;
  return Error{ever ? Errc::System : Errc::NotSupported, 0,
               fmt::format("{}: {}",
                           ever ? "frames are no longer accepted" : "no frame was accepted",
                           diagnosis.paragraph())};
}

Result<std::string> pass_note(const plan::InterfaceFacts& iface, Status attached) {
  if (attached)
    return fmt::format("a pass program is attached to {} for the run: its driver allocates XDP "
                       "transmit queues only with a program attached",
                       iface.name);
  // Another program, if one has been attached since the facts were gathered, serves as well.
  if (attached.error().sys == EBUSY || attached.error().sys == EEXIST)
    return attached.error().message();
  return tl::unexpected<Error>(explained(std::move(attached.error()), iface, Program::Pass));
}

} // namespace xtg::app
