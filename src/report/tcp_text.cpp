// SPDX-License-Identifier: BSD-2-Clause
// `tcp` for people: a head, one line of fixed columns per interval, a summary.
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "report/describe.h"
#include "report/to_text.h"
#include "report/tcp_phrases.h"

namespace xtg::report {
namespace {

/// Flows that are told of one by one; the others are only counted.
constexpr std::size_t kShownFlows = 8;
/// A time is worth a line from this share of the flows' time on.
constexpr double kTold = 0.01;

std::string flow_text(const stats::FlowState& flow) {
  std::string text = fmt::format("flow {}", flow.number);
  if (flow.src_port != 0) text += fmt::format(" (port {})", flow.src_port);
  text += fmt::format(" {}", words(flow.end));
  return flow.detail.empty() ? text : fmt::format("{}: {}", text, one_line(flow.detail));
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// "1,000 after SACK, 2 after a time-out": the causes that there are.
std::string causes(const stats::FlowCounters& c) {
  constexpr std::array<std::pair<stats::RetransmitCause, std::string_view>, 3> kCauses = {
      {{stats::RetransmitCause::Sack, "found lost by SACK"},
       {stats::RetransmitCause::Rto, "after a time-out"},
       {stats::RetransmitCause::TailProbe, "as tail probes"}}};
  std::vector<std::string> parts;
  for (const auto& [cause, text] : kCauses)
    if (const std::uint64_t count = c.retransmit_causes[static_cast<std::size_t>(cause)];
        count != 0)
      parts.push_back(fmt::format("{} {}", with_thousands(count), text));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string compared(const stats::TcpSample& s, double bps) {
  return s.compared == 0 ? "-" : prefixed(bps, "bit/s");
}

void print_data(Page& page, const stats::FlowCounters& c) {
  page.count("acknowledged", c.bytes_acked, "bytes");
  page.count("sent", c.bytes_sent, fmt::format("bytes in {}", counted(c.segments_sent, "segment")));
  std::string again =
      fmt::format("bytes in {} ({:.3f} % of the bytes sent)", counted(c.retransmitted(), "segment"),
                  100 * share(c.retransmitted_bytes(), c.bytes_sent));
  if (c.retransmitted() != 0) again += ": " + causes(c);
  page.count("retransmitted", c.retransmitted_bytes(), again);
  constexpr auto kLocal = static_cast<std::size_t>(stats::RetransmitCause::Local);
  if (c.retransmit_causes[kLocal] != 0)
    page.count("local drops", c.retransmit_cause_bytes[kLocal],
               fmt::format("bytes in {}: dropped by the driver of this host and sent again",
                           counted(c.retransmit_causes[kLocal], "segment")));
  if (c.spurious != 0)
    page.count("spurious", c.spurious, "segments that the far end had already (DSACK)");
  if (c.ecn_reductions != 0) page.count("ECN", c.ecn_reductions, "window reductions for ECN marks");
  if (c.bytes_received != 0)
    page.count("received", c.bytes_received, "bytes, acknowledged and dropped");
  if (c.bad_segments != 0)
    page.count("bad segments", c.bad_segments, "from the far end, not acceptable");
}

void print_rtt(Page& page, const stats::TcpSummary& summary) {
  const stats::Histogram& rtt = summary.rtt;
  const std::uint32_t least = smallest_rtt(summary.flows);
  page.row("RTT", fmt::format("min {}  p50 {}  p99 {}  max {}",
                              least == 0 ? "-" : us_text(std::uint64_t{least} * 1000),
                              us_text(rtt.quantile(0.5)), us_text(rtt.quantile(0.99)),
                              us_text(rtt.max())));
}

void print_waits(Page& page, const stats::TcpSummary& summary) {
  const stats::TcpSample& total = summary.total;
  const double flow_time =
      (total.end_s - total.start_s) * static_cast<double>(summary.flows.size());
  const auto wait = [&](std::string_view label, std::uint64_t us, std::string_view rest) {
    const double spent = static_cast<double>(us) / 1e6;
    if (us == 0 || spent < kTold * flow_time) return;
    page.row(label, fmt::format("{:>15.3f} s, {:.1f} % of the flows' time: {}", spent,
                                flow_time > 0 ? 100 * spent / flow_time : 0, rest));
  };
  wait("window limited", total.sum.window_limited_us, "the far end's window was full");
  wait("zero window", total.sum.zero_window_us, "of it, the window was closed");
  wait("in flight", total.sum.board_limited_us,
       fmt::format("{} bytes were, the most of a flow that this program keeps track of",
                   with_thousands(summary.most_in_flight)));
  wait("idle", total.sum.idle_us, "nothing in flight and nothing to send");
}

void print_frames(Page& page, const stats::TcpSummary& summary) {
  const stats::TxCounters& tx = summary.total.tx;
  page.row("frames",
           fmt::format("{:>15} attempts  {} accepted  {} driver drops  {} redirect errors",
                       with_thousands(tx.attempts), with_thousands(tx.accepted),
                       with_thousands(tx.driver_drops), with_thousands(tx.redirect_errors)));
  if (tx.skipped_slots != 0)
    page.count("missed slots", tx.skipped_slots,
               "segments of the schedule: no flow could send one in time");
  if (tx.nomem_retries != 0) page.count("memory retries", tx.nomem_retries, "kernel calls");
  for (const auto& [number, frames] : summary.errnos)
    page.row("errno", fmt::format("{:>15}  {} ({})", with_thousands(frames), errno_name(number),
                                  errno_text(number)));
}

void print_not_taken(Page& page, const stats::TcpSummary& summary) {
  if (summary.queue_drops != 0)
    page.count("dropped here", summary.queue_drops,
               "segments from the far end: a thread fell behind, and later ones were kept");
  if (summary.wrong_checksums != 0)
    page.count("damaged", summary.wrong_checksums,
               "segments from the far end with a wrong checksum: ignored");
}

void print_seen(Page& page, const stats::TcpSummary& summary) {
  const stats::TcpSeen& seen = summary.seen;
  if (seen.fragments != 0)
    page.count("fragments", seen.fragments,
               "of IP packets from the far end; XDP does not reassemble them");
  if (seen.refused_headers != 0)
    page.count("refused", seen.refused_headers,
               "segments, for their IP options or extension headers");
  if (summary.path_mtu)
    page.count("path MTU", *summary.path_mtu,
               fmt::format("bytes, learnt on the way ({})", counted(seen.too_big, "ICMP error")));
  if (seen.icmp_errors != 0)
    page.count("ICMP errors", seen.icmp_errors, "for our segments: " + icmp_text(seen));
}

void print_flows(Page& page, const std::vector<stats::FlowState>& flows) {
  std::map<stats::FlowEnd, std::uint64_t> kinds;
  for (const stats::FlowState& flow : flows)
    kinds[flow.end]++;
  for (const auto& [end, how_many] : kinds)
    page.count("flows", how_many, words(end));
  std::size_t told = 0;
  for (const stats::FlowState& flow : flows)
    if (is_failure(flow.end) && told++ < kShownFlows) page.row("", flow_text(flow));
  if (told > kShownFlows)
    page.row("", fmt::format("and {} more", with_thousands(told - kShownFlows)));
}

void print_negotiated(Page& page, const stats::TcpSummary& summary) {
  const auto with = [](bool has, std::string_view what) {
    return fmt::format("{}{}", has ? "" : "no ", what);
  };
  page.row("negotiated", fmt::format("{} bytes in a full segment, {}, {}, {}", summary.mss,
                                     with(summary.timestamps, "timestamps"),
                                     with(summary.sack, "SACK"), with(summary.ecn, "ECN")));
  if (!summary.ingress.empty())
    page.row("ingress", fmt::format("the far end's segments taken by {}", summary.ingress));
}

} // namespace

void to_text(Page& page, const TcpBegin& begin) {
  const auto& [plan, info] = begin;
  fmt::print(page.out, "sending to {} port {} over {} ({}), {}, {} on CPU {}", plan.dst.to_string(),
             plan.spec.port, begin.plan.iface.name,
             plan.iface.driver.empty() ? "driver unknown" : plan.iface.driver,
             counted(plan.spec.flows, "flow"), counted(plan.cpus.size(), "thread"),
             cpu_list(plan.cpus));
  if (plan.spec.duration) fmt::print(page.out, ", for {}", format_duration(*plan.spec.duration));
  fmt::print(page.out, "\npayload {}, {}; rate {}, congestion control {}, bursts of {}; {}\n",
             payload_text(plan), amount_text(plan), rate_text(plan.spec.rate),
             name(plan.spec.congestion), plan.spec.burst, close_text(plan.spec.close));
  page.out << source_text(begin.plan.iface.name, info) << '\n';
  page.out << std::flush;
  page.notes.emit(plan.notes);
}

void to_text(Page& page, const TcpBegin& begin, const stats::TcpSample& s) {
  fmt::print(page.out,
             "[{:>7.2f}s] {}  {:>7} err/s  {:>11} xmit/s  {:>12} goodput  {:>9} retrans/s  "
             "{:>9} us RTT",
             s.end_s, begin.plan.iface.name, thousands(s.err_pps), thousands(s.xmit_pps),
             prefixed(s.goodput_bps, "bit/s"), thousands(s.again_pps),
             s.rtt_us == 0 ? "-" : with_thousands(s.rtt_us));
  if (begin.plan.spec.flows > 1)
    fmt::print(page.out, "  {:>12} slowest  {:>12} fastest  {:>6} open", compared(s, s.slowest_bps),
               compared(s, s.fastest_bps), with_thousands(s.flows));
  page.out << '\n' << std::flush;
}

void to_text(Page& page, const TcpBegin& begin, const FlowEnded& ended) {
  page.seen.emplace(page.seen.size(), 0);
  const std::size_t told = page.seen.size();
  if (told > kShownFlows + 1) return;
  fmt::print(page.out, "[{:>7.2f}s] {}  {}\n", ended.at_s, begin.plan.iface.name,
             told <= kShownFlows ? flow_text(ended.flow) : "more flows end; they are only counted");
}

void to_text(Page& page, const TcpBegin& begin, const stats::TcpSummary& summary) {
  const stats::TcpSample& total = summary.total;
  fmt::print(page.out, "\nsummary of {}\n", begin.plan.iface.name);
  page.ended(end_text(summary.end, "all flows are done"));
  page.row("duration", fmt::format("{:>15.3f} s", total.end_s - total.start_s));
  std::string goodput = fmt::format("{:>15}", prefixed(total.goodput_bps, "bit/s"));
  if (total.flowed_s > 0 && total.flowed_s < 0.99 * (total.end_s - total.start_s))
    goodput += fmt::format(" over the {:.3f} s in which data flowed", total.flowed_s);
  page.row("goodput", goodput);
  if (begin.plan.spec.flows > 1 && total.compared > 1)
    page.row("flows' goodput",
             fmt::format("{:>15} slowest, {} fastest", prefixed(total.slowest_bps, "bit/s"),
                         prefixed(total.fastest_bps, "bit/s")));
  if (const std::string why = explain_no_goodput(summary); !why.empty())
    page.row("why none", one_line(why));
  print_data(page, total.sum);
  if (summary.rtt.count() != 0) print_rtt(page, summary);
  print_waits(page, summary);
  print_frames(page, summary);
  print_not_taken(page, summary);
  print_seen(page, summary);
  print_flows(page, summary.flows);
  if (summary.mss != 0) print_negotiated(page, summary);
  page.row("connecting", fmt::format("{:>15.3f} s", summary.connect_s));
  if (total.sum.segments_sent != 0)
    page.row("first data", fmt::format("{:>15.3f} s after the start", summary.first_data_s));
  page.row("processor time", fmt::format("{:>15.3f} s", summary.cpu_s));
  page.out << std::flush;
}

} // namespace xtg::report
