// SPDX-License-Identifier: BSD-2-Clause
// What `rx` says of announced runs and of clocks. Internal to this folder.
#pragma once

#include <string>

#include "report/json_values.h"
#include "stats/rx.h"

namespace xtg::report {

/// "run 1a2b3c4d announced: 100,000 packets of 128 bytes at 20,000 pps, 1 stream"
std::string announced_text(const stats::RxSender& sender);
Json announced_value(const stats::RxSender& sender);

/// Why no delay is told, or how far a delay may be off; empty where there is nothing to say.
std::string clock_text(const stats::RxClockVerdict& clock);
std::string_view name(stats::RxClock clock);

} // namespace xtg::report
