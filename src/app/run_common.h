// SPDX-License-Identifier: BSD-2-Clause
// What several commands do alike. Internal to app.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/repair.h"
#include "core/result.h"
#include "plan/facts.h"
#include "plan/rx_spec.h"
#include "report/event.h"
#include "stats/snapshot.h"
#include "xdp/attach_mode.h"

namespace xtg::app {

/// One line when a capability that sending needs is missing. `tracing`: CAP_PERFMON is one.
Status check_caps(bool tracing);

/// What is known to keep frames of these sizes from leaving is repaired, if `fix` says so, or is
/// the error.
Status remove_obstacle(const plan::InterfaceFacts& iface,
                       const std::vector<plan::FrameSize>& frame_sizes, bool fix,
                       std::unique_ptr<Repair>& repair, std::vector<std::string>& notes);

/// With where the counts come from. `note`: why it is not the tracepoint; else empty.
report::RunInfo with_source(report::RunInfo info, const std::string& note);

struct Attached {
  xdp::AttachMode attach_mode = xdp::AttachMode::Native;
  std::string note = {};             ///< where it is not the place that was wished for
  std::optional<Error> refusal = {}; ///< and why the driver did not take it
};
/// Attaches a program that receives: in the driver, or where the mode leaves the choice and the
/// driver cannot, behind it. `done`: what happens to frames there, "received".
Result<Attached> attach_by_mode(plan::RxMode mode, const plan::InterfaceFacts& iface,
                                std::string_view done,
                                const std::function<Status(xdp::AttachMode)>& attach);

/// What became of an interface under a run: it is gone, or down.
std::optional<Error> link_fault(const plan::InterfaceFacts& iface);

/// How long attempts without an accepted frame are put up with.
inline constexpr std::uint64_t kSilenceNs = 1'000'000'000;
/// Why frames of this size (with FCS) are tried and none is accepted.
Error silence_error(const plan::InterfaceFacts& iface, plan::FrameSize frame_size,
                    const stats::Snapshot& now);

/// The note on what attach_pass() of a sender returned; an error unless another program does as
/// well.
Result<std::string> pass_note(const plan::InterfaceFacts& iface, Status attached);

/// A refusal comes with the capability that is missing or, where none is, with what else may have
/// refused.
Error explained(Error error);

} // namespace xtg::app
