// SPDX-License-Identifier: BSD-2-Clause
// Text report of a run that sees both ends: a head, a line per flow and interval, the ledgers.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/to_text.h"
#include "report/rx_reflector.h"
#include "report/rx_phrases.h"
#include "report/streams.h"
#include "report/tcp_phrases.h"

namespace xtg::report {
namespace {

using stats::Limit;

std::string delay_number(const stats::RxDelay& delay, std::uint64_t ns) {
  return delay.count == 0 ? "-" : us_number(static_cast<double>(ns));
}

std::string share(std::uint64_t part, std::uint64_t of) {
  return of == 0
             ? "-"
             : fmt::format("{:.4f} %", 100 * static_cast<double>(part) / static_cast<double>(of));
}

void column(Page& page, std::string_view label, std::uint64_t value, std::uint64_t of,
            std::string_view rest = {}) {
  page.row(label, fmt::format("{:>15}  {:>10}{}{}", with_thousands(value), share(value, of),
                              rest.empty() ? "" : "  ", rest));
}

/// The flows of a sender that have packets; if none has, the first one.
bool worth_a_line(Page& page, const stats::Flow<stats::RxSample>& flow,
                  const stats::PortTestSample& sample) {
  const auto of_sender = [&](const auto& seen) { return seen.first == flow.from; };
  if (flow.rx.sum.packets != 0) page.seen.insert({flow.from, flow.to});
  if (page.seen.contains({flow.from, flow.to})) return true;
  const auto first = std::ranges::find_if(
      sample.flows, [&](const auto& other) { return other.from == flow.from; });
  return std::ranges::none_of(page.seen, of_sender) && first->to == flow.to &&
         std::ranges::none_of(sample.flows, [&](const auto& other) {
           return other.from == flow.from && other.rx.sum.packets != 0;
         });
}

std::string flow_name(const plan::PortTestPlan& plan, std::size_t from, std::size_t to) {
  std::size_t width = 0;
  for (const plan::PortPlan& port : plan.ports)
    width = std::max(width, port.iface.name.size());
  return fmt::format("{:>{}} -> {:<{}}", plan.ports[from].iface.name, width,
                     plan.ports[to].iface.name, width);
}

void print_sender(Page& page, const plan::Plan& plan, const RunInfo& info) {
  for (const plan::StreamPlan& stream : plan.streams)
    fmt::print(page.out, "  {}\n", stream_text(stream));
  if (plan.duration) fmt::print(page.out, "  for {}\n", format_duration(*plan.duration));
  if (!info.source_note.empty()) fmt::print(page.out, "  {}\n", source_text(plan.iface.name, info));
}

/// Who did not take the frames that are in the ledger's row "refused".
std::string refused_text(const stats::Ledger& l) {
  if (l.queue_drops == 0) return "by the sender's driver";
  if (l.queue_drops == l.driver_drops) return "dropped or held by the sender's queueing discipline";
  return fmt::format("{} of them dropped or held by the sender's queueing discipline, the rest by "
                     "its driver",
                     with_thousands(l.queue_drops));
}

void print_ledger(Page& page, const plan::PortPlan& port, const stats::Ledger& l,
                  const stats::Summary& tx) {
  fmt::print(page.out, "ledger of {}\n", port.iface.name);
  column(page, "asked for", l.asked, l.asked);
  column(page, "not sent", l.not_sent, l.asked,
         port.send && port.send->streams.front().pacing ? "missed slots" : "time was over");
  column(page, "refused", l.driver_drops, l.asked, refused_text(l));
  column(page, "lost", l.lost, l.asked, "on the way");
  column(page, "dropped", l.dropped, l.asked, "by the receiving interface");
  column(page, "received", l.received, l.asked);
  column(page, "duplicated", l.duplicated, l.asked,
         l.copies == 0 ? ""
                       : fmt::format("{} beyond the first of each", counted(l.copies, "packet")));
  column(page, "late", l.late, l.asked, "below the window");
  if (tx.total.target_pps) page.row("target", target_text(tx.total));
  if (!tx.shortfall.empty()) page.row("shortfall", one_line(tx.shortfall));
  page.row("verdict", limit_text(l));
  if (!l.exact)
    page.row("",
             "part of it has left the --window, where copies at several ports, queues or CPUs are "
             "not distinguished: more may be lost");
}

void print_flow(Page& page, const plan::PortTestPlan& plan,
                const stats::Flow<stats::RxSummary>& flow, bool loss_known) {
  const stats::RxSummary& rx = flow.rx;
  const stats::RxCounters& c = rx.total.sum;
  const stats::RxDelay& d = rx.total.delay;
  fmt::print(page.out, "{} -> {}\n", plan.ports[flow.from].iface.name,
             plan.ports[flow.to].iface.name);
  page.row("received",
           fmt::format("{:>15} packets  {} pkt/s  {} L1  {} L2", with_thousands(c.packets),
                       thousands(rx.total.pps), prefixed(rx.total.l1_bps, "bit/s"),
                       prefixed(rx.total.l2_bps, "bit/s")));
  if (!loss_known)
    page.row("loss bursts", fmt::format("{:>15}", "-"));
  else if (rx.all.bursts_known && rx.all.bursts != 0)
    page.row("loss bursts",
             fmt::format("{:>15}, the longest of {}; longest outage {} us",
                         with_thousands(rx.all.bursts), counted(rx.all.longest_burst, "packet"),
                         us_number(static_cast<double>(rx.all.outage_ns))));
  if (c.reordered != 0)
    page.row("reordered", fmt::format("{:>15}, by {} packets at most", with_thousands(c.reordered),
                                      with_thousands(rx.all.extent_max)));
  if (d.count != 0) {
    const auto at = [&](double q) { return us_number(static_cast<double>(d.quantile(q))); };
    page.row(path_text(rx.total.path),
             fmt::format("min {}  mean {}  p50 {}  p90 {}  p99 {}  p99.9 {}  p99.99 {}  max {} us",
                         us_number(static_cast<double>(d.min)), us_number(d.mean), at(0.5), at(0.9),
                         at(0.99), at(0.999), at(0.9999), us_number(static_cast<double>(d.max))));
  }
  if (has_variation(rx.streams)) page.row("jitter", us_number(rx.total.jitter_ns) + " us");
  for (const stats::RxStream& stream : rx.streams) {
    const auto lines = reflector_text(stream);
    for (std::size_t i = 0; i < lines.size(); ++i)
      page.row(i == 0 ? "reflector" : "", lines[i]);
  }
}

/// With several streams: what each one's sender's driver accepted and what arrived.
void print_streams(Page& page, const plan::Plan& sender, const stats::Summary& tx,
                   const std::vector<stats::RxStream>& received, stats::RxPath path) {
  const std::vector<StreamFacts> facts = stream_facts(sender);
  for (std::size_t i = 0; tx.total.streams.size() > 1 && i < tx.total.streams.size(); ++i) {
    const auto rx = std::ranges::find_if(
        received, [i](const stats::RxStream& s) { return !s.name.match && s.name.stream == i; });
    std::string text = fmt::format("{:>15} sent", with_thousands(tx.total.streams[i].packets));
    if (rx == received.end()) {
      text += "  none received";
    } else {
      const stats::RxDelay& d = rx->delay;
      text += fmt::format("  {} received", with_thousands(rx->counters.unique));
      if (d.count != 0)
        text += fmt::format("  {} p50 {}  p99 {}  max {} us", path_text(path),
                            delay_number(d, d.quantile(0.5)), delay_number(d, d.quantile(0.99)),
                            delay_number(d, d.max));
    }
    page.row(stream_label(facts, i), text);
  }
}

std::string verdict_text(const RxVerdict& verdict) {
  if (!verdict.value) return "not measured";
  return verdict.condition.share_of != 0 || verdict.condition.of_asked
             ? percent_text(*verdict.value)
             : value_text(verdict.condition.what, *verdict.value);
}

} // namespace

void to_text(Page& page, const PortTestBegin& begin) {
  const auto& [plan, info, modes] = begin;
  for (std::size_t i = 0; i < plan.ports.size(); ++i) {
    const plan::PortPlan& port = plan.ports[i];
    fmt::print(page.out, "{} ({})", port.iface.name,
               port.iface.driver.empty() ? "driver unknown" : port.iface.driver);
    if (port.send)
      fmt::print(page.out, " sends, {} on CPU {}", counted(port.send->cpus.size(), "thread"),
                 cpu_list(port.send->cpus));
    if (port.receive)
      fmt::print(page.out, "{} receives, {} mode", port.send ? " and" : "", modes[i]);
    page.out << '\n';
    if (port.send) print_sender(page, *port.send, info);
  }
  page.out << std::flush;
  for (const plan::PortPlan& port : plan.ports) {
    if (port.send) page.notes.emit(port.send->notes);
    if (port.receive) page.notes.emit(port.receive->notes);
  }
}

void to_text(Page& page, const PortTestBegin& begin, const stats::PortTestSample& sample) {
  std::set<std::size_t> printed; // senders whose loss has been printed
  for (const auto& flow : sample.flows) {
    if (!worth_a_line(page, flow, sample)) continue;
    const stats::RxSample& rx = flow.rx;
    const stats::RxDelay& d = rx.delay;
    const auto& tx = sample.tx[flow.from];
    fmt::print(page.out,
               "[{:>7.2f}s] {}  {:>11} xmit/s  {:>11} pkt/s  {:>12} L1  {:>9} missing  {:>7} p50  "
               "{:>7} p99  {:>7} max us {}\n",
               sample.end_s, flow_name(begin.plan, flow.from, flow.to),
               tx ? thousands(tx->xmit_pps) : "-", thousands(rx.pps), prefixed(rx.l1_bps, "bit/s"),
               printed.insert(flow.from).second ? signed_text(sample.missing[flow.from]) : "-",
               delay_number(d, d.quantile(0.5)), delay_number(d, d.quantile(0.99)),
               delay_number(d, d.max), rx.path == stats::RxPath::RoundTrip ? "RTT" : "delay");
  }
  page.out << std::flush;
}

void to_text(Page& page, const PortTestBegin& begin, const PortTestEnd& end) {
  const auto& [summary, verdicts] = end;
  page.out << "\nsummary\n";
  stats::TxCounters tx;
  for (const auto& port : summary.ports)
    if (port.tx) tx += port.tx->total.tx;
  page.ended(end_text(summary.end, all_sent_text(tx, plan::TxPath::Auto)));
  page.row("duration", fmt::format("{:>15.3f} s", summary.end_s - summary.start_s));
  page.row("processor time", fmt::format("{:>15.3f} s", summary.cpu_s));
  for (std::size_t i = 0; i < summary.ports.size(); ++i)
    if (summary.ports[i].ledger)
      print_ledger(page, begin.plan.ports[i], *summary.ports[i].ledger, *summary.ports[i].tx);
  for (const auto& flow : summary.flows)
    if (flow.rx.total.sum.packets != 0 || summary.flows.size() == 1) {
      print_flow(page, begin.plan, flow, stats::loss_by_flow(summary, flow.from));
      print_streams(page, *begin.plan.ports[flow.from].send, *summary.ports[flow.from].tx,
                    flow.rx.streams, flow.rx.total.path);
    }
  if (!verdicts.empty()) page.out << "expected\n";
  for (const RxVerdict& verdict : verdicts)
    page.row(verdict.held ? "met" : "MISSED",
             fmt::format("{}: {}{}", one_line(verdict.condition.text), verdict_text(verdict),
                         verdict.implied ? " of the rate or amount: generator-limited; "
                                           "unsent<PERCENT allows more"
                                         : ""));
  for (const stats::PortSummary& port : summary.ports)
    if (port.tx) page.notes.emit(port.tx->notes);
  page.out << std::flush;
}

std::string_view name(Limit limit) {
  switch (limit) {
  case Limit::None:
    return "none";
  case Limit::Generator:
    return "generator";
  case Limit::Receiver:
    return "receiver";
  case Limit::Path:
    return "path";
  }
  return "none";
}

std::string refused_text(const stats::Ledger& l) {
  if (l.queue_drops == 0) return "by the sender's driver";
  return fmt::format("by the sender's driver, {} of them by its queueing discipline",
                     with_thousands(l.queue_drops));
}

std::string limit_text(const stats::Ledger& l) {
  switch (l.limit) {
  case Limit::None:
    return "everything requested was sent and arrived";
  case Limit::Generator:
    if (l.not_sent + l.driver_drops == 0 && l.slow)
      return "generator-limited: all of it was sent and arrived, but slower than requested";
    if (l.not_sent + l.driver_drops == 0)
      return "generator-limited: sent at full speed, and all of it arrived";
    return fmt::format("generator-limited: {} of {} not sent, {} refused by the driver{}",
                       with_thousands(l.not_sent), counted(l.asked, "packet"),
                       with_thousands(l.driver_drops - std::min(l.queue_drops, l.driver_drops)),
                       l.queue_drops == 0
                           ? ""
                           : fmt::format(", {} dropped or held by the queueing discipline",
                                         with_thousands(l.queue_drops)));
  case Limit::Receiver:
    return fmt::format("receiver-limited: {} dropped by the receiving interface",
                       counted(l.dropped, "packet"));
  case Limit::Path:
    return fmt::format("path-limited: {} lost on the way{}", counted(l.lost, "packet"),
                       l.late == 0 ? "" : fmt::format(", {} too late", with_thousands(l.late)));
  }
  return {};
}

} // namespace xtg::report
