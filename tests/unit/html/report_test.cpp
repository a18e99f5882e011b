// SPDX-License-Identifier: BSD-2-Clause
// The HTML of reports; tests/check/html_report_check.py reads whole ones.
#include "html/report.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "html/distribution.h"
#include "html/figures.h"
#include "html/scale.h"
#include "html/text.h"
#include "stats/hdr_histogram.h"

namespace xtg::html {
namespace {

Run run_of(const std::string& text) {
  auto run = read_run("run.json", text);
  EXPECT_TRUE(run) << run.error().message();
  return run.value_or(Run{});
}

std::string refusal(const std::string& text) {
  const auto run = read_run("run.json", text);
  return run ? "accepted" : run.error().message();
}

constexpr const char* kRx = R"({"start":{"configuration":{"role":"receiver"}},"intervals":[],
  "end":{"sum":{"packets":3,"rx_pps":1.5,"lost_percent":25},"reason":"duration"},"exit_status":0})";

/// A line of --json-stream of two hosts.
std::string line_of(const std::string& event, const std::string& data, const std::string& mark) {
  return R"({"event":")" + event + R"(","data":)" + data + mark + "}\n";
}

/// The same run as --json prints it, and as the lines of both ends.
void expect_same(const Json& document, const std::string& lines) {
  const html::Run whole = run_of(document.dump()), read = run_of(lines);
  EXPECT_EQ(read.document, whole.document) << read.document.dump(1);
  EXPECT_EQ(read.command, whole.command);
  EXPECT_FALSE(read.cut_off);
  EXPECT_EQ(report({read}), report({whole}));
}

TEST(Lines, OfTwoHostsAreTheDocumentOfBoth) {
  const auto run = [](const char* role, int second) -> Json {
    return {{"start", {{"configuration", {{"role", role}}}}},
            {"intervals", {{{"sum", {{"start", 0}, {"end", second}, {"rx_pps", 40}}}}}},
            {"end", {{"sum", {{"packets", 160}}}}},
            {"exit_status", 0}};
  };
  const auto text = [](const Json& of, const std::string& side, const std::string& direction) {
    const std::string mark = R"(,"side":")" + side + R"(","direction":")" + direction + "\"";
    return line_of("start", of["start"].dump(), mark) +
           line_of("interval", of["intervals"][0].dump(), mark) +
           line_of("end", of["end"].dump(), mark);
  };
  const Json start = {{"version", "0.1"}, {"configuration", {{"role", "hosts"}, {"server", "a"}}}};
  const Json end = {
      {"sum", {{"asked", 160}, {"sent", 160}, {"received", 120}, {"lost_percent", 25}}},
      {"ledger", {{{"from", "a"}, {"to", "b"}, {"asked", 160}, {"received", 120}, {"lost", 40}}}},
      {"clocks", {{"state", "same"}}},
      {"starts", nullptr}};
  const std::string result = R"({"event":"result","data":)" + end.dump() + R"(,"start":)" +
                             start.dump() + R"(,"error":"missed","exit_status":3})";
  Json all = {{"start", start}, {"intervals", Json::array()}, {"end", end}};
  const Json none = {{"tx", nullptr}, {"rx", nullptr}};
  for (const char* end_of : {"near", "far"})
    all["end"][end_of] = none;
  all["error"] = "missed";
  all["exit_status"] = 3;
  Json both = all;
  both["end"]["near"] = {{"tx", run("sender", 1)}, {"rx", run("receiver", 2)}};
  both["end"]["far"] = {{"tx", run("sender", 3)}, {"rx", run("receiver", 4)}};
  expect_same(both, text(run("receiver", 4), "far", "forward") +
                        text(run("sender", 1), "near", "forward") +
                        text(run("sender", 3), "far", "reverse") +
                        text(run("receiver", 2), "near", "reverse") + result);
  Json trip = all;
  trip["end"]["near"]["tx"] = run("exchange", 1);
  trip["end"]["far"]["reflector"] = run("mirror", 2);
  expect_same(trip, text(run("mirror", 2), "far", "reverse") +
                        text(run("exchange", 1), "near", "forward") + result);
  const html::Run cut = run_of(text(run("sender", 1), "near", "forward"));
  EXPECT_TRUE(cut.cut_off);
  EXPECT_EQ(cut.command, Command::Hosts);
  EXPECT_EQ(at(cut.document, {"end", "near", "tx", "end", "sum", "packets"}), 160);
}

