// SPDX-License-Identifier: BSD-2-Clause
// What changed over time, and distributions.
#include <algorithm>
#include <utility>

#include "html/figures.h"

namespace xtg::html {
namespace {

/// With more parts, one line of latency each.
constexpr std::size_t kFewParts = 2;

std::string flow_label(const Json& flow) {
  return text_at(flow, {"from"}) + " to " + text_at(flow, {"to"});
}

/// Of a port test: the entries of `key` at the same place in every interval and in the end.
void add_parts(std::vector<Part>& out, const Json& document, std::string_view key, bool sends) {
  const Json& end = list_at(document, {"end", key});
  const Json& intervals = list_at(document, {"intervals"});
  const Json& first = intervals.empty() ? end : list_at(intervals[0], {key});
  for (std::size_t i = 0; i < std::max(end.size(), first.size()); ++i) {
    const Json& named = i < end.size() ? end[i] : first[i];
    Part part{
        sends ? text_at(named, {"interface"}) + " sends" : flow_label(named), sends, {}, nullptr};
    for (const Json& interval : intervals) {
      const Json& list = list_at(interval, {key});
      if (i < list.size()) part.intervals.push_back(&list[i]);
    }
    if (i < end.size()) part.end = &end[i];
    out.push_back(std::move(part));
  }
}

/// A run as the only part, or as one of several.
Part whole_part(const Json& document, std::string label, bool sends) {
  Part part{std::move(label), sends, {}, nullptr};
  for (const Json& interval : list_at(document, {"intervals"}))
    part.intervals.push_back(&interval);
  if (const Json& end = at(document, {"end"}); end.is_object()) part.end = &end;
  return part;
}

/// Both hosts' documents, each a run of its own.
void add_hosts(std::vector<Part>& out, const Run& run) {
  for (const std::string_view host : {"near", "far"}) {
    const Json& tx = at(run.document, {"end", host, "tx"});
    const Json& rx = at(run.document, {"end", host, "rx"});
    const std::string name(host);
    if (list_at(tx, {"end", "tx"}).empty()) {
      if (tx.is_object()) out.push_back(whole_part(tx, name + " end sends", true));
    } else { // it has both ends: the frames come back
      add_parts(out, tx, "tx", true);
      add_parts(out, tx, "flows", false);
    }
    if (rx.is_object()) out.push_back(whole_part(rx, name + " end receives", false));
  }
}

std::string joined(const std::string& part, const std::string& what) {
  return part.empty() ? what : what.empty() ? part : part + ", " + what;
}

using Path = std::initializer_list<std::string_view>;

/// A series of one value of a part's intervals; nothing if none has it.
void add_series(Chart& chart, const Part& part, const std::string& name, Path path) {
  Series series{joined(part.label, name), {}};
  bool any = false;
  for (const Json* interval : part.intervals) {
    const auto from = number_at(*interval, {"sum", "start"}),
               to = number_at(*interval, {"sum", "end"});
    if (!from || !to) continue;
    const auto value = number_at(*interval, path);
    any |= value.has_value();
    series.points.push_back({*to, value});
  }
  if (any) chart.series.push_back(std::move(series));
}

Chart over_time(std::string title, std::string description, Unit unit,
                Scale scale = Scale::Linear) {
  Chart chart;
  chart.title = std::move(title);
  chart.description = std::move(description);
  chart.x_title = "seconds since the start";
  chart.y_unit = unit;
  chart.y_scale = scale;
  return chart;
}

Chart rate_chart(const std::vector<Part>& parts) {
  Chart chart =
      over_time("Packet rate over time", "Packets per second in each interval.", Unit::PerSecond);
  for (const Part& part : parts) {
    add_series(chart, part, part.label.empty() ? "sent" : "", {"sum", "xmit_pps"});
    add_series(chart, part, part.label.empty() ? "received" : "", {"sum", "rx_pps"});
    add_series(chart, part, "reflected", {"sum", "reflected_pps"});
    add_series(chart, part, "target", {"sum", "target_pps"});
  }
  return chart;
}

Chart bits_chart(const std::vector<Part>& parts, bool tcp) {
  Chart chart =
      over_time(tcp ? "Goodput over time" : "Bit rate over time",
                tcp ? "Acknowledged bits and bits on the wire per second in each interval."
                    : "Bits per second on the wire (L1) in each interval.",
                Unit::BitsPerSecond);
  for (const Part& part : parts) {
    if (tcp) add_series(chart, part, "goodput", {"sum", "bits_per_second"});
    add_series(chart, part, part.label.empty() || tcp ? "on the wire (L1)" : "",
               {"sum", "l1_bits_per_second"});
  }
  return chart;
}

Chart loss_chart(const std::vector<Part>& parts) {
  Chart chart = over_time("Loss over time",
                          "Packets lost, and packets that the driver did not accept, in "
                          "each interval.",
                          Unit::Plain);
  for (const Part& part : parts) {
    // A port's loss is known even if several ports receive its packets.
    add_series(chart, part, "lost", {"lost_packets"});
    if (part.label.empty()) add_series(chart, part, "lost", {"sum", "lost_packets"});
    add_series(chart, part, "not accepted by the driver", {"sum", "driver_drops"});
  }
  return chart;
}

Chart retransmit_chart(const Part& part) {
  Chart chart = over_time("Retransmissions by cause over time",
                          "Segments sent again in each interval, by cause.", Unit::Plain);
  if (part.intervals.empty()) return chart;
  for (const auto& [cause, count] : at(*part.intervals[0], {"sum", "retransmits_by_cause"}).items())
    add_series(chart, part, cause, {"sum", "retransmits_by_cause", cause});
  return chart;
}

Chart latency_chart(const std::vector<Part>& parts, bool tcp) {
  Chart chart = over_time(tcp ? "Round-trip time over time" : "Latency over time",
                          tcp ? "Smoothed round-trip time at the end of each interval."
                              : "Percentiles of the latency in each interval, on a log scale.",
                          Unit::Microseconds, tcp ? Scale::Linear : Scale::Log);
  const bool few = std::ranges::count_if(parts, [](const Part& p) { return !p.sends; }) <=
                   static_cast<std::ptrdiff_t>(kFewParts);
  for (const Part& part : parts) {
    if (tcp) add_series(chart, part, "RTT", {"sum", "rtt_us"});
    if (part.sends) continue;
    if (few) add_series(chart, part, "median", {"sum", "delay_us", "p50"});
    add_series(chart, part, "99 %", {"sum", "delay_us", "p99"});
    if (few) add_series(chart, part, "maximum", {"sum", "delay_us", "max"});
  }
  return chart;
}

void add_distribution(std::vector<Distribution>& out, const std::string& label, const Json& values,
                      double per_us = 1) {
  if (values.is_object()) out.push_back({label, &values, per_us});
}

} // namespace

std::vector<Part> parts_of(const Run& run) {
  std::vector<Part> out;
  if (run.command == Command::PortTest) {
    add_parts(out, run.document, "tx", true);
    add_parts(out, run.document, "flows", false);
  } else if (run.command == Command::Hosts || run.command == Command::TcpHosts) {
    add_hosts(out, run);
  } else if (run.command != Command::Search && run.command != Command::Unknown) {
    out.push_back(whole_part(run.document, "", run.command == Command::Udp));
  }
  return out;
}

std::vector<Chart> time_charts(const Run& run) {
  const std::vector<Part> parts = parts_of(run);
  if (parts.empty()) return {};
  if (run.command == Command::Tcp)
    return {bits_chart(parts, true), retransmit_chart(parts.front()), latency_chart(parts, true)};
  if (run.command == Command::TcpSink || run.command == Command::TcpHosts)
    return {bits_chart(parts, true), latency_chart(parts, true)};
  std::vector<Chart> out{rate_chart(parts), bits_chart(parts, false)};
  if (run.command != Command::Reflect || !parts.front().intervals.empty())
    out.push_back(loss_chart(parts));
  if (std::ranges::any_of(parts, [](const Part& part) { return !part.sends; }))
    out.push_back(latency_chart(parts, false));
  return out;
}

std::vector<Distribution> latencies(const Run& run) {
  std::vector<Distribution> out;
  for (const Part& part : parts_of(run)) {
    if (part.end == nullptr) continue;
    const Json& end = *part.end;
    const bool trip = text_at(end, {"sum", "path"}) == "round-trip";
    add_distribution(out, joined(part.label, trip ? "round trip" : "latency"),
                     at(end, {"sum", "delay_us"}));
    add_distribution(out, "RTT", at(end, {"rtt_us"}));
    add_distribution(out, joined(part.label, "release delay"), at(end, {"slip_ns"}), 1000);
    for (const Json& stream : list_at(end, {"streams"}))
      add_distribution(out, joined(part.label, "return path"),
                       at(stream, {"mirror", "back", "delay_us"}));
  }
  return out;
}

std::vector<Distribution> arrivals(const Run& run) {
  std::vector<Distribution> out;
  for (const Part& part : parts_of(run))
    if (part.end != nullptr)
      add_distribution(out, part.label, at(*part.end, {"sum", "arrival_us"}));
  return out;
}

} // namespace xtg::html
