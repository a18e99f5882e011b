// SPDX-License-Identifier: BSD-2-Clause
// Shared by several commands. Internal to app.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/repair.h"
#include "core/result.h"
#include "net/tc_filter.h"
#include "plan/facts.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"
#include "report/event.h"
#include "stats/snapshot.h"
#include "xdp/attach_mode.h"

namespace xtg::app {

/// A one-line error if a capability needed for sending is missing. `tracing`: CAP_PERFMON is
/// needed.
Status check_caps(bool tracing);

/// If a known obstacle keeps frames of these sizes from leaving, repairs it (if `fix` says so) or
/// returns it as the error.
Status remove_obstacle(const plan::InterfaceFacts& iface,
                       const std::vector<plan::FrameSize>& frame_sizes, bool fix,
                       std::unique_ptr<Repair>& repair, std::vector<std::string>& notes,
                       plan::TxPath via = plan::TxPath::Xdp);

/// Adds the source of the counts. `note`: why it is not the tracepoint; empty if it is.
report::RunInfo with_source(report::RunInfo info, const std::string& note);

struct Attached {
  xdp::AttachMode attach_mode = xdp::AttachMode::Native;
  std::string note = {};             ///< why this is not the preferred attach mode
  std::optional<Error> refusal = {}; ///< why the driver rejected the program
};
/// Attaches a receiving program in the driver or, if the mode leaves the choice and the driver
/// cannot, in generic mode, or where that is not possible either, at tc ingress. `done`: what the
/// program does with frames, "received".
/// `tc_reason`: why tc ingress is the first choice if the mode leaves it; empty: it is the last.
Result<Attached> attach_by_mode(plan::RxMode mode, const std::string& tc_reason,
                                const plan::InterfaceFacts& iface, std::string_view done,
                                const std::function<Status(xdp::AttachMode)>& attach);

/// After an attempt by tcx: before Linux 6.6, which does not know it (EINVAL), the program becomes
/// a filter, which is returned and must not outlive it. `name`: the filter's.
Result<std::optional<net::TcFilter>> or_by_filter(Status by_tcx, int program, int ifindex,
                                                  const char* name);

/// Attaches a loaded receiver or reflector; the result is or_by_filter()'s. `more`: further
/// arguments of its attach().
template <class Program, class... More>
Result<std::optional<net::TcFilter>> attach_program(Program& program, int ifindex,
                                                    xdp::AttachMode attach_mode, const char* name,
                                                    More... more) {
  auto attached = program.attach(ifindex, more...);
  if (attach_mode == xdp::AttachMode::Tc)
    return or_by_filter(std::move(attached), program.program(), ifindex, name);
  if (!attached) return tl::unexpected<Error>(std::move(attached.error()));
  return std::nullopt;
}

/// An error if the interface is gone or down.
std::optional<Error> link_fault(const plan::InterfaceFacts& iface);

/// How long attempts without an accepted frame are tolerated.
inline constexpr std::uint64_t kSilenceNs = 1'000'000'000;
/// Why frames of this size (with FCS) are tried and none is accepted.
Error silence_error(const plan::InterfaceFacts& iface, plan::FrameSize frame_size,
                    const stats::Snapshot& now, plan::TxPath via = plan::TxPath::Xdp);

/// The note on the result of a sender's attach_pass(); an error unless another program serves as
/// well.
Result<std::string> pass_note(const plan::InterfaceFacts& iface, Status attached);

/// Adds to a permission error the missing capability or, if none is missing, what else may have
/// denied the call.
Error explained(Error error);

} // namespace xtg::app
