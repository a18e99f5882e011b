// SPDX-License-Identifier: BSD-2-Clause
#include "app/tcp_sink_run.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "app/run_common.h"
#include "core/clock.h"
#include "packet/tcp.h"

namespace xtg::app {

namespace {

/// Interval of checks for faults.
constexpr std::uint64_t kFaultCheckNs = 50'000'000;
/// For what is left in the sockets at the end.
constexpr std::uint64_t kSinkRestNs = 500'000'000;

std::vector<std::uint8_t> expected_data(plan::TcpSinkVerify verify) {
  if (verify == plan::TcpSinkVerify::Pattern) return packet::pattern_payload();
  if (verify == plan::TcpSinkVerify::Zeros) return std::vector<std::uint8_t>(65'536);
  return {};
}

net::TcpSinkSettings settings_of(const plan::TcpSinkPlan& plan) {
  const std::vector<packet::IpPrefix> allow = plan.spec.allow;
  return {.interface = plan.iface.name,
          .port = plan.spec.port,
          .connections = plan.spec.connections,
          .allowed =
              [allow](const packet::Ip& ip) {
                return allow.empty() ||
                       std::ranges::any_of(allow, [&](auto& p) { return p.contains(ip); });
              },
          .expected = expected_data(plan.spec.verify)};
}

stats::TcpSinkEnd end_of(net::TcpSink::Connection::End end) {
  using End = net::TcpSink::Connection::End;
  switch (end) {
  case End::Open:
    return stats::TcpSinkEnd::Open;
  case End::Closed:
    return stats::TcpSinkEnd::Closed;
  case End::Reset:
    return stats::TcpSinkEnd::Reset;
  case End::Failed:
    break;
  }
  return stats::TcpSinkEnd::Failed;
}

stats::TcpSinkConnection value_of(const net::TcpSink::Connection& c) {
  stats::TcpSinkConnection out;
  out.from = c.ip.is_v4() ? fmt::format("{}:{}", c.ip.to_string(), c.port)
                          : fmt::format("[{}]:{}", c.ip.to_string(), c.port);
  out.bytes = c.bytes;
  out.first_ns = c.first_ns;
  out.last_ns = c.last_ns;
  out.end = end_of(c.end);
  if (c.error != 0) out.error = std::strerror(c.error);
  if (c.wrong_at >= 0) out.wrong_at = static_cast<std::uint64_t>(c.wrong_at);
  out.segments = c.segments;
  out.out_of_order = c.out_of_order;
  out.rtt_us = c.rtt_us;
  return out;
}

} // namespace

Status TcpSinkRun::prepare() {
  auto sink = net::TcpSink::open(settings_of(plan_));
  if (!sink) return tl::unexpected<Error>(std::move(sink.error()));
  sink_ = std::move(*sink);
  return {};
}

stats::TcpSinkSnapshot TcpSinkRun::snapshot(std::uint64_t now_ns) const {
  const net::TcpSink::Counters& c = sink_->counters();
  return {now_ns, {c.bytes, c.accepted, c.closed, c.reset, c.failed, c.refused, c.wrong}};
}

void TcpSinkRun::open() {
  first_ = previous_ = snapshot(monotonic_ns());
  clock_ = run::Clock(first_.time_ns, plan_.spec.duration, plan_.spec.interval);
  next_watch_ns_ = clock_.start_ns();
}

report::Begin TcpSinkRun::begin(report::RunInfo info) {
  return report::TcpSinkBegin{plan_, std::move(info)};
}

void TcpSinkRun::look(std::uint64_t now_ns, report::Sink&) {
  sink_->work();
  if (plan_.spec.bytes && sink_->counters().bytes >= *plan_.spec.bytes)
    end(stats::EndReason::Amount, now_ns);
  if (now_ns < next_watch_ns_) return;
  next_watch_ns_ = now_ns + kFaultCheckNs;
  if (auto error = link_fault(plan_.iface)) fail_run(std::move(*error));
}

std::optional<report::Interval> TcpSinkRun::line(std::uint64_t now_ns) {
  if (ending()) return std::nullopt;
  const stats::TcpSinkSnapshot now = snapshot(now_ns);
  const stats::TcpSinkSample sample = stats::tcp_sink_delta(previous_, now, clock_.start_ns());
  previous_ = now;
  return sample;
}

run::Course::Finished TcpSinkRun::conclude(report::Sink& sink, const StopToken&, run::Host&) {
  // What has arrived by now is read; a sender that goes on is not waited for.
  for (const std::uint64_t until = monotonic_ns() + kSinkRestNs; sink_->work();)
    if (monotonic_ns() >= until) break;
  const stats::TcpSinkSnapshot last = snapshot(std::min(monotonic_ns(), clock_.end_ns()));
  if (clock_.worth_a_line(previous_.time_ns, last.time_ns))
    sink.take(stats::tcp_sink_delta(previous_, last, clock_.start_ns()));
  std::vector<stats::TcpSinkConnection> connections;
  for (const net::TcpSink::Connection& one : sink_->connections())
    connections.push_back(value_of(one));
  sink_->close();
  stats::TcpSinkSummary summary =
      stats::tcp_sink_summary(first_, last, std::move(connections), clock_.start_ns());
  summary.end = reason_.value_or(stats::EndReason::Interrupted);
  if (summary.total.sum.wrong != 0)
    blame({Errc::Peer, 0,
           fmt::format("{} of {} connections carried other data than expected",
                       summary.total.sum.wrong, summary.total.sum.accepted)});
  if (std::string why = stats::why_nothing(summary); !why.empty())
    blame({Errc::Peer, 0, std::move(why)});
  return {std::move(summary)};
}

} // namespace xtg::app
