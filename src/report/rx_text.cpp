// SPDX-License-Identifier: BSD-2-Clause
// Text report of `rx`: a head, one line of fixed columns per interval, a summary.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/rx_announce.h"
#include "report/rx_reflector.h"
#include "report/to_text.h"
#include "report/rx_phrases.h"
#include "report/tcp_phrases.h"

namespace xtg::report {
namespace {

/// Streams with a line of their own; the others are only counted.
constexpr std::size_t kShownStreams = 16;

std::string_view end_text(stats::EndReason reason) {
  switch (reason) {
  case stats::EndReason::Amount:
    return "all requested packets arrived";
  case stats::EndReason::Duration:
    return "duration reached";
  case stats::EndReason::Interrupted:
    return "interrupted";
  case stats::EndReason::Announced:
    return "the sender announced the end";
  case stats::EndReason::Failed:
    break;
  }
  return "failed";
}

std::string number(std::uint64_t ns) {
  return us_number(static_cast<double>(ns));
}

/// "-" where no delay was measured.
std::string delay_number(const stats::RxDelay& delay, std::uint64_t ns) {
  return delay.count == 0 ? "-" : number(ns);
}

std::string lost_text(const stats::RxCounters& c) {
  return fmt::format("{} lost ({})", signed_text(c.lost), percent_text(c.loss_ratio()));
}

/// Of announced streams: packets lost before the first or after the last one received.
std::int64_t lost_outside(const std::vector<stats::RxStream>& streams) {
  std::int64_t outside = 0;
  for (const stats::RxStream& s : streams) {
    if (!s.sent) continue;
    const std::uint64_t between = s.next_number - s.first_number - s.counters.unique;
    outside += s.counters.lost - static_cast<std::int64_t>(between);
  }
  return outside;
}

/// "64", "64 to 1,518": bytes with FCS
std::string sizes_text(const stats::RxStream& stream) {
  const std::uint64_t shortest = stream.size_min + kFcsBytes, longest = stream.size_max + kFcsBytes;
  return shortest == longest
             ? with_thousands(shortest)
             : fmt::format("{} to {}", with_thousands(shortest), with_thousands(longest));
}

/// "1: 5, 2-3: 1": bursts by length.
std::string lengths(const stats::RxStream& stream) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < stream.burst_class.size(); ++i) {
    if (stream.burst_class[i] == 0) continue;
    const std::uint64_t from = std::uint64_t{1} << i, to = 2 * from - 1;
    std::string range = with_thousands(from);
    if (i + 1 == stream.burst_class.size())
      range += " and more";
    else if (to > from)
      range += fmt::format("-{}", with_thousands(to));
    parts.push_back(fmt::format("{}: {}", range, with_thousands(stream.burst_class[i])));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string tested_text(const stats::RxStream& s) {
  const stats::RxDelay& d = s.delay;
  std::string text =
      fmt::format("{}: {} packets  {}  {} dup  {} reordered  {} too late", stream_text(s.name),
                  with_thousands(s.counters.packets), lost_text(s.counters),
                  with_thousands(s.counters.duplicates), with_thousands(s.counters.reordered),
                  with_thousands(s.counters.too_late));
  if (s.counters.suspect != 0) text += fmt::format("  {} suspect", signed_text(s.counters.suspect));
  if (s.clock == stats::RxClock::Differs) return text + "  clock differs";
  return text + fmt::format("  p50 {}  p99 {}  max {} us {}", delay_number(d, d.quantile(0.5)),
                            delay_number(d, d.quantile(0.99)), delay_number(d, d.max),
                            path_text(s.name.path));
}

std::string matched_text(const stats::RxStream& s) {
  if (s.counters.packets == 0) return match_text(s) + ": no packet";
  std::string text = fmt::format("{}: {}, {} bytes", match_text(s),
                                 counted(s.counters.packets, "packet"), sizes_text(s));
  if (s.arrival.count() == 0) return text;
  return text + fmt::format("  interarrival p50 {}  p99 {}  max {} us",
                            number(s.arrival.quantile(0.5)), number(s.arrival.quantile(0.99)),
                            number(s.arrival.max()));
}

void print_filters(Page& page, const plan::RxSpec& spec) {
  if (spec.match.empty()) return;
  std::vector<std::string> texts;
  for (const packet::Filter& filter : spec.match)
    texts.push_back(fmt::format("'{}'", filter.to_string()));
  fmt::print(page.out, "frames without a signature that match {}: counted and {}\n",
             fmt::join(texts, " or "), spec.drop_matched ? "taken" : "passed on");
}

void print_lost(Page& page, const stats::RxSummary& summary) {
  const stats::RxCounters& c = summary.total.sum;
  const auto& sent = summary.all.sent;
  page.row("lost", fmt::format("{:>15} packets, {} of {} {}", signed_text(c.lost),
                               percent_text(c.loss_ratio()),
                               with_thousands(sent.value_or(expected_packets(c))),
                               sent          ? "sent"
                               : c.lost <= 0 ? "expected"
                                             : "expected; lost or never sent: not announced"));
  const std::int64_t outside = lost_outside(summary.streams);
  if (outside > 0 && c.packets != 0)
    page.count("", static_cast<std::uint64_t>(outside),
               "of these before the first or after the last packet received; in no burst");
  if (!summary.all.loss_exact)
    page.row("", "at least: what left the --window may hold copies from other queues or CPUs");
}

void print_nothing(Page& page, const plan::RxSpec& spec, const stats::RxSummary& summary) {
  const stats::RxUncounted& a = summary.uncounted;
  const bool seen = a.filtered + a.no_slot + a.unknown + a.candidates + a.unsound +
                        (summary.verified ? summary.verified->corrupt : 0) !=
                    0;
  page.row("received",
           fmt::format("no {} {}; {} passed",
                       spec.match.empty() ? "test frame" : "frame that is counted",
                       seen ? "was counted, see below for those that arrived" : "arrived",
                       counted(summary.total.passed, "other frame")));
  if (summary.all.sent) print_lost(page, summary);
}

void print_counts(Page& page, const plan::RxSpec& spec, const stats::RxSummary& summary) {
  const stats::RxSample& total = summary.total;
  const stats::RxCounters& c = total.sum;
  const stats::RxStream& all = summary.all;
  page.count("packets", c.packets,
             fmt::format("in {}, of {} bytes",
                         counted(streams_that_arrived(summary.streams), "stream"),
                         sizes_text(all)));
  page.row("mean rate",
           fmt::format("{:>15} pkt/s  {} L1  {} L2", thousands(total.pps),
                       prefixed(total.l1_bps, "bit/s"), prefixed(total.l2_bps, "bit/s")));
  if (!any_signature(c)) return;
  if (c.matched != 0) page.count("matched", c.matched, "packets without a signature");
  page.count("unique", c.unique, "packets");
  print_lost(page, summary);
  page.count("duplicates", c.duplicates,
             c.replicated == 0 ? "packets"
                               : fmt::format("copies of {}", counted(c.replicated, "packet")));
  std::string order = "packets";
  if (all.extents != 0)
    order += fmt::format(", overtaken by {:.1f} on average, by {} at most; at most {} us late",
                         all.extent_mean, with_thousands(all.extent_max), number(all.late_max_ns));
  page.count("reordered", c.reordered, order);
  page.count("too late", c.too_late,
             fmt::format("packets, below the window of {} numbers", with_thousands(spec.window)));
  if (c.suspect != 0)
    page.row("suspect", fmt::format("{:>15} packets, with a number that no second one confirmed",
                                    signed_text(c.suspect)));
  if (!all.bursts_known) {
    page.row("loss bursts", "not known: a stream arrived through more than one queue or CPU");
  } else if (all.bursts == 0) {
    page.count("loss bursts", 0, "");
  } else {
    page.count("loss bursts", all.bursts,
               fmt::format("by length {}; the longest {}, outage at most {} us", lengths(all),
                           counted(all.longest_burst, "packet"), number(all.outage_ns)));
  }
}

/// Further facts about the delays of reflected streams.
void print_paths(Page& page, const stats::RxSummary& summary) {
  const auto streams_that = [&](auto is) {
    return static_cast<std::uint64_t>(
        std::count_if(summary.streams.begin(), summary.streams.end(), is));
  };
  const auto back = streams_that(
      [](const stats::RxStream& s) { return s.name.path == stats::RxPath::RoundTrip; });
  const std::uint64_t kept = streams_that(has_residence);
  if (back != 0 && summary.total.path == stats::RxPath::OneWay)
    page.row("",
             fmt::format("without {}, which returned from a reflector", counted(back, "stream")));
  else if (kept != 0 && summary.total.delay.count != 0)
    page.row("",
             fmt::format("{} included with the time in the reflector", counted(kept, "stream")));
}

void print_times(Page& page, const stats::RxSummary& summary) {
  const stats::RxStream& all = summary.all;
  const stats::RxSample& total = summary.total;
  const stats::RxDelay& d = total.delay;
  const stats::RxPath path = total.path;
  const auto differing = static_cast<std::uint64_t>(
      std::count_if(summary.streams.begin(), summary.streams.end(),
                    [](const auto& s) { return s.clock == stats::RxClock::Differs; }));
  if (!any_signature(total.sum))
    page.row(all.sent ? "delay" : "loss and delay", "not known: no packet had a signature");
  else if (d.count == 0)
    page.row(path_text(path), fmt::format("not known: {}", all.clock == stats::RxClock::Differs
                                                               ? clock_text(all.clock)
                                                               : "no packet has one"));
  else
    page.row(path_text(path),
             fmt::format("min {}  mean {}  p50 {}  p90 {}  p99 {}  p99.9 {}  p99.99 {}  "
                         "max {} us",
                         number(d.min), us_number(d.mean), number(d.quantile(0.5)),
                         number(d.quantile(0.9)), number(d.quantile(0.99)),
                         number(d.quantile(0.999)), number(d.quantile(0.9999)), number(d.max)));
  if (d.count != 0 && (all.clock == stats::RxClock::Tai || all.clock == stats::RxClock::Offset))
    page.row("clock", clock_text(all.clock));
  if (d.count != 0 && differing != 0)
    page.row("", fmt::format("without {}, whose clock is not this host's",
                             counted(differing, "stream")));
  print_paths(page, summary);
  if (all.counters.negative != 0)
    page.count("clock error", all.counters.negative,
               fmt::format("delays below zero, the worst {} us",
                           us_number(static_cast<double>(all.negative_min))));
  if (all.counters.absurd != 0 && all.clock != stats::RxClock::Differs)
    page.count("absurd", all.counters.absurd,
               "delays of more than an hour, positive or negative: in no delay figure");
  if (d.count != 0)
    page.row("PDV", fmt::format("p99 {}  p99.9 {}  max {} us above the smallest {}",
                                number(delay_variation(d, 0.99)), number(delay_variation(d, 0.999)),
                                number(delay_variation(d, 1)), path_text(path)));
  if (has_variation(summary.streams)) {
    const auto tested = std::count_if(summary.streams.begin(), summary.streams.end(),
                                      [](const auto& s) { return !s.name.match; });
    page.row("jitter", fmt::format("{} us{}", us_number(total.jitter_ns),
                                   tested > 1 ? ", the largest of the streams" : ""));
    page.row("IPDV", fmt::format("mean {}  max {} us", us_number(all.ipdv_mean_ns),
                                 number(all.ipdv_max_ns)));
  }
  if (all.arrival.count() != 0)
    page.row("interarrival",
             fmt::format("p50 {}  p99 {}  max {} us", number(all.arrival.quantile(0.5)),
                         number(all.arrival.quantile(0.99)), number(all.arrival.max())));
}

void print_streams(Page& page, const std::vector<stats::RxStream>& streams) {
  // Filters come after the streams of test frames; each was requested by name.
  const auto filters = std::find_if(streams.begin(), streams.end(),
                                    [](const stats::RxStream& s) { return s.name.match; });
  const auto tested = static_cast<std::size_t>(filters - streams.begin());
  std::string_view label = "streams";
  const auto print = [&](std::string_view text) {
    page.row(label, text);
    label = "";
  };
  for (std::size_t i = 0; i < std::min(tested, kShownStreams); ++i) {
    print(tested_text(streams[i]));
    for (const std::string& line : reflector_text(streams[i]))
      print("  " + line);
  }
  if (tested > kShownStreams)
    print(fmt::format("... and {} more", with_thousands(tested - kShownStreams)));
  for (auto s = filters; s != streams.end(); ++s)
    print(matched_text(*s));
}

void print_units(Page& page, const stats::RxSummary& summary) {
  const auto print = [&page](std::string_view what, const std::vector<stats::RxUnit>& units) {
    for (const stats::RxUnit& unit : units)
      page.count(fmt::format("{} {}", what, unit.number), unit.packets,
                 fmt::format("packets, {} passed", counted(unit.passed, "other frame")));
  };
  print("queue", summary.queues);
  print("CPU", summary.cpus);
}

void print_uncounted(Page& page, const plan::RxSpec& spec, const stats::RxSummary& summary) {
  const stats::RxUncounted& a = summary.uncounted;
  const auto some = [&page](std::string_view label, std::uint64_t value, std::string_view rest) {
    if (value != 0) page.count(label, value, rest);
  };
  page.count("passed", summary.total.passed, "frames that are not counted");
  some("refused", a.filtered, "test frames of another session or port, passed");
  some("no room", a.no_slot,
       fmt::format("test frames of streams beyond the {} that are counted, {} uncounted; "
                   "raise --streams",
                   with_thousands(spec.streams), spec.observe ? "passed" : "taken"));
  some("unknown", a.unknown, "test frames of an unknown version or type, passed");
  some("unsound", a.unsound,
       "announcements that are damaged or not by this --key, ignored and passed");
  some("unheard", a.unheard, "announcements without room for them, ignored");
  some("unconfirmed", a.unconfirmed, "announced runs without a test frame, ignored");
  some("unannounced", a.unannounced, "test frames of sessions that were not announced");
  some("candidates", a.candidates, "first frames of streams without a second frame, uncounted");
  page.row("interface drops",
           fmt::format("{:>15} dropped  {} missed  {} errors", with_thousands(a.link_dropped),
                       with_thousands(a.link_missed), with_thousands(a.link_errors)));
}

void print_kept(Page& page, const stats::RxSummary& summary) {
  if (summary.verified) {
    page.count("corrupt", summary.verified->corrupt,
               "test frames with a wrong checksum, uncounted");
    if (summary.verified->unverified != 0)
      page.count("unverified", summary.verified->unverified,
                 "test frames whose checksum cannot be verified, counted");
  }
  if (summary.samples) page.row("written", samples_text(*summary.samples));
}

} // namespace

void to_text(Page& page, const RxBegin& begin) {
  const plan::RxPlan& plan = begin.plan;
  const plan::RxSpec& spec = plan.spec;
  fmt::print(page.out, "receiving on {} ({}), {} mode", begin.plan.iface.name,
             plan.iface.driver.empty() ? "driver unknown" : plan.iface.driver, begin.mode);
  if (spec.duration) fmt::print(page.out, ", for {}", format_duration(*spec.duration));
  if (spec.num_packets) fmt::print(page.out, ", up to {}", counted(*spec.num_packets, "packet"));
  fmt::print(page.out, "\ntest frames of {}, {}; {}; window {} numbers, {}\n",
             spec.run_id ? fmt::format("session {:08x}", *spec.run_id) : "any session",
             spec.port ? fmt::format("UDP port {}", *spec.port) : "any UDP port",
             spec.observe ? "counted and passed on" : "counted and taken",
             with_thousands(spec.window), counted(spec.streams, "stream"));
  print_filters(page, spec);
  page.out << std::flush;
  page.notes.emit(plan.notes);
}

void to_text(Page& page, const Announced& announced) {
  fmt::print(page.out, "{}\n", announced_text(announced.sender));
  page.out << std::flush;
}

void to_text(Page& page, const RxBegin& begin, const stats::RxSample& s) {
  const stats::RxDelay& d = s.delay;
  const bool unknown = only_matched(s.streams);
  const auto known = [unknown](const std::string& text) { return unknown ? "-" : text; };
  fmt::print(page.out,
             "[{:>7.2f}s] {}  {:>11} pkt/s  {:>12} L1  {:>9} missing  {:>7} dup  {:>9} reordered  "
             "{:>7} p50  {:>7} p99  {:>7} max us {:<5}  {:>7} us jitter\n",
             s.end_s, begin.plan.iface.name, thousands(s.pps), prefixed(s.l1_bps, "bit/s"),
             known(signed_text(s.missing)), known(with_thousands(s.sum.duplicates)),
             known(with_thousands(s.sum.reordered)), delay_number(d, d.quantile(0.5)),
             delay_number(d, d.quantile(0.99)), delay_number(d, d.max),
             s.path == stats::RxPath::RoundTrip ? "RTT" : "delay",
             has_variation(s.streams) ? us_number(s.jitter_ns) : "-");
  page.out << std::flush;
}

void to_text(Page& page, const RxBegin& begin, const RxEnd& end) {
  const auto& [summary, verdicts] = end;
  const stats::RxSample& total = summary.total;
  fmt::print(page.out, "\nsummary of {}\n", begin.plan.iface.name);
  page.ended(end_text(summary.end));
  page.row("duration", fmt::format("{:>15.3f} s", total.end_s - total.start_s));
  if (summary.waiting_s >= 0.001)
    page.row("waiting", fmt::format("{:>15.3f} s more, without a packet", summary.waiting_s));
  if (total.sum.packets == 0) {
    print_nothing(page, begin.plan.spec, summary);
    print_streams(page, summary.streams);
  } else {
    print_counts(page, begin.plan.spec, summary);
    print_times(page, summary);
    print_streams(page, summary.streams);
  }
  print_units(page, summary);
  print_uncounted(page, begin.plan.spec, summary);
  print_kept(page, summary);
  for (const RxVerdict& verdict : verdicts)
    page.row("expected",
             fmt::format("{:<6}  {}: {}", verdict.held ? "met" : "MISSED",
                         one_line(verdict.condition.text),
                         verdict.value ? value_text(verdict.condition.what, *verdict.value)
                                       : "not measured"));
  page.row("processor time", fmt::format("{:>15.3f} s", summary.cpu_s));
  page.out << std::flush;
}

} // namespace xtg::report
