// SPDX-License-Identifier: BSD-2-Clause
// The one loop of all runs: waits, calls the course, reports lines, obeys the stop token, and turns
// the final count into an outcome.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/result.h"
#include "core/stop_token.h"
#include "report/event.h"
#include "run/course.h"

namespace xtg::run {

struct Outcome {
  report::End end;            ///< the summary of this kind of run
  std::optional<Error> error; ///< why the run failed, missed a condition or was aborted
  int exit_status = 0;
};

/// Called when everything is prepared and the begin reported: the run starts when it returns, not
/// before the CLOCK_MONOTONIC that it returns. Empty: as soon as possible.
using AwaitStart = std::function<std::uint64_t()>;

/// Runs the course from begin to end; the caller finishes the sink.
Outcome carry_out(Course& course, const report::RunInfo& info, report::Sink& sink, StopToken stop,
                  Host& host, const AwaitStart& await_start = {});

/// "2 of 3 conditions missed"
std::string missed_words(std::size_t missed, std::size_t conditions);

} // namespace xtg::run
