// SPDX-License-Identifier: BSD-2-Clause
#include "report/tcp_phrases.h"

#include <fmt/format.h>

#include "core/text.h"
#include "core/units.h"
#include "report/tcp_values.h"

namespace xtg::report {

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", with_thousands(count), what, count == 1 ? "" : "s");
}

std::string_view words(stats::FlowEnd end) {
  switch (end) {
  case stats::FlowEnd::Running:
    return "still running";
  case stats::FlowEnd::Fin:
    return "closed by FIN both ways";
  case stats::FlowEnd::FinOneWay:
    return "closed by FIN from here only";
  case stats::FlowEnd::FinUnacknowledged:
    return "FIN not acknowledged";
  case stats::FlowEnd::Rst:
    return "reset from here, as asked";
  case stats::FlowEnd::KeptOpen:
    return "left open, as asked";
  case stats::FlowEnd::PeerReset:
    return "reset by the far end";
  case stats::FlowEnd::Unanswered:
    return "no longer answered, reset from here";
  case stats::FlowEnd::Unfinished:
    return "not all acknowledged in time, reset from here";
  case stats::FlowEnd::NotOpened:
    return "not opened";
  case stats::FlowEnd::Lost:
    break;
  }
  return "given up for a fault on this side";
}

std::string rate_text(const plan::RateLaw& law) {
  if (law.rate.unit != Rate::Unit::Bps) return format_rate(law.rate);
  return fmt::format("{} on {}", format_rate(law.rate), to_string(law.layer));
}

std::string payload_text(const plan::TcpPlan& plan) {
  switch (plan.spec.payload) {
  case plan::TcpPayload::Pattern:
    return "pattern";
  case plan::TcpPayload::File:
    return fmt::format("file {}, {}", xtg::quoted(plan.spec.payload_file),
                       plan.spec.repeat ? "over and over" : "once");
  case plan::TcpPayload::Zeros:
    break;
  }
  return "zeros";
}

std::string amount_text(const plan::TcpPlan& plan) {
  if (plan.spec.bytes) return counted(*plan.spec.bytes, "byte") + " in all";
  if (plan.spec.num_packets) return counted(*plan.spec.num_packets, "full segment") + " in all";
  if (const auto each = bytes_per_flow(plan)) return counted(*each, "byte") + " per flow";
  return "no limit";
}

std::string close_text(plan::TcpClose close) {
  switch (close) {
  case plan::TcpClose::Rst:
    return "closed by RST";
  case plan::TcpClose::KeepOpen:
    return "left open";
  case plan::TcpClose::Fin:
    break;
  }
  return "closed by FIN";
}

std::string us_text(std::uint64_t ns) {
  if (ns < 100'000) return fmt::format("{:.1f} us", static_cast<double>(ns) / 1e3);
  return with_thousands((ns + 500) / 1000) + " us";
}

std::uint32_t smallest_rtt(const std::vector<stats::FlowState>& flows) {
  std::uint32_t smallest = 0;
  for (const stats::FlowState& flow : flows)
    if (flow.rtt_min_us != 0 && (smallest == 0 || flow.rtt_min_us < smallest))
      smallest = flow.rtt_min_us;
  return smallest;
}

} // namespace xtg::report
