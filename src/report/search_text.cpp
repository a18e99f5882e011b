// SPDX-License-Identifier: BSD-2-Clause
// `search` for people: a head, a line per trial, and what was found.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/rx_phrases.h"
#include "report/search_parts.h"
#include "report/to_text.h"

namespace xtg::report {
namespace {

bool not_xdp(const SearchSize& size) {
  return size.path && size.path->via != plan::TxPath::Xdp;
}

std::string delay_text(const stats::RxDelay& d) {
  if (d.count == 0) return "not measured";
  const auto at = [&](double q) { return us_number(static_cast<double>(d.quantile(q))); };
  return fmt::format("min {}  mean {}  p50 {}  p90 {}  p99 {}  p99.9 {}  max {} us",
                     us_number(static_cast<double>(d.min)), us_number(d.mean), at(0.5), at(0.9),
                     at(0.99), at(0.999), us_number(static_cast<double>(d.max)));
}

std::string rate_text(double load, const SearchSize& size) {
  return fmt::format("{} pkt/s  {} L1  {} L2", thousands(load),
                     prefixed(load * size.l1_bits, "bit/s"),
                     prefixed(load * size.l2_bits, "bit/s"));
}

/// Why an upper bound is one, where frames were not sent.
constexpr const char* kGenerator =
    "generator-limited: the generator sends no more, the device may pass more";

/// How good the bounds are.
std::string bounds_text(const search::GoalResult& r, const SizeFound& size) {
  const std::string upper = r.upper ? thousands(*r.upper) : std::string{};
  const bool generator = r.limited_by == search::LimitedBy::Generator;
  switch (r.regular) {
  case search::Regular::Yes:
    return fmt::format("below {} pkt/s; {}", upper,
                       generator ? kGenerator : "limited by the device");
  case search::Regular::NoUpper:
    return size.ceiling_is_max
               ? "irregular: no loss up to --max-rate, the device may pass more"
               : "irregular: no loss at the generator's ceiling, the device may pass "
                 "more";
  case search::Regular::NoLower:
    return fmt::format("irregular: {} even at the smallest load, {} pkt/s{}",
                       generator ? "frames are not sent" : "too much loss", upper,
                       generator ? fmt::format("; {}", kGenerator) : "");
  case search::Regular::Unfinished:
    break;
  }
  if (!r.upper) return "unfinished: no upper bound yet";
  return fmt::format("unfinished: below {} pkt/s{}", upper,
                     generator ? fmt::format("; {}", kGenerator) : "");
}

/// What of a latency point is not as usual.
std::string shortened_text(const LatencyFound& found) {
  if (!found.shortened) return {};
  return fmt::format("  (of {} packets in {}: the time limit allowed no more)",
                     with_thousands(found.delay.count), duration_text(found.outcome.duration));
}

void print_size(Page& page, const SizeFound& size) {
  fmt::print(page.out, "\nframes of {} bytes\n", size.frames.size);
  if (not_xdp(size.frames)) page.row("via", path_text(size.frames));
  page.row("ceiling",
           !size.ceiling ? "not measured"
           : size.ceiling_is_max
               ? rate_text(*size.ceiling, size.frames) + "  (--max-rate)"
               : rate_text(*size.ceiling, size.frames) + "  (what the generator reaches)");
  for (const GoalFound& found : size.goals) {
    const search::GoalResult& r = found.result;
    page.row(found.goal.name, r.lower ? rate_text(*r.lower, size.frames)
                              : r.estimate
                                  ? rate_text(*r.estimate, size.frames) +
                                        "  (an estimate from trials shorter than the goal's)"
                                  : "no lower bound found");
    page.row("", bounds_text(r, size));
    if (r.lower && r.throughput != *r.lower)
      page.row("", fmt::format("conditional throughput {} pkt/s", thousands(r.throughput)));
  }
  for (const LatencyFound& found : size.latency)
    page.row(fmt::format("delay at {:.0f} %", found.share * 100),
             delay_text(found.delay) + shortened_text(found));
  for (const double share : size.latency_not_measured)
    page.row(fmt::format("delay at {:.0f} %", share * 100), "not measured: no time was left");
  for (const search::Outcome& point : size.loss_rate)
    page.row("loss rate", fmt::format("{} of {} pkt/s", percent_text(point.loss_ratio()),
                                      thousands(point.load)));
  if (size.bursts)
    page.row("back to back",
             fmt::format("{} searches: mean {:.1f}, min {}, max {}, deviation {:.1f} frames; "
                         "buffer {:.6f} s, corrected {}",
                         size.bursts->searches, size.bursts->mean, size.bursts->least,
                         size.bursts->most, size.bursts->deviation, size.bursts->implied_buffer_s,
                         size.bursts->corrected_buffer_s
                             ? fmt::format("{:.6f} s", *size.bursts->corrected_buffer_s)
                             : "not known"));
}

} // namespace

void to_text(Page& page, const SearchBegin& begin) {
  print_search_head(page.out, begin);
  for (const SearchSize& size : begin.sizes)
    if (not_xdp(size))
      fmt::print(page.out, "  frames of {} bytes via {}\n", size.size, path_text(size));
  fmt::print(page.out, "{:>5} {:<12} {:>8} {:>14} {:>16} {:>7} {:>12} {:>10} {:>9}", "trial",
             "kind", "size", "load pkt/s", "L1", "time", "loss", "unsent", "p99 us");
  for (const search::Goal& goal : plan::goals_of(begin.spec))
    fmt::print(page.out, " {:>10}", goal.name);
  fmt::print(page.out, " {:>7}\n", "left");
  page.out << std::flush;
}

void to_text(Page& page, const SearchBegin&, const SearchTrial& trial) {
  const search::Outcome& o = trial.outcome;
  const double load = o.load == 0 ? trial.rate : o.load;
  fmt::print(page.out, "{:>5} {:<12} {:>8} {:>14} {:>16} {:>7} {:>12} {:>10} {:>9}", trial.number,
             report::name(trial.kind), trial.size, thousands(load),
             prefixed(load * trial.l1_bits, "bit/s"), duration_text(o.duration),
             trial.kind == TrialKind::Ceiling ? "-" : percent_text(o.loss_ratio()),
             with_thousands(o.unsent),
             trial.delay.count == 0 ? "-"
                                    : us_number(static_cast<double>(trial.delay.quantile(0.99))));
  for (const search::Bound bound : trial.bounds)
    fmt::print(page.out, " {:>10}", bound == search::Bound::Undecided ? "?" : report::name(bound));
  if (trial.left_s) fmt::print(page.out, " {:>6.0f}s", *trial.left_s);
  page.out << '\n';
}

void to_text(Page& page, const SearchBegin&, const SearchEnd& end) {
  page.out << "\nsummary\n";
  page.ended(end.summary.end == stats::EndReason::Duration
                 ? "time limit reached"
                 : end_text(end.summary.end, "search complete"));
  page.row("duration",
           fmt::format("{:>15.3f} s, {} trials", end.summary.end_s, end.summary.trials));
  for (const SizeFound& size : end.summary.sizes)
    print_size(page, size);
  if (!end.verdicts.empty()) page.out << "expected\n";
  for (const SearchVerdict& verdict : end.verdicts) {
    const bool bits = verdict.condition.bound.unit == Rate::Unit::Bps;
    page.row(verdict.held ? "met" : "MISSED",
             fmt::format("{}: {}", verdict.condition.text,
                         !verdict.value ? "no lower bound found"
                         : bits         ? prefixed(*verdict.value, "bit/s")
                                        : thousands(*verdict.value) + " pkt/s"));
  }
  page.out << std::flush;
}

} // namespace xtg::report
