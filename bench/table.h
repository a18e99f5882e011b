// SPDX-License-Identifier: BSD-2-Clause
// Medians and paired ratios of alternating runs.
#pragma once

#include <string>
#include <vector>

namespace xtg::bench {

double median(std::vector<double> values);
/// Median of a[i] / b[i]: rounds are paired, so that a machine whose speed drifts does not blur
/// them.
double median_ratio(const std::vector<double>& a, const std::vector<double>& b);
/// "kernel 6.18.44, AMD EPYC, 2 CPUs": where figures come from.
std::string machine();

} // namespace xtg::bench
