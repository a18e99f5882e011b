// SPDX-License-Identifier: BSD-2-Clause
// `rx` for people: a head, one line of fixed columns per interval, a summary.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/notes.h"
#include "report/rx_announce.h"
#include "report/rx_mirror.h"
#include "report/rx_report.h"
#include "report/rx_words.h"
#include "report/tcp_words.h"

namespace xtg::report {
namespace {

/// Streams that have a line of their own; the others are only counted.
constexpr std::size_t kToldStreams = 16;

std::string_view end_words(stats::EndReason reason) {
  switch (reason) {
  case stats::EndReason::Amount:
    return "all packets that were asked for arrived";
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

std::string lost_words(const stats::RxCounters& c) {
  return fmt::format("{} lost ({})", signed_words(c.lost), percent_words(c.loss_ratio()));
}

/// Of announced streams, what is lost and not between two packets that came.
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
std::string sizes_words(const stats::RxStream& stream) {
  const std::uint64_t shortest = stream.size_min + kFcsBytes, longest = stream.size_max + kFcsBytes;
  return shortest == longest
             ? with_thousands(shortest)
             : fmt::format("{} to {}", with_thousands(shortest), with_thousands(longest));
}

/// "1: 5, 2-3: 1": bursts by their length.
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

std::string tested_words(const stats::RxStream& s) {
  const stats::RxDelay& d = s.delay;
  std::string text =
      fmt::format("{}: {} packets  {}  {} dup  {} reordered  {} too late", stream_words(s.name),
                  with_thousands(s.counters.packets), lost_words(s.counters),
                  with_thousands(s.counters.duplicates), with_thousands(s.counters.reordered),
                  with_thousands(s.counters.too_late));
  if (s.counters.suspect != 0)
    text += fmt::format("  {} suspect", signed_words(s.counters.suspect));
  if (s.clock == stats::RxClock::Differs) return text + "  clock differs";
  return text + fmt::format("  p50 {}  p99 {}  max {} us {}", delay_number(d, d.quantile(0.5)),
                            delay_number(d, d.quantile(0.99)), delay_number(d, d.max),
                            path_words(s.name.path));
}

std::string matched_words(const stats::RxStream& s) {
  if (s.counters.packets == 0) return match_words(s) + ": no packet";
  const std::string text = fmt::format("{}: {}, {} bytes", match_words(s),
                                       counted(s.counters.packets, "packet"), sizes_words(s));
  if (s.arrival.count() == 0) return text;
  return text + fmt::format("  interarrival p50 {}  p99 {}  max {} us",
                            number(s.arrival.quantile(0.5)), number(s.arrival.quantile(0.99)),
                            number(s.arrival.max()));
}

class Text final : public RxReporter {
public:
  Text(std::ostream& out, std::ostream& err) : out_(out), notes_(err) {}

  void begin(const plan::RxPlan& plan, const RunInfo&, std::string_view mode) override {
    const plan::RxSpec& spec = plan.spec;
    interface_ = plan.iface.name;
    window_ = spec.window;
    slots_ = spec.streams;
    observe_ = spec.observe;
    fmt::print(out_, "receiving on {} ({}), {} mode", interface_,
               plan.iface.driver.empty() ? "driver unknown" : plan.iface.driver, mode);
    if (spec.duration) fmt::print(out_, ", for {}", format_duration(*spec.duration));
    if (spec.num_packets) fmt::print(out_, ", up to {}", counted(*spec.num_packets, "packet"));
    fmt::print(out_, "\ntest frames of {}, {}; {}; window {} numbers, {}\n",
               spec.session ? fmt::format("session {:08x}", *spec.session) : "any session",
               spec.port ? fmt::format("UDP port {}", *spec.port) : "any UDP port",
               spec.observe ? "counted and passed on" : "counted and taken",
               with_thousands(window_), counted(slots_, "stream"));
    print_filters(spec);
    out_ << std::flush;
    notes_.tell(plan.notes);
  }

  void announced(const stats::RxSender& sender) override {
    fmt::print(out_, "{}\n", announced_words(sender));
    out_ << std::flush;
  }

  void interval(const stats::RxSample& s) override {
    const stats::RxDelay& d = s.delay;
    const bool unknown = only_matched(s.streams);
    const auto known = [unknown](const std::string& text) { return unknown ? "-" : text; };
    fmt::print(
        out_,
        "[{:>7.2f}s] {}  {:>11} pkt/s  {:>12} L1  {:>9} missing  {:>7} dup  {:>9} reordered  "
        "{:>7} p50  {:>7} p99  {:>7} max us {:<5}  {:>7} us jitter\n",
        s.end_s, interface_, thousands(s.pps), prefixed(s.l1_bps, "bit/s"),
        known(signed_words(s.missing)), known(with_thousands(s.sum.duplicates)),
        known(with_thousands(s.sum.reordered)), delay_number(d, d.quantile(0.5)),
        delay_number(d, d.quantile(0.99)), delay_number(d, d.max),
        s.path == stats::RxPath::RoundTrip ? "RTT" : "delay",
        has_variation(s.streams) ? us_number(s.jitter_ns) : "-");
    out_ << std::flush;
  }

  void end(const stats::RxSummary& summary, const std::vector<RxVerdict>& verdicts) override {
    const stats::RxSample& total = summary.total;
    fmt::print(out_, "\nsummary of {}\n", interface_);
    row("ended", error_.empty() ? std::string(end_words(summary.end))
                                : fmt::format("{}: {}", end_words(summary.end), error_));
    row("duration", fmt::format("{:>15.3f} s", total.end_s - total.start_s));
    if (summary.waiting_s >= 0.001)
      row("waiting", fmt::format("{:>15.3f} s besides, without a packet", summary.waiting_s));
    if (total.sum.packets == 0) {
      print_nothing(summary);
      print_streams(summary.streams);
    } else {
      print_counts(summary);
      print_times(summary);
      print_streams(summary.streams);
    }
    print_units(summary);
    print_aside(summary);
    print_kept(summary);
    for (const RxVerdict& verdict : verdicts)
      row("expected",
          fmt::format("{:<6}  {}: {}", verdict.held ? "met" : "MISSED",
                      one_line(verdict.condition.text),
                      verdict.value ? value_words(verdict.condition.what, *verdict.value)
                                    : "not measured"));
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

  void print_filters(const plan::RxSpec& spec) {
    if (spec.match.empty()) return;
    std::vector<std::string> texts;
    for (const packet::Filter& filter : spec.match)
      texts.push_back(fmt::format("'{}'", filter.to_string()));
    filters_ = true;
    fmt::print(out_, "frames without a signature that match {}: counted and {}\n",
               fmt::join(texts, " or "), spec.drop_matched ? "taken" : "passed on");
  }

  void print_nothing(const stats::RxSummary& summary) {
    const stats::RxAside& a = summary.aside;
    const bool seen = a.refused + a.no_slot + a.unknown + a.candidates + a.unsound +
                          (summary.verified ? summary.verified->corrupt : 0) !=
                      0;
    row("received",
        fmt::format("no {} {}; {} passed", filters_ ? "frame that is counted" : "test frame",
                    seen ? "was counted, see below for those that came" : "arrived",
                    counted(summary.total.passed, "other frame")));
    if (summary.all.sent) print_lost(summary);
  }

  void print_counts(const stats::RxSummary& summary) {
    const stats::RxSample& total = summary.total;
    const stats::RxCounters& c = total.sum;
    const stats::RxStream& all = summary.all;
    count("packets", c.packets,
          fmt::format("in {}, of {} bytes", counted(streams_that_came(summary.streams), "stream"),
                      sizes_words(all)));
    row("mean rate", fmt::format("{:>15} pkt/s  {} L1  {} L2", thousands(total.pps),
                                 prefixed(total.l1_bps, "bit/s"), prefixed(total.l2_bps, "bit/s")));
    if (!any_signature(c)) return;
    if (c.matched != 0) count("matched", c.matched, "packets without a signature");
    count("unique", c.unique, "packets");
    print_lost(summary);
    count("duplicates", c.duplicates,
          c.replicated == 0 ? "packets"
                            : fmt::format("copies of {}", counted(c.replicated, "packet")));
    std::string order = "packets";
    if (all.extents != 0)
      order +=
          fmt::format(", overtaken by {:.1f} on average, by {} at most; at most {} us late",
                      all.extent_mean, with_thousands(all.extent_max), number(all.late_max_ns));
    count("reordered", c.reordered, order);
    count("too late", c.too_late,
          fmt::format("packets, behind the window of {} numbers", with_thousands(window_)));
    if (c.suspect != 0)
      row("suspect", fmt::format("{:>15} packets, with a number that no second one confirmed",
                                 signed_words(c.suspect)));
    if (!all.bursts_known) {
      row("loss bursts", "not known: a stream came through more than one queue or CPU");
    } else if (all.bursts == 0) {
      count("loss bursts", 0, "");
    } else {
      count("loss bursts", all.bursts,
            fmt::format("by length {}; the longest {}, outage at most {} us", lengths(all),
                        counted(all.longest_burst, "packet"), number(all.outage_ns)));
    }
  }

  void print_lost(const stats::RxSummary& summary) {
    const stats::RxCounters& c = summary.total.sum;
    const auto& sent = summary.all.sent;
    row("lost", fmt::format("{:>15} packets, {} of {} {}", signed_words(c.lost),
                            percent_words(c.loss_ratio()),
                            with_thousands(sent.value_or(expected_packets(c))),
                            sent          ? "sent"
                            : c.lost <= 0 ? "expected"
                                          : "expected; lost or never sent: not announced"));
    const std::int64_t outside = lost_outside(summary.streams);
    if (outside > 0 && c.packets != 0)
      count("", static_cast<std::uint64_t>(outside),
            "of these before the first or after the last packet received; in no burst");
    if (!summary.all.loss_exact)
      row("", "at least: what left the --window may hold copies from other queues or CPUs");
  }

  void print_times(const stats::RxSummary& summary) {
    const stats::RxStream& all = summary.all;
    const stats::RxSample& total = summary.total;
    const stats::RxDelay& d = total.delay;
    const stats::RxPath path = total.path;
    const auto differing = static_cast<std::uint64_t>(
        std::count_if(summary.streams.begin(), summary.streams.end(),
                      [](const auto& s) { return s.clock == stats::RxClock::Differs; }));
    if (!any_signature(total.sum))
      row(all.sent ? "delay" : "loss and delay", "not known: no packet had a signature");
    else if (d.count == 0)
      row(path_words(path),
          fmt::format("not known: {}", all.clock == stats::RxClock::Differs ? clock_words(all.clock)
                                                                            : "no packet has one"));
    else
      row(path_words(path),
          fmt::format("min {}  mean {}  p50 {}  p90 {}  p99 {}  p99.9 {}  p99.99 {}  "
                      "max {} us",
                      number(d.min), us_number(d.mean), number(d.quantile(0.5)),
                      number(d.quantile(0.9)), number(d.quantile(0.99)), number(d.quantile(0.999)),
                      number(d.quantile(0.9999)), number(d.max)));
    if (d.count != 0 && all.clock == stats::RxClock::Tai) row("clock", clock_words(all.clock));
    if (d.count != 0 && differing != 0)
      row("",
          fmt::format("without {}, whose clock is not this host's", counted(differing, "stream")));
    print_paths(summary);
    if (all.counters.negative != 0)
      count("clock error", all.counters.negative,
            fmt::format("delays below zero, the worst {} us",
                        us_number(static_cast<double>(all.negative_min))));
    if (all.counters.absurd != 0 && all.clock != stats::RxClock::Differs)
      count("absurd", all.counters.absurd,
            "delays of more than an hour, positive or negative: in no delay figure");
    if (d.count != 0)
      row("PDV", fmt::format("p99 {}  p99.9 {}  max {} us above the smallest {}",
                             number(delay_variation(d, 0.99)), number(delay_variation(d, 0.999)),
                             number(delay_variation(d, 1)), path_words(path)));
    if (has_variation(summary.streams)) {
      const auto tested = std::count_if(summary.streams.begin(), summary.streams.end(),
                                        [](const auto& s) { return !s.name.match; });
      row("jitter", fmt::format("{} us{}", us_number(total.jitter_ns),
                                tested > 1 ? ", the largest of the streams" : ""));
      row("IPDV",
          fmt::format("mean {}  max {} us", us_number(all.ipdv_mean_ns), number(all.ipdv_max_ns)));
    }
    if (all.arrival.count() != 0)
      row("interarrival",
          fmt::format("p50 {}  p99 {}  max {} us", number(all.arrival.quantile(0.5)),
                      number(all.arrival.quantile(0.99)), number(all.arrival.max())));
  }

  /// What besides is to be known of the delays of streams that a mirror sent back.
  void print_paths(const stats::RxSummary& summary) {
    const auto streams_that = [&](auto is) {
      return static_cast<std::uint64_t>(
          std::count_if(summary.streams.begin(), summary.streams.end(), is));
    };
    const auto back = streams_that(
        [](const stats::RxStream& s) { return s.name.path == stats::RxPath::RoundTrip; });
    const std::uint64_t kept = streams_that(has_residence);
    if (back != 0 && summary.total.path == stats::RxPath::OneWay)
      row("", fmt::format("without {}, which a mirror sent back", counted(back, "stream")));
    else if (kept != 0 && summary.total.delay.count != 0)
      row("", fmt::format("of {} with the time for which the mirror kept the frames",
                          counted(kept, "stream")));
  }

  void print_streams(const std::vector<stats::RxStream>& streams) {
    // Filters come behind the streams of test frames, and each was asked for by name.
    const auto filters = std::find_if(streams.begin(), streams.end(),
                                      [](const stats::RxStream& s) { return s.name.match; });
    const auto tested = static_cast<std::size_t>(filters - streams.begin());
    std::string_view label = "streams";
    const auto print = [&](std::string_view text) {
      row(label, text);
      label = "";
    };
    for (std::size_t i = 0; i < std::min(tested, kToldStreams); ++i) {
      print(tested_words(streams[i]));
      for (const std::string& line : mirror_words(streams[i]))
        print("  " + line);
    }
    if (tested > kToldStreams)
      print(fmt::format("... and {} more", with_thousands(tested - kToldStreams)));
    for (auto s = filters; s != streams.end(); ++s)
      print(matched_words(*s));
  }

  void print_units(const stats::RxSummary& summary) {
    const auto print = [this](std::string_view what, const std::vector<stats::RxUnit>& units) {
      for (const stats::RxUnit& unit : units)
        count(fmt::format("{} {}", what, unit.number), unit.packets,
              fmt::format("packets, {} passed", counted(unit.passed, "other frame")));
    };
    print("queue", summary.queues);
    print("CPU", summary.cpus);
  }

  void print_aside(const stats::RxSummary& summary) {
    const stats::RxAside& a = summary.aside;
    const auto some = [this](std::string_view label, std::uint64_t value, std::string_view rest) {
      if (value != 0) count(label, value, rest);
    };
    count("passed", summary.total.passed, "frames that are not counted");
    some("refused", a.refused, "test frames of another session or port, passed");
    some("no room", a.no_slot,
         fmt::format("test frames of streams beyond the {} that are told apart, {} uncounted; "
                     "raise --streams",
                     with_thousands(slots_), observe_ ? "passed" : "taken"));
    some("unknown", a.unknown, "test frames of an unknown version or type, passed");
    some("unsound", a.unsound,
         "announcements that are damaged or not by this --key, disregarded and passed");
    some("unheard", a.unheard, "announcements that there was no room for, disregarded");
    some("unconfirmed", a.unconfirmed, "announced runs of which no test frame came, disregarded");
    some("unannounced", a.unannounced, "test frames of other sessions than the announced");
    some("candidates", a.candidates,
         "first frames of streams of which no second one came, uncounted");
    row("interface drops",
        fmt::format("{:>15} dropped  {} missed  {} errors", with_thousands(a.link_dropped),
                    with_thousands(a.link_missed), with_thousands(a.link_errors)));
  }

  void print_kept(const stats::RxSummary& summary) {
    if (summary.verified) {
      count("corrupt", summary.verified->corrupt, "test frames with a wrong checksum, uncounted");
      if (summary.verified->unverified != 0)
        count("unverified", summary.verified->unverified,
              "test frames whose checksum cannot be verified, counted");
    }
    if (summary.samples) row("written", samples_words(*summary.samples));
  }

  std::ostream& out_;
  Notes notes_;
  std::string interface_;
  std::string error_;
  std::uint64_t window_ = 0, slots_ = 0;
  bool observe_ = false, filters_ = false;
};

} // namespace

std::unique_ptr<RxReporter> make_rx_text(std::ostream& out, std::ostream& err) {
  return std::make_unique<Text>(out, err);
}

} // namespace xtg::report
