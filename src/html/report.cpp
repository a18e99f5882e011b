// SPDX-License-Identifier: BSD-2-Clause
#include "html/report.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/version.h"
#include "html/chart.h"
#include "html/compare.h"
#include "html/distribution.h"
#include "html/figures.h"
#include "html/search_section.h"
#include "html/style.h"
#include "html/text.h"
#include "html/value_tables.h"

namespace xtg::html {
namespace {

std::string verdict_markup(const Run& run) {
  const Verdict verdict = verdict_of(run);
  std::string details;
  for (const std::string& each : verdict.details)
    details += element("li", each);
  const char* css = verdict.kind == Verdict::Kind::Good  ? " good"
                    : verdict.kind == Verdict::Kind::Bad ? " bad"
                                                         : "";
  return around(fmt::format("div class=\"verdict{}\"", css),
                element("strong", verdict.title) + (details.empty() ? "" : around("ul", details))) +
         '\n';
}

std::string cards(const Run& run) {
  std::string out;
  for (const Figure& figure : key_figures(run))
    out += around("li", element("b", shown(figure)) + element("span", figure.label));
  return out.empty() ? out : around("ul class=\"cards\"", out) + '\n';
}

/// A bar per sender.
std::string ledgers(const Run& run, const std::string& id) {
  std::string out;
  std::size_t number = 0;
  for (const Json& ledger : list_at(run.document, {"end", "ledger"})) {
    if (!ledger.contains("received")) continue; // of bytes
    std::vector<Share> shares;
    for (const auto& [key, label] :
         {std::pair{"received", "received"}, std::pair{"duplicated", "received more than once"},
          std::pair{"lost", "lost"}, std::pair{"dropped", "dropped by the receiver"},
          std::pair{"late", "late"}, std::pair{"refused", "not accepted by the driver"},
          std::pair{"not_sent", "not sent"}})
      shares.push_back({label, number_at(ledger, {key}).value_or(0), shares.empty()});
    out += draw_shares(
        fmt::format("Where the {} packets of {} went{}", whole(number_at(ledger, {"asked"})),
                    ledger_label(ledger),
                    at(ledger, {"exact"}) == false ? " (losses are a lower bound)" : ""),
        shares, fmt::format("{}ledger{}", id, number++));
  }
  return out.empty() ? out : element("h3", "Ledger") + out;
}

/// Of `tcp`: what was sent once, and again by cause; of `udp`: what became of all attempts.
std::string shares_of_sum(const Run& run, const std::string& id) {
  const Json& sum = at(run.document, {"end", "sum"});
  std::vector<Share> shares;
  std::string title;
  if (run.command == Command::Udp) {
    title = "What the driver did with the frames offered to it";
    shares = {{"accepted", number_at(sum, {"accepted"}).value_or(0), true},
              {"dropped", number_at(sum, {"driver_drops"}).value_or(0)},
              {"redirect errors", number_at(sum, {"redirect_errors"}).value_or(0)}};
  } else if (run.command == Command::Tcp) {
    title = "Retransmissions by cause";
    for (const auto& [cause, count] : at(sum, {"retransmits_by_cause"}).items())
      if (count.is_number()) shares.push_back({cause, count.get<double>()});
  }
  return draw_shares(title, shares, id + "shares");
}

std::string series_table(const Chart& chart) {
  TableText out;
  out.columns = {{"seconds"}};
  const auto& first = chart.series.front().points;
  for (const Series& series : chart.series)
    out.columns.push_back({series.name});
  const Shown rows = shown_of(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (i >= rows.first && i + rows.last < first.size()) continue;
    auto& row = out.rows.emplace_back();
    row.push_back(escape(plain(first[i].x)));
    for (const Series& series : chart.series)
      row.push_back(i < series.points.size() && series.points[i].y
                        ? escape(in_unit(*series.points[i].y, chart.y_unit))
                        : "n/a");
  }
  std::string note;
  if (rows.last != 0)
    note = element(
        "p", fmt::format("The first and the last {} of {} intervals.", rows.first, first.size()));
  return note + table(out);
}

std::string over_time(const Run& run, const std::string& id) {
  if (std::ranges::all_of(parts_of(run), [](const Part& part) { return part.intervals.empty(); }))
    return element("p",
                   "The result has no intervals, so nothing is known about changes over time.");
  std::string out;
  std::size_t number = 0;
  for (const Chart& chart : time_charts(run))
    if (const std::string drawn = draw(chart, fmt::format("{}time{}", id, number++));
        !drawn.empty())
      out += drawn + folded("Table: " + chart.title, series_table(chart));
  return out;
}

std::string distributions(const Run& run, const std::string& id) {
  std::string out;
  if (const auto all = latencies(run); !all.empty())
    out += element("h3", "Latency") + draw(percentile_chart(all), id + "latency") +
           percentile_table(all);
  std::size_t number = 0;
  for (const Distribution& each : arrivals(run)) {
    const Chart chart = histogram_chart(each);
    if (const auto drawn = draw(chart, fmt::format("{}arrival{}", id, number++)); !drawn.empty())
      out += drawn + folded("Table: " + chart.title, histogram_table(chart));
  }
  return out;
}

/// Everything that is needed to run it again.
std::string repeat(const Run& run) {
  Json start = at(run.document, {"start"});
  if (!start.is_object()) return {};
  const std::string command = text_at(start, {"command"});
  std::string out = element("h3", "To repeat it");
  if (!command.empty()) out += element("pre", command);
  Json configuration = at(start, {"configuration"});
  std::string profile;
  if (const Json& test = at(configuration, {"test"}); test.is_object())
    profile = folded("The test as a profile, for --profile",
                     element("pre", test.dump(2, ' ', false, Json::error_handler_t::replace)));
  if (configuration.is_object()) configuration.erase("test");
  start.erase("configuration");
  start.erase("command");
  return out + profile + folded("Host", value_markup(start)) +
         folded("Effective configuration", value_markup(configuration));
}

std::string everything(const Run& run) {
  std::string out = element("h3", "All figures");
  if (const Json& end = at(run.document, {"end"}); end.is_object())
    out += folded("The whole run", value_markup(end));
  const Json& intervals = list_at(run.document, {"intervals"});
  if (!intervals.empty())
    out +=
        folded(run.command == Command::Search ? "Trials" : "Intervals", interval_table(intervals));
  return out;
}

std::string heading(const Run& run) {
  const Json& start = at(run.document, {"start"});
  std::string about = command_name(run.command);
  for (const std::string& part :
       {text_at(start, {"timestamp", "time"}), text_at(start, {"hostname"})})
    if (!part.empty()) about += ", " + part;
  return element("p class=\"soft\"", about);
}

std::string run_markup(const Run& run, std::size_t number, bool only) {
  const std::string id = fmt::format("r{}", number);
  std::string out = only ? element("h1", run.name) : element("h2", run.name);
  out +=
      heading(run) + verdict_markup(run) + cards(run) + ledgers(run, id) + shares_of_sum(run, id);
  out += run.command == Command::Search
             ? search_sections(run, id)
             : element("h3", "Over time") + over_time(run, id) + distributions(run, id);
  return around("section", out + repeat(run) + everything(run)) + '\n';
}

} // namespace

std::string report(const std::vector<Run>& runs) {
  std::string body;
  const bool only = runs.size() == 1;
  if (!only) {
    body += element("h1", fmt::format("{} results", runs.size()));
    for (const Run& run : runs)
      body += element("h3", run.name) + verdict_markup(run);
    body += around("section", comparison(runs)) + '\n';
  }
  for (std::size_t i = 0; i < runs.size(); ++i)
    body += run_markup(runs[i], i, only);
  const std::string title = only ? runs.front().name : fmt::format("{} results", runs.size());
  // Well-formed XML as well, so that any parser reads it. The policy forbids what the text cannot
  // contain anyway.
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "{}\n<style>{}</style></head>\n<body><main>\n{}</main>\n<footer>{}</footer></body></html>\n",
      element("title", title + " - xdp-trafficgen"), kStyle, body,
      element("p class=\"soft\"", fmt::format("Made by xdp-trafficgen {}.", kVersion)));
}

} // namespace xtg::html
