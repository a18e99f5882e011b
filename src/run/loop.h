// SPDX-License-Identifier: BSD-2-Clause
// The one loop of all runs: waits, asks the course to look, reports lines, obeys the stop token,
// and makes of the final count an outcome.
#pragma once

#include <optional>

#include "core/result.h"
#include "core/stop_token.h"
#include "report/event.h"
#include "run/course.h"

namespace xtg::run {

struct Outcome {
  report::End end;            ///< the summary, by kind of run
  std::optional<Error> error; ///< why the run failed, missed a condition or was left
  int exit_status = 0;
};

/// From begin to end; the finish is the caller's.
Outcome carry_out(Course& course, const report::RunInfo& info, report::Sink& sink, StopToken stop,
                  Host& host);

/// "2 of 3 conditions missed"
std::string missed_words(std::size_t missed, std::size_t conditions);

} // namespace xtg::run
