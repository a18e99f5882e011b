// SPDX-License-Identifier: BSD-2-Clause
// `reflect` for people: a head, one line of fixed columns per interval, a summary.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/notes.h"
#include "report/reflect_report.h"
#include "report/reflect_words.h"
#include "report/rx_words.h"
#include "report/tcp_words.h"

namespace xtg::report {
namespace {

/// Streams and prefixes that are told one by one; the others are only counted.
constexpr std::size_t kToldStreams = 16, kToldSources = 8;

std::string_view end_words(stats::EndReason reason) {
  switch (reason) {
  case stats::EndReason::Amount:
    return "all frames that were asked for were sent back";
  case stats::EndReason::Duration:
    return "duration reached";
  case stats::EndReason::Interrupted:
    return "interrupted";
  case stats::EndReason::Failed:
  case stats::EndReason::Announced: // of a receiver only
    break;
  }
  return "failed";
}

std::string source_words(const plan::ReflectPlan& plan) {
  if (plan.spec.allow_any) return "any address";
  if (plan.spec.allow.empty()) return "private, link-local, documentation and benchmark addresses";
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < std::min(plan.sources.size(), kToldSources); i++)
    parts.push_back(plan.sources[i].to_string());
  if (plan.sources.size() > kToldSources)
    parts.push_back(fmt::format("{} more", with_thousands(plan.sources.size() - kToldSources)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

class Text final : public ReflectReporter {
public:
  Text(std::ostream& out, std::ostream& err) : out_(out), notes_(err) {}

  void begin(const plan::ReflectPlan& plan, const RunInfo& info, std::string_view mode) override {
    const plan::ReflectSpec& spec = plan.spec;
    interface_ = plan.iface.name;
    fmt::print(out_, "sending back on {} ({}), {} mode, {}", interface_,
               plan.iface.driver.empty() ? "driver unknown" : plan.iface.driver, mode,
               plan.redirect ? "by redirect" : "by XDP_TX");
    if (spec.duration) fmt::print(out_, ", for {}", format_duration(*spec.duration));
    if (spec.num_packets) fmt::print(out_, ", up to {}", counted(*spec.num_packets, "packet"));
    fmt::print(out_, "\ntest frames of {}, {}, {}, from {}{}\n",
               spec.session ? fmt::format("session {:08x}", *spec.session) : "any session",
               spec.port ? fmt::format("UDP port {}", *spec.port) : "any UDP port",
               spec.any_mac ? "to any MAC address" : "to " + plan.iface.mac.to_string(),
               source_words(plan),
               spec.max_rate.unit == Rate::Unit::Pps
                   ? fmt::format("; at most {}", format_rate(spec.max_rate))
                   : "");
    out_ << std::flush;
    notes_.tell(plan.notes);
    if (!info.source_note.empty())
      notes_.tell(fmt::format("what the driver refuses is counted by the interface, with all else "
                              "that it sends: {}",
                              info.source_note));
  }

  void interval(const stats::ReflectSample& s) override {
    fmt::print(out_,
               "[{:>7.2f}s] {}  {:>11} pkt/s sent back  {:>12} L1  {:>12} L2  {:>9} not sent back  "
               "{:>9} above the rate  {:>9} refused by the driver\n",
               s.end_s, interface_, thousands(s.pps), prefixed(s.l1_bps, "bit/s"),
               prefixed(s.l2_bps, "bit/s"), with_thousands(s.sum.refused_sum()),
               with_thousands(s.sum.refused[XTG_REFLECT_RATE]), with_thousands(s.sum.dropped));
    out_ << std::flush;
  }

  void end(const stats::ReflectSummary& summary) override {
    const stats::ReflectSample& total = summary.total;
    const stats::ReflectCounters& c = total.sum;
    fmt::print(out_, "\nsummary of {}\n", interface_);
    row("ended", error_.empty() ? std::string(end_words(summary.end))
                                : fmt::format("{}: {}", end_words(summary.end), error_));
    row("duration", fmt::format("{:>15.3f} s", total.end_s - total.start_s));
    if (summary.waiting_s >= 0.001)
      row("waiting", fmt::format("{:>15.3f} s besides, without a frame", summary.waiting_s));
    count("sent back", c.reflected(),
          fmt::format("test frames, {} with the mirror's words", with_thousands(c.told)));
    row("mean rate", fmt::format("{:>15} pkt/s  {} L1  {} L2", thousands(total.pps),
                                 prefixed(total.l1_bps, "bit/s"), prefixed(total.l2_bps, "bit/s")));
    print_losses(summary);
    count("passed", c.passed, "frames that are no test frames");
    print_streams(summary.streams);
    for (const stats::ReflectUnit& cpu : summary.cpus)
      count(fmt::format("CPU {}", cpu.number), cpu.sent,
            fmt::format("sent back, {} passed", counted(cpu.passed, "other frame")));
    const stats::ReflectLink& link = summary.link;
    row("interface drops",
        fmt::format("{:>15} received  {} missed  {} receive errors  {} sent  {} send errors",
                    with_thousands(link.rx_dropped), with_thousands(link.rx_missed),
                    with_thousands(link.rx_errors), with_thousands(link.tx_dropped),
                    with_thousands(link.tx_errors)));
    row("processor time", fmt::format("{:>15.3f} s", summary.cpu_s));
    out_ << std::flush;
  }

  // Errors are talk and go to stderr, which is the caller's; here one only ends the summary's
  // story.
  void error(const Error& error, int) override {
    if (error_.empty()) error_ = one_line(error.message());
  }
  void finish() override { out_ << std::flush; }

private:
  void row(std::string_view label, std::string_view value) {
    fmt::print(out_, "  {:<16}{}\n", label, value);
  }
  void count(std::string_view label, std::uint64_t value, std::string_view rest) {
    row(label, fmt::format("{:>15} {}", with_thousands(value), rest));
  }

  void print_losses(const stats::ReflectSummary& summary) {
    const stats::ReflectCounters& c = summary.total.sum;
    std::string causes = "frames on their way back";
    for (const auto& [number, frames] : summary.errnos)
      causes += fmt::format(", {}: {}", errno_name(number), with_thousands(frames));
    count("driver refused", c.dropped, causes);
    if (c.untold != 0)
      count("not counted", c.untold,
            fmt::format("sent back, of streams beyond the {} that are told apart",
                        with_thousands(XTG_REFLECT_STREAMS)));
    for (std::size_t i = 0; i < kRefusals.size(); i++)
      if (c.refused[i] != 0)
        count(i == XTG_REFLECT_RATE ? "dropped" : "not sent back", c.refused[i], kRefusals[i].text);
  }

  void print_streams(const std::vector<stats::ReflectStream>& streams) {
    for (std::size_t i = 0; i < std::min(streams.size(), kToldStreams); i++)
      row(i == 0 ? "streams" : "",
          fmt::format("{}: {} packets{}", stream_words(streams[i].name),
                      with_thousands(streams[i].frames),
                      streams[i].announced == 0
                          ? ""
                          : fmt::format(", {}", counted(streams[i].announced, "announcement"))));
    if (streams.size() > kToldStreams)
      row("", fmt::format("... and {} more", with_thousands(streams.size() - kToldStreams)));
  }

  std::ostream& out_;
  Notes notes_;
  std::string interface_;
  std::string error_;
};

} // namespace

std::unique_ptr<ReflectReporter> make_reflect_text(std::ostream& out, std::ostream& err) {
  return std::make_unique<Text>(out, err);
}

std::string why_nothing(const std::string& interface, const stats::ReflectCounters& counters) {
  if (counters.sent != 0)
    return fmt::format("{} refused all {} on their way back", interface,
                       counted(counters.sent, "test frame"));
  const auto most = std::ranges::max_element(counters.refused);
  if (*most == 0)
    return fmt::format("no test frame arrived on {}; {} passed", interface,
                       counted(counters.passed, "other frame"));
  return fmt::format("no test frame was sent back on {}; {} came {}", interface,
                     with_thousands(*most),
                     kRefusals[static_cast<std::size_t>(most - counters.refused.begin())].text);
}

} // namespace xtg::report
