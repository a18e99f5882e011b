// SPDX-License-Identifier: BSD-2-Clause
#include "stats/tcp_sink.h"

#include <algorithm>
#include <utility>

namespace xtg::stats {
namespace {

double seconds_between(std::uint64_t from_ns, std::uint64_t to_ns) {
  return to_ns <= from_ns ? 0 : static_cast<double>(to_ns - from_ns) / 1e9;
}

double bits_per_second(std::uint64_t bytes, double seconds) {
  return seconds <= 0 ? 0 : static_cast<double>(bytes) * 8 / seconds;
}

} // namespace

std::string_view to_string(TcpSinkEnd end) {
  switch (end) {
  case TcpSinkEnd::Open:
    return "open";
  case TcpSinkEnd::Closed:
    return "closed";
  case TcpSinkEnd::Reset:
    return "reset";
  case TcpSinkEnd::Failed:
    break;
  }
  return "failed";
}

TcpSinkCounters TcpSinkCounters::operator-(const TcpSinkCounters& before) const {
  return {bytes - before.bytes, accepted - before.accepted, closed - before.closed,
          reset - before.reset, failed - before.failed,     refused - before.refused,
          wrong - before.wrong};
}

TcpSinkSample tcp_sink_delta(const TcpSinkSnapshot& from, const TcpSinkSnapshot& to,
                             std::uint64_t origin_ns) {
  TcpSinkSample out;
  out.start_s = seconds_between(origin_ns, from.time_ns);
  out.end_s = seconds_between(origin_ns, to.time_ns);
  out.sum = to.sum - from.sum;
  out.open = to.sum.open();
  out.bps = bits_per_second(out.sum.bytes, out.end_s - out.start_s);
  return out;
}

TcpSinkSummary tcp_sink_summary(const TcpSinkSnapshot& first, const TcpSinkSnapshot& last,
                                std::vector<TcpSinkConnection> connections,
                                std::uint64_t origin_ns) {
  TcpSinkSummary out;
  out.total = tcp_sink_delta(first, last, origin_ns);
  std::uint64_t begun = ~std::uint64_t{0}, ended = 0;
  for (const TcpSinkConnection& one : connections) {
    if (one.bytes == 0) continue;
    begun = std::min(begun, one.first_ns);
    ended = std::max(ended, one.last_ns);
  }
  if (ended >= begun) {
    const double whole = out.total.end_s - out.total.start_s;
    out.total.start_s = seconds_between(origin_ns, begun);
    out.total.end_s = seconds_between(origin_ns, ended);
    const double flowed = out.total.end_s - out.total.start_s;
    out.total.bps = bits_per_second(out.total.sum.bytes, flowed);
    out.waiting_s = std::max(0.0, whole - flowed);
  }
  out.connections = std::move(connections);
  return out;
}

std::string why_nothing(const TcpSinkSummary& summary) {
  const TcpSinkCounters& sum = summary.total.sum;
  if (sum.bytes != 0) return {};
  if (sum.accepted != 0) return "connections were opened, but nothing was sent over them";
  if (sum.refused != 0) return "all connections were refused: their sources are not allowed";
  return "no connection was opened";
}

} // namespace xtg::stats
