// SPDX-License-Identifier: BSD-2-Clause
// Figures of a run by stream: rows of the JSON forms, and text if there are several streams.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "report/json_values.h"
#include "stats/rate.h"
#include "stats/snapshot.h"

namespace xtg::report {

/// The array "streams" of an interval or of the end. Outcomes that the source does not know by
/// stream are null; "packets" then counts attempts.
Json streams_value(const stats::Sample& sample, const std::vector<StreamFacts>& facts,
                   stats::CountSource source);

/// The label of a stream in text: its name, or "stream 1".
std::string stream_label(const std::vector<StreamFacts>& facts, std::size_t number);

/// For an interval, in the columns of its line; none if there is only one stream.
std::vector<std::string> interval_lines(const stats::Sample& sample,
                                        const std::vector<StreamFacts>& facts);

/// For the summary, by number; none if there is only one stream.
std::vector<std::string> summary_texts(const stats::Sample& total,
                                       const std::vector<StreamFacts>& facts);

} // namespace xtg::report
