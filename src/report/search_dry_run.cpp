// SPDX-License-Identifier: BSD-2-Clause
// What `search --dry-run` prints, as text and as JSON.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/dry_run.h"
#include "report/search_parts.h"

namespace xtg::report {
namespace {

void plan_row(std::ostream& out, std::string_view label, std::string_view value) {
  fmt::print(out, "  {:<14}{}\n", label, value);
}

std::string loads_text(const SearchSize& size) {
  const std::string from =
      size.min_load ? thousands(*size.min_load) + " pkt/s" : "a small part of the highest load";
  return fmt::format("{} to {}", from,
                     size.max_load ? thousands(*size.max_load) + " pkt/s (--max-rate)"
                                   : "what the generator reaches, which is measured first");
}

} // namespace

void print_search_plan(std::ostream& out, const SearchBegin& begin) {
  print_search_head(out, begin);
  const auto limit = plan::time_limit(begin.spec);
  double all = 0;
  for (const SearchSize& size : begin.sizes) {
    fmt::print(out, "\nframes of {} bytes\n", size.size);
    plan_row(out, "via", path_text(size));
    plan_row(out, "loads", loads_text(size));
    plan_row(out, "time",
             fmt::format("about {}{}", rough_duration(size.estimate_s),
                         limit ? fmt::format(", at most {}", format_duration(*limit))
                               : std::string(", no limit")));
    all += size.estimate_s;
  }
  if (begin.sizes.size() > 1) fmt::print(out, "\nall sizes: about {}\n", rough_duration(all));
  for (const plan::SearchCondition& condition : begin.spec.expect)
    fmt::print(out, "\nexpected: {}\n", condition.text);
  out << std::flush;
}

std::string search_plan_json(const SearchBegin& begin) {
  Json document = start_value();
  document["plan"] = with_test(search_configuration(begin), begin.info.test);
  return dump(document, 2);
}

} // namespace xtg::report
