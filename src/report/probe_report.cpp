// SPDX-License-Identifier: BSD-2-Clause
#include "report/probe_report.h"

#include <algorithm>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "report/json_values.h"

namespace xtg::report {
namespace {

std::string_view name(Verdict verdict) {
  switch (verdict) {
  case Verdict::Passed:
    return "passed";
  case Verdict::Failed:
    return "failed";
  case Verdict::Fixable:
    return "fixable";
  case Verdict::Info:
    break;
  }
  return "info";
}

} // namespace

void print_checks(std::ostream& out, const std::vector<Check>& checks) {
  std::size_t width = 14;
  for (const Check& check : checks)
    width = std::max(width, check.id.size());
  for (const Check& check : checks) {
    fmt::print(out, "{:<8} {:<{}}  {}\n", name(check.verdict), check.id, width, check.value);
    std::istringstream repair(check.repair);
    for (std::string line; std::getline(repair, line);)
      fmt::print(out, "{:<{}}{}\n", "", width + 11, line);
  }
  out << std::flush;
}

std::string checks_json(const std::vector<Check>& checks, const std::string& version) {
  Json list = Json::array();
  for (const Check& check : checks)
    list.push_back({{"id", check.id},
                    {"verdict", name(check.verdict)},
                    {"value", check.value},
                    {"repair", check.repair.empty() ? Json(nullptr) : Json(check.repair)}});
  const Json document = {{"version", version},
                         {"schema", kSchemaVersion},
                         {"checks", std::move(list)},
                         {"usable", usable(checks)}};
  return dump(document, 2);
}

bool usable(const std::vector<Check>& checks) {
  return std::none_of(checks.begin(), checks.end(), [](const Check& check) {
    return !check.optional &&
           (check.verdict == Verdict::Failed || check.verdict == Verdict::Fixable);
  });
}

} // namespace xtg::report
