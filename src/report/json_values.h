// SPDX-License-Identifier: BSD-2-Clause
// The objects that the JSON documents, the JSON streams and the dry runs share. Their shape is
// described in man/xdp-trafficgen.schema.json; a change of it there is a change of kSchemaVersion.
// Internal to this folder.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "plan/plan.h"
#include "report/event.h"
#include "stats/rate.h"

namespace xtg::report {

using Json = nlohmann::ordered_json;

inline constexpr int kSchemaVersion = 1;

// Pieces of them.
Json number(double value);             ///< null for what is not finite
Json or_null(const std::string& text); ///< null for an empty one
template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
double seconds(Nanoseconds value);
Json interface_value(const plan::InterfaceFacts& iface);
Json errors_value(const std::map<int, std::uint64_t>& errnos);

/// What the figures need to know of the run they belong to.
struct StreamFacts {
  std::string name; ///< empty: none was given
  std::optional<double> target_pps;
};
struct RunFacts {
  std::vector<int> cpus;
  stats::CountSource source = stats::CountSource::Tracepoint;
  std::vector<StreamFacts> streams{}; ///< by number
};
std::vector<StreamFacts> stream_facts(const plan::Plan& plan);
RunFacts run_facts(const plan::Plan& plan, const RunInfo& info);

Json plan_value(const plan::Plan& plan);
Json start_value(const plan::Plan& plan, const RunInfo& info);
Json start_value(const RunInfo& info, Json configuration);
/// A configuration or a plan with the profile that repeats it, if there is one.
Json with_test(Json configuration, const std::string& test);
/// `start` of a run that failed before there was a plan.
Json start_value();
Json interval_value(const stats::Sample& sample, const RunFacts& facts);
Json end_value(const stats::Summary& summary, const RunFacts& facts);

/// JSON text; bytes that are not UTF-8 (a file name on the command line) are replaced. indent -1:
/// one line.
std::string dump(const Json& value, int indent);

} // namespace xtg::report