TEST(HtmlText, NothingOfATextIsMarkup) {
  EXPECT_EQ(escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  EXPECT_EQ(escape("caf\xC3\xA9 \xF0\x9F\x98\x80\n"), "caf\xC3\xA9 \xF0\x9F\x98\x80\n");
  const std::string replaced = "\xEF\xBF\xBD";
  for (const char* bad : {"\x01", "\x7f", "\xff", "\xC2\x9B", "\xE2\x80\xAE", "\xEF\xBF\xBF"})
    EXPECT_EQ(escape(bad).substr(0, 3), replaced) << bad;
  EXPECT_EQ(escape("\xC3"), replaced);                        // cut off
  EXPECT_EQ(escape("\xC0\xBC").find('<'), std::string::npos); // an overlong "<"
}

TEST(HtmlCompare, AListOfNamesIsOneDifference) {
  const auto with = [](const std::string& offloads) {
    return run_of(
        R"({"start":{"configuration":{"role":"receiver"},"host":{"interfaces":[{"name":"eth1",)"
        R"("offloads":[)" +
        offloads + R"(]}]}},"intervals":[],"end":null,"exit_status":0})");
  };
  const std::string page = report({with(R"("rx-gro","rx-hashing")"), with(R"("rx-hashing")")});
  EXPECT_NE(page.find("host/interfaces/0/offloads<"), page.npos);
  EXPECT_NE(page.find("rx-gro, rx-hashing"), page.npos);
  EXPECT_EQ(page.find("host/interfaces/0/offloads/"), page.npos);
}

TEST(HtmlSearch, AnUnfinishedSearchShowsItsEstimate) {
  const auto with = [](const std::string& lower) {
    return report({run_of(
        R"({"start":{"configuration":{"role":"search"}},"intervals":[],"end":{"reason":"interrupted",)"
        R"("trials":3,"sizes":[{"size":"64","goals":[{"name":"NDR","lower":)" +
        lower +
        R"(,"upper":null,"estimate":{"pps":2000000,"l1_bits_per_second":1344000000},)"
        R"("state":"unfinished","limited_by":"device"}]}]},"exit_status":0})")});
  };
  const std::string page = with("null");
  for (const char* words :
       {"2.000 Mpps (estimate)", "1.344 Gbit/s (estimate)", "64-byte frames, NDR (estimate)"})
    EXPECT_NE(page.find(words), page.npos) << words;
  EXPECT_EQ(with(R"({"pps":1000000,"l1_bits_per_second":672000000})").find("(estimate)"),
            std::string::npos);
}

TEST(HtmlText, NumbersReadWell) {
  EXPECT_EQ(whole(1234567.0), "1,234,567");
  EXPECT_EQ(whole(-12.0), "-12");
  EXPECT_EQ(whole(std::nullopt), "n/a");
  EXPECT_EQ(whole(std::nan("")), "n/a");
  EXPECT_EQ(prefixed(0.0, "pps"), "0 pps");
  EXPECT_EQ(microseconds(12.34567), "12.35 us");
  EXPECT_EQ(microseconds(12'345.0), "12.35 ms");
  EXPECT_EQ(microseconds(2.5e6), "2.5 s");
}

TEST(HtmlAxis, TicksAreRound) {
  EXPECT_EQ(Axis(Scale::Linear, 0, 10, true).ticks(5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(Axis(Scale::Log, 3, 2000, false).ticks(5),
            (std::vector<double>{1, 10, 100, 1000, 10000}));
  const auto tail = Axis(Scale::Tail, 0, 0.9995, false).ticks(5);
  ASSERT_EQ(tail.size(), 4u);
  EXPECT_DOUBLE_EQ(tail[3], 0.999);
}

TEST(HtmlAxis, EndsAlsoWhereDoublesAreFarApart) {
  for (const double least : {-10000000000000002.0, 9007199254740993.0, -1e300, 1e-320})
    for (const double most : {least + std::fabs(least) * 2e-16, least * 0.5, 1e300}) {
      if (most < least) continue;
      for (const bool from_zero : {true, false})
        EXPECT_LT(Axis(Scale::Linear, least, most, from_zero).ticks(5).size(), 12u)
            << least << " to " << most;
    }
  EXPECT_EQ(Axis(Scale::Linear, -10, -4, true).ticks(5),
            (std::vector<double>{-10, -8, -6, -4, -2, 0}));
}

TEST(HtmlAxis, OneValueAndNoneHavePlaces) {
  for (const Scale scale : {Scale::Linear, Scale::Log, Scale::Tail})
    for (const double value : {1e-9, 0.5, 1.0, 7e18}) {
      const Axis axis(scale, value, value, scale == Scale::Linear);
      EXPECT_TRUE(axis.any());
      EXPECT_GE(axis.share(value), 0);
      EXPECT_LE(axis.share(value), 1);
      EXPECT_LT(axis.ticks(5).size(), 40u);
    }
  EXPECT_FALSE(Axis(Scale::Linear, 1, 0, true).any());
}

TEST(HtmlRun, DocumentsAndStreamsAreTheSame) {
  const html::Run stream = run_of(R"({"event":"start","data":{"configuration":{"role":"receiver"}}}
{"event":"interval","data":{"sum":{"start":0,"end":1}}}
{"event":"end","data":{"reason":"duration"}}
)");
  EXPECT_EQ(stream.command, Command::Rx);
  EXPECT_FALSE(stream.cut_off);
  EXPECT_EQ(list_at(stream.document, {"intervals"}).size(), 1u);
  EXPECT_EQ(run_of(kRx).command, Command::Rx);
}

TEST(HtmlRun, AStreamWithoutItsEndIsIncomplete) {
  const html::Run run = run_of(R"({"event":"start","data":{"configuration":{"role":"receiver"}}}
{"event":"interval","data":{"su)");
  EXPECT_TRUE(run.cut_off);
  EXPECT_EQ(verdict_of(run).kind, Verdict::Kind::Bad);
}

TEST(HtmlRun, RefusesWhatIsNoResult) {
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
  EXPECT_NE(refusal("{}").find("no result"), std::string::npos);
  EXPECT_NE(refusal("hello").find("line 1"), std::string::npos);
  EXPECT_NE(refusal(R"({"plan":{},"frames":[]})").find("dry run"), std::string::npos);
  EXPECT_NE(refusal(std::string(1'000'000, '[')).find("line 1"), std::string::npos);
}

TEST(HtmlRun, TwoHostsAreTheRunsOfBoth) {
  Json half = run_of(kRx).document;
  half["intervals"].push_back({{"sum", {{"start", 0}, {"end", 1}, {"rx_pps", 5}}}});
  const Json ledger = {{"from", "a (eth0)"},      {"to", "b (eth1)"}, {"asked", 10},
                       {"received", 9},           {"lost", 1},        {"limited_by", "path"},
                       {"delay_us", {{"p50", 3}}}};
  const Json hosts = {
      {"start", {{"configuration", {{"role", "hosts"}}}}},
      {"intervals", Json::array()},
      {"end",
       {{"sum", {{"asked", 10}, {"sent", 10}, {"received", 9}, {"lost_percent", 10}}},
        {"ledger", Json::array({ledger})},
        {"near", {{"tx", nullptr}, {"rx", nullptr}}},
        {"far", {{"tx", nullptr}, {"rx", half}}}}},
      {"exit_status", 0}};
  const html::Run run = run_of(hosts.dump());
  EXPECT_EQ(run.command, Command::Hosts);
  const auto parts = parts_of(run);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].label, "far end receives");
  EXPECT_EQ(parts[0].intervals.size(), half["intervals"].size());
  const std::string page = html::report({run});
  EXPECT_NE(page.find("a (eth0) to b (eth1): limited by the path"), std::string::npos);
  EXPECT_NE(page.find("latency, median"), std::string::npos);
  EXPECT_EQ(page.find("no intervals"), std::string::npos);
}

TEST(HtmlRun, TcpSinksAndHostsOfTcp) {
  const Json sink = {
      {"start", {{"configuration", {{"role", "tcp_sink"}}}}},
      {"intervals", Json::array({{{"sum", {{"start", 0}, {"end", 1}, {"bits_per_second", 8e6}}}}})},
      {"end", {{"sum", {{"bytes", 1000000}, {"bits_per_second", 8e6}, {"connections", 2}}}}},
      {"exit_status", 0}};
  const html::Run one = run_of(sink.dump());
  EXPECT_EQ(one.command, Command::TcpSink);
  EXPECT_NE(html::report({one}).find("bytes read in 2 connections: 8"), std::string::npos);
  EXPECT_FALSE(time_charts(one).front().series.empty());
  const Json ledger = {
      {"from", "a"}, {"to", "b"}, {"bytes_read", 7}, {"read_bits_per_second", 8e6}};
  const Json hosts = {{"start", {{"configuration", {{"role", "tcp_hosts"}}}}},
                      {"intervals", Json::array()},
                      {"end",
                       {{"ledger", Json::array({ledger})},
                        {"near", {{"tx", nullptr}, {"rx", nullptr}}},
                        {"far", {{"tx", nullptr}, {"rx", sink}}}}},
                      {"exit_status", 0}};
  const html::Run both = run_of(hosts.dump());
  EXPECT_EQ(both.command, Command::TcpHosts);
  EXPECT_EQ(parts_of(both).size(), 1u);
  EXPECT_NE(html::report({both}).find("a to b: read bits per second"), std::string::npos);
}

TEST(HtmlVerdict, ComesFromConditionsErrorsAndReason) {
  html::Run run = run_of(kRx);
  EXPECT_EQ(verdict_of(run).title, "Completed");
  run.document["end"]["expect"] =
      Json::array({Json{{"condition", "loss=0"}, {"value", 0}, {"held", true}}});
  EXPECT_EQ(verdict_of(run).kind, Verdict::Kind::Good);
  run.document["end"]["expect"][0]["held"] = false;
  EXPECT_EQ(verdict_of(run).kind, Verdict::Kind::Bad);
  run.document["end"]["expect"] = Json::array();
  run.document["end"]["reason"] = "interrupted";
  EXPECT_EQ(verdict_of(run).title, "Interrupted: figures up to then");
  run.document["error"] = "eth1 went down";
  EXPECT_EQ(verdict_of(run).title, "Error");
  EXPECT_EQ(verdict_of(run).details.front(), "eth1 went down");
}

TEST(HtmlPercentiles, FollowTheHistogram) {
  stats::Histogram histogram;
  histogram.add(10'000, 99);
  histogram.add(1'000'000, 1);
  const Json values = {{"count", 100}, {"histogram_ns", stats::hdr_encode(histogram)}};
  const Chart chart = percentile_chart({{"latency", &values, 1}});
  ASSERT_EQ(chart.series.size(), 1u);
  const auto& points = chart.series[0].points;
  ASSERT_EQ(points.size(), 4u);
  EXPECT_DOUBLE_EQ(points[1].x, 0.99);
  EXPECT_NEAR(*points[1].y, 10, 0.1);
  EXPECT_DOUBLE_EQ(points[2].x, 0.99);
  EXPECT_NEAR(*points[2].y, 1000, 10);
  EXPECT_DOUBLE_EQ(points[3].x, 0.995); // no packet is beyond it
  EXPECT_EQ(chart.y_scale, Scale::Log);
}

TEST(HtmlPercentiles, OfAnOlderResultFollowItsPercentiles) {
  const Json values = {{"p50", 5}, {"p99", 7}, {"max", 9}, {"count", 1000}};
  const Chart chart = percentile_chart({{"latency", &values, 1}});
  ASSERT_EQ(chart.series.size(), 1u);
  EXPECT_EQ(chart.series[0].points.size(), 3u);
}

TEST(HtmlReport, SaysThatThereAreNoIntervals) {
  const std::string text = report({run_of(kRx)});
  EXPECT_NE(text.find("has no intervals"), std::string::npos);
  EXPECT_NE(text.find("25 %"), std::string::npos);
  EXPECT_EQ(text.find("<script"), std::string::npos);
}

TEST(HtmlReport, SeveralResultsHaveDifferences) {
  html::Run second = run_of(kRx);
  second.document["end"]["sum"]["packets"] = 6;
  const std::string text = report({run_of(kRx), second});
  EXPECT_NE(text.find("+3 (+100 %)"), std::string::npos);
}

} // namespace
} // namespace xtg::html
