// SPDX-License-Identifier: BSD-2-Clause
#include "serve/metrics.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace xtg::serve {
namespace {

/// How many are at most `bound`: ranks are found by their quantiles, which rise with them.
std::uint64_t count_to(const stats::Histogram& delay, std::uint64_t bound) {
  std::uint64_t low = 0, high = delay.count();
  while (low < high) {
    const std::uint64_t rank = low + (high - low + 1) / 2;
    const double q = static_cast<double>(rank) / static_cast<double>(delay.count());
    if (delay.quantile(q) <= bound)
      low = rank;
    else
      high = rank - 1;
  }
  return low;
}

/// Bounds of delays, ns: from 1 us to 1 s.
constexpr std::array<std::uint64_t, 19> kBounds = {
    1'000,      2'000,       5'000,       10'000,      20'000,       50'000,     100'000,
    200'000,    500'000,     1'000'000,   2'000'000,   5'000'000,    10'000'000, 20'000'000,
    50'000'000, 100'000'000, 200'000'000, 500'000'000, 1'000'000'000};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string labels(const Metric& test) {
  const std::string id = test.id.empty() ? "" : fmt::format("test=\"{}\",", escaped(test.id));
  return id + fmt::format("command=\"{}\",interface=\"{}\"", escaped(test.command),
                          escaped(test.interface));
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

template <class Get>
void family(std::string& out, const std::vector<Metric>& tests, std::string_view name,
            std::string_view type, std::string_view help, Get get) {
  head(out, name, type, help);
  for (const Metric& test : tests)
    if (const auto value = get(test.figures))
      out += fmt::format("{}{{{}}} {}\n", name, labels(test), *value);
}

void delays(std::string& out, const std::vector<Metric>& tests) {
  constexpr std::string_view kName = "xdp_trafficgen_delay_seconds";
  head(out, kName, "histogram", "One-way delay, or round trip where frames came back.");
  for (const Metric& test : tests) {
    const stats::Histogram& delay = test.figures.delay;
    if (delay.count() == 0) continue;
    for (const std::uint64_t bound : kBounds)
      out += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", kName, labels(test),
                         static_cast<double>(bound) / 1e9, count_to(delay, bound));
    out += fmt::format("{}_bucket{{{},le=\"+Inf\"}} {}\n", kName, labels(test), delay.count());
    out += fmt::format("{}_count{{{}}} {}\n", kName, labels(test), delay.count());
  }
}

} // namespace

HttpAnswer metrics_answer(const std::vector<Metric>& tests, std::optional<ServerCounts> server) {
  std::string out;
  if (server) {
    head(out, "xdp_trafficgen_tests_total", "counter", "Tests that were accepted.");
    out += fmt::format("xdp_trafficgen_tests_total {}\n", server->total);
    head(out, "xdp_trafficgen_tests_refused_total", "counter", "Tests that were refused.");
    out += fmt::format("xdp_trafficgen_tests_refused_total {}\n", server->refused);
  }
  head(out, "xdp_trafficgen_test_running", "gauge", "1 while a test runs.");
  for (const Metric& test : tests)
    out +=
        fmt::format("xdp_trafficgen_test_running{{{}}} {}\n", labels(test), test.running ? 1 : 0);
  family(out, tests, "xdp_trafficgen_sent_packets_total", "counter",
         "Packets that the driver accepted.", [](const Figures& f) { return f.sent; });
  family(out, tests, "xdp_trafficgen_driver_drops_total", "counter",
         "Attempts that the driver refused.", [](const Figures& f) { return f.driver_drops; });
  family(out, tests, "xdp_trafficgen_received_packets_total", "counter",
         "Packets that arrived, copies not counted.", [](const Figures& f) { return f.received; });
  family(out, tests, "xdp_trafficgen_reflected_packets_total", "counter",
         "Packets that the reflector returned.", [](const Figures& f) { return f.reflected; });
  family(out, tests, "xdp_trafficgen_lost_packets", "gauge",
         "Packets that have not arrived; falls when late ones do.",
         [](const Figures& f) { return f.lost; });
  delays(out, tests);
  return {200, "text/plain; version=0.0.4", std::move(out)};
}

} // namespace xtg::serve
