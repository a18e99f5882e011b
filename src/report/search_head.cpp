// SPDX-License-Identifier: BSD-2-Clause
// The head of a search's text: where frames go, and the goals.
#include <cmath>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "plan/tx_path.h"
#include "report/describe.h"
#include "report/search_parts.h"

namespace xtg::report {
namespace {

std::string goal_text(const search::Goal& goal) {
  std::string text = fmt::format(
      "{}, trials of {}, {} per load, {:g} % of that may lose more, width {:g} %",
      goal.loss_ratio == 0 ? "no loss" : fmt::format("loss up to {:g} %", goal.loss_ratio * 100),
      duration_text(goal.final_duration), duration_text(goal.duration_sum), goal.exceed_ratio * 100,
      goal.width * 100);
  if (!goal.latency.empty()) text += ", " + search::to_string(goal.latency);
  return text;
}

} // namespace

std::string duration_text(double seconds) {
  return format_duration(Nanoseconds(std::llround(seconds * 1e3) * 1'000'000));
}

std::string rough_duration(double seconds) {
  return duration_text(seconds < 10 ? seconds : std::round(seconds));
}

std::string path_text(const SearchSize& size) {
  if (!size.path) return "the server's host";
  return fmt::format("{}{}{}", plan::tx_path_name(size.path->via),
                     size.path->reason.empty() ? "" : ": ", size.path->reason);
}

void print_search_head(std::ostream& out, const SearchBegin& begin) {
  std::string from, to;
  for (std::size_t i = 0; i < begin.plan.ports.size(); i++) {
    const plan::PortPlan& port = begin.plan.ports[i];
    if (port.send) from += (from.empty() ? "" : ", ") + port.iface.name;
    if (plan::receives(begin.plan, i)) to += (to.empty() ? "" : ", ") + port.iface.name;
  }
  if (!begin.to.empty()) to = begin.to;
  if (begin.reverse) std::swap(from, to);
  fmt::print(out, "search from {} to {}\n", from, to);
  for (const search::Goal& goal : plan::goals_of(begin.spec))
    fmt::print(out, "  {}: {}\n", goal.name, goal_text(goal));
}

} // namespace xtg::report
