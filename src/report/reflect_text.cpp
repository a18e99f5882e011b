// SPDX-License-Identifier: BSD-2-Clause
// Text report of `reflect`: a head, one line of fixed columns per interval, a summary.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/to_text.h"
#include "report/reflect_phrases.h"
#include "report/rx_phrases.h"
#include "report/tcp_phrases.h"

namespace xtg::report {
namespace {

/// Streams and prefixes with a line of their own; the others are only counted.
constexpr std::size_t kShownStreams = 16, kShownSources = 8;

std::string_view end_text(stats::EndReason reason) {
  switch (reason) {
  case stats::EndReason::Amount:
    return "all requested frames were sent back";
  case stats::EndReason::Duration:
    return "duration reached";
  case stats::EndReason::Interrupted:
    return "interrupted";
  case stats::EndReason::Failed:
  case stats::EndReason::Announced: // for a receiver only
    break;
  }
  return "failed";
}

std::string source_text(const plan::ReflectPlan& plan) {
  if (plan.spec.allow_any) return "any address";
  if (plan.spec.allow.empty()) return "private, link-local, documentation and benchmark addresses";
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < std::min(plan.sources.size(), kShownSources); i++)
    parts.push_back(plan.sources[i].to_string());
  if (plan.sources.size() > kShownSources)
    parts.push_back(fmt::format("{} more", with_thousands(plan.sources.size() - kShownSources)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

void print_losses(Page& page, const stats::ReflectSummary& summary) {
  const stats::ReflectCounters& c = summary.total.sum;
  std::string causes = "frames on the return path";
  for (const auto& [number, frames] : summary.errnos)
    causes += fmt::format(", {}: {}", errno_name(number), with_thousands(frames));
  page.count("driver refused", c.dropped, causes);
  if (c.unnumbered != 0)
    page.count("not counted", c.unnumbered,
               fmt::format("sent back, of streams beyond the {} that are counted separately",
                           with_thousands(XTG_REFLECT_STREAMS)));
  for (std::size_t i = 0; i < kRefusals.size(); i++)
    if (c.not_reflected[i] != 0)
      page.count(i == XTG_REFLECT_RATE ? "dropped" : "not sent back", c.not_reflected[i],
                 kRefusals[i].text);
}

void print_streams(Page& page, const std::vector<stats::ReflectStream>& streams) {
  for (std::size_t i = 0; i < std::min(streams.size(), kShownStreams); i++)
    page.row(i == 0 ? "streams" : "",
             fmt::format("{}: {} packets{}", stream_text(streams[i].name),
                         with_thousands(streams[i].frames),
                         streams[i].announced == 0
                             ? ""
                             : fmt::format(", {}", counted(streams[i].announced, "announcement"))));
  if (streams.size() > kShownStreams)
    page.row("", fmt::format("... and {} more", with_thousands(streams.size() - kShownStreams)));
}

} // namespace

void to_text(Page& page, const ReflectBegin& begin) {
  const auto& [plan, info, mode] = begin;
  const plan::ReflectSpec& spec = plan.spec;
  fmt::print(page.out, "sending back on {} ({}), {} mode, {}", begin.plan.iface.name,
             plan.iface.driver.empty() ? "driver unknown" : plan.iface.driver, mode,
             mode == "tc"    ? "through tc"
             : plan.redirect ? "by redirect"
                             : "by XDP_TX");
  if (spec.duration) fmt::print(page.out, ", for {}", format_duration(*spec.duration));
  if (spec.num_packets) fmt::print(page.out, ", up to {}", counted(*spec.num_packets, "packet"));
  fmt::print(page.out, "\ntest frames of {}, {}, {}, from {}{}\n",
             spec.run_id ? fmt::format("session {:08x}", *spec.run_id) : "any session",
             spec.port ? fmt::format("UDP port {}", *spec.port) : "any UDP port",
             spec.any_mac ? "to any MAC address" : "to " + plan.iface.mac.to_string(),
             source_text(plan),
             spec.max_rate.unit == Rate::Unit::Pps
                 ? fmt::format("; at most {}", format_rate(spec.max_rate))
                 : "");
  page.out << std::flush;
  page.notes.emit(plan.notes);
  if (!info.source_note.empty())
    page.notes.emit(fmt::format("refused frames are counted by the interface, with all else "
                                "that it sends: {}",
                                info.source_note));
}

void to_text(Page& page, const ReflectBegin& begin, const stats::ReflectSample& s) {
  fmt::print(page.out,
             "[{:>7.2f}s] {}  {:>11} pkt/s sent back  {:>12} L1  {:>12} L2  {:>9} not sent back  "
             "{:>9} above the rate  {:>9} refused by the driver\n",
             s.end_s, begin.plan.iface.name, thousands(s.pps), prefixed(s.l1_bps, "bit/s"),
             prefixed(s.l2_bps, "bit/s"), with_thousands(s.sum.refused_sum()),
             with_thousands(s.sum.not_reflected[XTG_REFLECT_RATE]), with_thousands(s.sum.dropped));
  page.out << std::flush;
}

void to_text(Page& page, const ReflectBegin& begin, const stats::ReflectSummary& summary) {
  const stats::ReflectSample& total = summary.total;
  const stats::ReflectCounters& c = total.sum;
  fmt::print(page.out, "\nsummary of {}\n", begin.plan.iface.name);
  page.ended(end_text(summary.end));
  page.row("duration", fmt::format("{:>15.3f} s", total.end_s - total.start_s));
  if (summary.waiting_s >= 0.001)
    page.row("waiting", fmt::format("{:>15.3f} s more, without a frame", summary.waiting_s));
  page.count(
      "sent back", c.reflected(),
      fmt::format("test frames, {} with the reflector's timestamps", with_thousands(c.stamped)));
  page.row("mean rate",
           fmt::format("{:>15} pkt/s  {} L1  {} L2", thousands(total.pps),
                       prefixed(total.l1_bps, "bit/s"), prefixed(total.l2_bps, "bit/s")));
  print_losses(page, summary);
  page.count("passed", c.passed, "frames that are not test frames");
  print_streams(page, summary.streams);
  for (const stats::ReflectUnit& cpu : summary.cpus)
    page.count(fmt::format("CPU {}", cpu.number), cpu.sent,
               fmt::format("sent back, {} passed", counted(cpu.passed, "other frame")));
  const stats::ReflectLink& link = summary.link;
  page.row("interface drops",
           fmt::format("{:>15} received  {} missed  {} receive errors  {} sent  {} send errors",
                       with_thousands(link.rx_dropped), with_thousands(link.rx_missed),
                       with_thousands(link.rx_errors), with_thousands(link.tx_dropped),
                       with_thousands(link.tx_errors)));
  page.row("processor time", fmt::format("{:>15.3f} s", summary.cpu_s));
  page.out << std::flush;
}

std::string why_nothing(const std::string& interface, const stats::ReflectCounters& counters) {
  if (counters.sent != 0)
    return fmt::format("{} dropped all {} on the return path", interface,
                       counted(counters.sent, "test frame"));
  const auto most = std::ranges::max_element(counters.not_reflected);
  if (*most == 0)
    return fmt::format("no test frame arrived on {}; {} passed", interface,
                       counted(counters.passed, "other frame"));
  return fmt::format(
      "no test frame was sent back on {}; {} arrived, {}", interface, with_thousands(*most),
      kRefusals[static_cast<std::size_t>(most - counters.not_reflected.begin())].text);
}

} // namespace xtg::report
