// SPDX-License-Identifier: BSD-2-Clause
// What the benchmarks of the receiver share: a run of `rx`, and what it says.
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

inline constexpr double kAttach = 1.0; // the receiver is in place
inline constexpr double kWarmUp = 0.4; // the sender is at speed
inline constexpr double kMargin = 0.3; // it still is when the measured time has passed

/// What `rx`, at the wire's far end, reports of what `meanwhile` sends to it.
Result<nlohmann::json> received(const net::VethTestBed& bed, const Options& options,
                                const std::vector<std::string>& arguments,
                                const std::function<Status()>& meanwhile);

/// Sends with `udp` from CPU 0, for the warm-up, the measured time and the margin.
Result<Child> start_udp(const net::VethTestBed& bed, const Options& options,
                        const std::vector<std::string>& arguments);
Status ended(Child& sender);

/// Frames per microsecond that arrive at the far end in a window after the warm-up.
Result<double> arrival_rate(const net::VethTestBed& bed, const Options& options);

/// Tables of the benchmark.
Status streams_table(const Options& options);
Status latency_table(const Options& options);
Status bias_table(const Options& options);

} // namespace xtg::bench
