// SPDX-License-Identifier: BSD-2-Clause
// Text report of `udp`: a head, one line of fixed columns per interval, a summary.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/streams.h"
#include "report/to_text.h"

namespace xtg::report {
namespace {

bool has_signature(const plan::Plan& plan) {
  return std::any_of(plan.streams.begin(), plan.streams.end(), [](const plan::StreamPlan& stream) {
    return stream.frame.signature != packet::SignatureForm::None;
  });
}

std::string_view announced(const plan::Plan& plan) {
  if (!plan.announce) return "";
  return plan.spec.key ? ", announced with a key" : ", announced";
}

void print_target(Page& page, const stats::Summary& summary) {
  page.row("target", target_text(summary.total));
  if (!summary.shortfall.empty()) page.row("shortfall", one_line(summary.shortfall));
}

void print_release_delay(Page& page, const stats::Histogram& release_delay) {
  page.row("release delay", fmt::format("p50 {} ns  p90 {} ns  p99 {} ns  p99.9 {} ns  max {} ns",
                                        with_thousands(release_delay.quantile(0.5)),
                                        with_thousands(release_delay.quantile(0.9)),
                                        with_thousands(release_delay.quantile(0.99)),
                                        with_thousands(release_delay.quantile(0.999)),
                                        with_thousands(release_delay.max())));
}

/// "NO_SOCKET 812,331, ...": what the stack did not want, and why.
std::string stack_drops_text(const std::map<std::string, std::uint64_t>& drops) {
  std::string text;
  for (const auto& [reason, frames] : drops)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, with_thousands(frames));
  return text;
}

void print_threads(Page& page, const std::vector<int>& cpus, const stats::Summary& summary) {
  for (std::size_t i = 0; i < summary.total.workers.size(); ++i) {
    const stats::TxCounters& w = summary.total.workers[i];
    std::string text = fmt::format("{:>15} attempts", with_thousands(w.attempts));
    // Link counters are not by thread.
    if (summary.source == stats::CountSource::Tracepoint)
      text += fmt::format("  {} accepted  {} driver drops  {} redirect errors",
                          with_thousands(w.accepted), with_thousands(w.driver_drops),
                          with_thousands(w.redirect_errors));
    text += fmt::format("  {} missed slots", with_thousands(w.skipped_slots));
    page.row(i < cpus.size() ? fmt::format("thread {} CPU {}", i, cpus[i])
                             : fmt::format("thread {}", i),
             text);
  }
}

} // namespace

void to_text(Page& page, const UdpBegin& begin) {
  const auto& [plan, info] = begin;
  fmt::print(page.out, "sending on {} ({}), {} thread{} on CPU {}", begin.plan.iface.name,
             plan.iface.driver.empty() ? "driver unknown" : plan.iface.driver,
             begin.plan.cpus.size(), begin.plan.cpus.size() == 1 ? "" : "s",
             cpu_list(begin.plan.cpus));
  if (plan.duration) fmt::print(page.out, ", for {}", format_duration(*plan.duration));
  page.out << '\n';
  if (has_signature(plan)) fmt::print(page.out, "session {:08x}{}\n", plan.run_id, announced(plan));
  for (const plan::StreamPlan& stream : plan.streams)
    page.out << stream_text(stream) << '\n';
  page.out << source_text(begin.plan.iface.name, info, plan.via) << '\n';
  page.out << std::flush;
  page.notes.emit(plan.notes);
}

void to_text(Page& page, const UdpBegin& begin, const stats::Sample& s) {
  fmt::print(page.out, "[{:>7.2f}s] {}  {:>7} err/s  {:>11} xmit/s  {:>12} L1  {:>12} L2", s.end_s,
             begin.plan.iface.name, thousands(s.err_pps), thousands(s.xmit_pps),
             prefixed(s.l1_bps, "bit/s"), prefixed(s.l2_bps, "bit/s"));
  if (s.target_pps) fmt::print(page.out, "  target {}", prefixed(*s.target_pps, "pps"));
  page.out << '\n';
  for (const std::string& line : interval_lines(s, stream_facts(begin.plan)))
    page.out << line << '\n';
  page.out << std::flush;
}

std::string all_sent_text(const stats::TxCounters& tx, plan::TxPath via) {
  if (tx.queue_drops + tx.queued == 0) return "all packets sent";
  return fmt::format(
      "all packets handed over, {} dropped by the {}{}", with_thousands(tx.queue_drops),
      via == plan::TxPath::Receive ? "CPU's backlog" : "queueing discipline",
      tx.queued == 0 ? "" : fmt::format(", {} still queued", with_thousands(tx.queued)));
}

void to_text(Page& page, const UdpBegin& begin, const stats::Summary& summary) {
  const stats::Sample& total = summary.total;
  fmt::print(page.out, "\nsummary of {}\n", begin.plan.iface.name);
  page.ended(end_text(summary.end, all_sent_text(total.tx, begin.plan.via)));
  page.row("duration", fmt::format("{:>15.3f} s", total.end_s - total.start_s));
  page.count("attempts", total.tx.attempts);
  page.count("accepted", total.tx.accepted);
  page.count("driver drops", total.tx.driver_drops);
  page.count("redirect errors", total.tx.redirect_errors);
  if (begin.plan.via != plan::TxPath::Xdp)
    page.count(begin.plan.via == plan::TxPath::Tc ? "qdisc drops" : "backlog drops",
               total.tx.queue_drops);
  if (total.tx.queued != 0) page.count("still queued", total.tx.queued);
  if (total.tx.resent != 0) page.count("sent again", total.tx.resent);
  page.count("missed slots", total.tx.skipped_slots);
  if (total.tx.nomem_retries != 0) page.count("memory retries", total.tx.nomem_retries);
  for (const auto& [number, frames] : summary.errnos)
    page.row("errno", fmt::format("{:>15}  {} ({})", with_thousands(frames), errno_name(number),
                                  errno_text(number)));
  if (const std::string drops = stack_drops_text(summary.stack_drops); !drops.empty())
    page.row("stack drops", drops);
  page.row("mean rate",
           fmt::format("{:>15} xmit/s  {} L1  {} L2", thousands(total.xmit_pps),
                       prefixed(total.l1_bps, "bit/s"), prefixed(total.l2_bps, "bit/s")));
  if (total.target_pps) print_target(page, summary);
  if (summary.release_delay) print_release_delay(page, *summary.release_delay);
  const std::vector<StreamFacts> facts = stream_facts(begin.plan);
  const std::vector<std::string> texts = summary_texts(total, facts);
  for (std::size_t i = 0; i < texts.size(); i++)
    page.row(stream_label(facts, i), texts[i]);
  if (total.workers.size() > 1) print_threads(page, begin.plan.cpus, summary);
  page.row("first frame", fmt::format("{:>15.3f} s after the start", summary.first_frame_s));
  page.row("processor time", fmt::format("{:>15.3f} s", summary.cpu_s));
  page.notes.emit(summary.notes);
  page.out << std::flush;
}

} // namespace xtg::report
