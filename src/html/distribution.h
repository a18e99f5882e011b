// SPDX-License-Identifier: BSD-2-Clause
// Charts and tables of distributions.
#pragma once

#include <string>
#include <vector>

#include "html/chart.h"
#include "html/figures.h"

namespace xtg::html {

/// By percentile, with HdrHistogram's scale; from the histogram, or from the percentiles of a
/// result without one.
Chart percentile_chart(const std::vector<Distribution>& distributions);
std::string percentile_table(const std::vector<Distribution>& distributions);

/// How often each time between packets was seen; no series without a histogram.
Chart histogram_chart(const Distribution& distribution);
std::string histogram_table(const Chart& chart);

} // namespace xtg::html
