// SPDX-License-Identifier: BSD-2-Clause
// Shared by the receiver benchmarks: a run of `rx` and its report.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench_options.h"
#include "child.h"
#include "net/veth_test_bed.h"

namespace xtg::bench {

inline constexpr double kAttach = 1.0; // until the receiver is attached
inline constexpr double kWarmUp = 0.4; // until the sender is at full speed
inline constexpr double kMargin = 0.3; // the sender runs this long after the measurement

/// The report of `rx`, at the far end, on what `meanwhile` sends to it.
Result<nlohmann::json> received(const net::VethTestBed& bed, const Options& options,
                                const std::vector<std::string>& arguments,
                                const std::function<Status()>& meanwhile);

/// Sends with `udp` from CPU 0, for the warm-up, the measurement and the margin.
Result<Child> start_udp(const net::VethTestBed& bed, const Options& options,
                        const std::vector<std::string>& arguments);
Status ended(Child& sender);

/// Frames per microsecond that arrive at the far end in a window after the warm-up.
Result<double> arrival_rate(const net::VethTestBed& bed, const Options& options);

/// Tables of the `rx` benchmark.
Status streams_table(const Options& options);
Status latency_table(const Options& options);
Status bias_table(const Options& options);

} // namespace xtg::bench
