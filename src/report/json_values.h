// SPDX-License-Identifier: BSD-2-Clause
// Objects that the JSON documents, the JSON streams and the dry runs share. Their format is
// described in man/xdp-trafficgen.schema.json; changing it means changing kSchemaVersion. Internal
// to this folder.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "plan/plan.h"
#include "report/event.h"
#include "stats/rate.h"

namespace xtg::report {

using Json = nlohmann::ordered_json;

inline constexpr int kSchemaVersion = 1;

// Parts of them.
Json number(double value);             ///< null if not finite
Json or_null(const std::string& text); ///< null if empty
template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
double seconds(Nanoseconds value);
Json interface_value(const plan::InterfaceFacts& iface);
Json errors_value(const std::map<int, std::uint64_t>& errnos);

/// Facts about the run that its figures need.
struct StreamFacts {
  std::string name; ///< empty: none given
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
/// `interfaces`: those of the run.
Json start_value(const RunInfo& info, std::span<const plan::InterfaceFacts> interfaces,
                 Json configuration);
/// A configuration or a plan, with the profile that repeats it if there is one.
Json with_test(Json configuration, const std::string& test);
/// `start` of a run that failed before it had a plan.
Json start_value();
Json interval_value(const stats::Sample& sample, const RunFacts& facts);
Json end_value(const stats::Summary& summary, const RunFacts& facts);

/// JSON text; bytes that are not UTF-8 (a file name on the command line) are replaced. indent -1:
/// one line.
std::string dump(const Json& value, int indent);

} // namespace xtg::report
