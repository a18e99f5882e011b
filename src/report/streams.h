// SPDX-License-Identifier: BSD-2-Clause
// A run's figures by stream: rows of the JSON forms, and text lines where there are several
// streams.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "report/json_values.h"
#include "stats/rate.h"
#include "stats/snapshot.h"

namespace xtg::report {

/// What a stream's figures are worked out from.
struct StreamFacts {
  std::string name; ///< empty: none was given
  stats::FrameBits bits;
  std::optional<double> target_pps;
};
/// By number. Names are the caller's to fill in.
std::vector<StreamFacts> stream_facts(const plan::Plan& plan);

/// The array "streams" of an interval or of the end. Outcomes that the source does not know by
/// stream are null; "packets" then counts attempts.
Json streams_value(const stats::Sample& sample, std::span<const StreamFacts> facts,
                   stats::CountSource source);

/// A line for each stream, without indentation; none where there is only one.
std::vector<std::string> stream_lines(const stats::Sample& sample,
                                      std::span<const StreamFacts> facts,
                                      stats::CountSource source);

} // namespace xtg::report
