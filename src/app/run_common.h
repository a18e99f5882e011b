// SPDX-License-Identifier: BSD-2-Clause
// What several commands do alike. Internal to app.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/app.h"
#include "app/repair.h"
#include "core/exit_status.h"
#include "core/result.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "plan/rx_spec.h"
#include "report/notes.h"
#include "report/reporter.h"
#include "report/rx_report.h"
#include "stats/snapshot.h"
#include "xdp/place.h"

namespace xtg::app {

/// One line when a capability that sending needs is missing. `tracing`: CAP_PERFMON is one.
Status check_caps(bool tracing);

/// What is known to keep frames of these sizes from leaving is repaired, if `fix` says so, or is
/// the error.
Status remove_obstacle(const plan::InterfaceFacts& iface,
                       const std::vector<plan::FrameSize>& frame_sizes, bool fix,
                       std::unique_ptr<Repair>& repair, std::vector<std::string>& notes);

report::RunInfo run_info(const Context& context, const plan::HostFacts& host,
                         const std::string& source_note);

struct Attached {
  xdp::RxPlace place = xdp::RxPlace::Native;
  std::string note = {};             ///< where it is not the place that was wished for
  std::optional<Error> refusal = {}; ///< and why the driver did not take it
};
/// Attaches a program that receives: in the driver, or where the mode leaves the choice and the
/// driver cannot, behind it. `done`: what happens to frames there, "received".
Result<Attached> attach_by_mode(plan::RxMode mode, const plan::InterfaceFacts& iface,
                                std::string_view done,
                                const std::function<Status(xdp::RxPlace)>& attach);

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

/// Processor time of the process so far, user and system, in seconds.
double process_cpu_s();

/// The context of a command that writes a capture to `pcap_path`: where that is the standard
/// output ("-"), all text goes to the standard error.
Context beside_capture(Context& context, const std::string& pcap_path);

/// A refusal comes with the capability that is missing or, where none is, with what else may have
/// refused.
Error explained(Error error);

/// Tells of a request that came to no run; its exit status.
template <class Reporter>
int fail_before(Error error, Reporter& reporter, Context& context) {
  error = explained(std::move(error));
  const int status = complain(error, context);
  reporter.error(error, status);
  reporter.finish();
  return status;
}

/// Tells what went wrong with a run, if anything; its exit status. The reporter's end comes next.
template <class Result, class Reporter>
int tell_errors(const Result& result, Reporter& reporter, Context& context) {
  if (context.signals.asked() == Asked::Leave) {
    const int status = static_cast<int>(ExitStatus::Interrupted);
    reporter.error(Error{Errc::System, 0, "left at the second interrupt"}, status);
    return status;
  }
  if (!result.error) return static_cast<int>(ExitStatus::Done);
  const Error error = explained(*result.error);
  const int status = complain(error, context);
  reporter.error(error, status);
  return status;
}

/// "2 of 3 conditions missed"
std::string missed_words(std::size_t missed, std::size_t conditions);
/// Tells that conditions of --expect were missed; its exit status. The reporter's end comes next.
template <class Reporter>
int tell_missed(std::size_t missed, std::size_t conditions, Reporter& reporter, Context& context) {
  const int status = static_cast<int>(ExitStatus::Threshold);
  const Error error{Errc::System, 0, missed_words(missed, conditions)};
  (void)complain(error, context);
  reporter.error(error, status);
  return status;
}

/// Ends a run by what --expect made of it; its exit status. `spoken_of`: the conditions are about
/// that nothing came, too, which is then no error.
template <class Result, class Reporter>
int end_judged(const Result& result, const std::vector<report::RxVerdict>& verdicts, bool spoken_of,
               Reporter& reporter, Context& context) {
  const auto missed = static_cast<std::size_t>(
      std::ranges::count_if(verdicts, [](const report::RxVerdict& v) { return !v.held; }));
  const bool asked_missed = std::ranges::any_of(
      verdicts, [](const report::RxVerdict& v) { return !v.held && !v.implied; });
  const bool judged =
      !result.error || (result.error->code == Errc::Peer && (asked_missed || spoken_of));
  int status = static_cast<int>(ExitStatus::Done);
  if (context.signals.asked() == Asked::Leave || !judged) {
    status = tell_errors(result, reporter, context);
  } else if (missed != 0) {
    status = tell_missed(missed, verdicts.size(), reporter, context);
  }
  reporter.end(result.summary, verdicts);
  reporter.finish();
  return status;
}

/// Neither a form for programs nor nothing at all.
bool for_people(const plan::OutputSpec& output);

/// What --dry-run prints of a plan.
void show_plan(const plan::Plan& plan, report::Notes& notes, Context& context);

/// What vanishes under a run's feet is no wrong input.
Error while_running(Error error);

} // namespace xtg::app
