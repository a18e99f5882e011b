// SPDX-License-Identifier: BSD-2-Clause
#include "stats/tcp.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/units.h"
#include "stats/rise.h"

namespace xtg::stats {

namespace {

/// The counters that are no arrays.
constexpr std::array kCounters = {
    &FlowCounters::segments_sent,   &FlowCounters::bytes_sent,        &FlowCounters::bytes_acked,
    &FlowCounters::spurious,        &FlowCounters::rto_fired,         &FlowCounters::tail_probes,
    &FlowCounters::window_probes,   &FlowCounters::dup_acks,          &FlowCounters::acks,
    &FlowCounters::bytes_received,  &FlowCounters::ecn_reductions,    &FlowCounters::bad_segments,
    &FlowCounters::zero_window_us,  &FlowCounters::window_limited_us, &FlowCounters::idle_us,
    &FlowCounters::board_limited_us};
static_assert(sizeof(FlowCounters) ==
                  (kCounters.size() + 2 * kRetransmitCauses) * sizeof(std::uint64_t),
              "a counter is missing above");

constexpr std::size_t kLocal = static_cast<std::size_t>(RetransmitCause::Local);

std::uint64_t but_local(const std::array<std::uint64_t, kRetransmitCauses>& kinds) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (i != kLocal) sum += kinds[i];
  return sum;
}

FlowCounters gain(const FlowCounters& from, const FlowCounters& to) {
  FlowCounters out;
  for (const auto counter : kCounters)
    out.*counter = rise(from.*counter, to.*counter);
  for (std::size_t i = 0; i < kRetransmitCauses; ++i) {
    out.retransmit_causes[i] = rise(from.retransmit_causes[i], to.retransmit_causes[i]);
    out.retransmit_cause_bytes[i] =
        rise(from.retransmit_cause_bytes[i], to.retransmit_cause_bytes[i]);
  }
  return out;
}

bool is_open(const FlowState& flow) {
  return flow.end == FlowEnd::Running;
}

/// The part of [from, to) in which data flowed.
struct Span {
  std::uint64_t from_ns, to_ns;
  [[nodiscard]] double seconds() const {
    return to_ns > from_ns ? seconds_since(from_ns, to_ns) : 0;
  }
};

Span own_span(const FlowState& flow, std::uint64_t from_ns, std::uint64_t to_ns) {
  return {std::max(from_ns, flow.first_ns),
          flow.last_ns == 0 ? to_ns : std::min(to_ns, flow.last_ns)};
}

/// Of all flows together: as long as one's data flow.
Span span_of(const TcpSnapshot& from, const TcpSnapshot& to) {
  Span all{to.time_ns, from.time_ns};
  bool any = false;
  for (const FlowState& flow : to.flows) {
    if (flow.first_ns == 0) continue;
    any = true;
    const Span own = own_span(flow, from.time_ns, to.time_ns);
    all.from_ns = std::min(all.from_ns, own.from_ns);
    all.to_ns = std::max(all.to_ns, own.to_ns);
  }
  return any ? all : Span{from.time_ns, to.time_ns};
}

/// Mean of the smoothed RTT of the open flows, or of all where none is open; 0: none measured.
std::uint32_t mean_rtt(const std::vector<FlowState>& flows, bool any_open) {
  std::uint64_t sum = 0, count = 0;
  for (const FlowState& flow : flows) {
    if ((any_open && !is_open(flow)) || flow.rtt_smoothed_us == 0) continue;
    sum += flow.rtt_smoothed_us;
    count++;
  }
  return count == 0 ? 0 : static_cast<std::uint32_t>((sum + count / 2) / count);
}

bool all_ended(const std::vector<FlowState>& flows, FlowEnd end) {
  return !flows.empty() && std::all_of(flows.begin(), flows.end(),
                                       [end](const FlowState& flow) { return flow.end == end; });
}

std::string with_detail(std::string text, const std::vector<FlowState>& flows) {
  const auto first = std::find_if(flows.begin(), flows.end(),
                                  [](const FlowState& flow) { return !flow.detail.empty(); });
  return first == flows.end() ? text : fmt::format("{}: {}", text, first->detail);
}

} // namespace

double FlowState::flowed_s(std::uint64_t now_ns) const {
  if (first_ns == 0) return 0;
  return Span{first_ns, last_ns == 0 ? now_ns : last_ns}.seconds();
}

std::uint64_t latest_ns(std::uint32_t us, std::uint64_t until_ns) {
  const std::uint64_t until_us = until_ns / 1000;
  return (until_us - static_cast<std::uint32_t>(until_us - us)) * 1000;
}

std::string_view to_string(RetransmitCause cause) {
  switch (cause) {
  case RetransmitCause::Sack:
    return "sack";
  case RetransmitCause::Rto:
    return "rto";
  case RetransmitCause::TailProbe:
    return "tail_probe";
  case RetransmitCause::Local:
    break;
  }
  return "local_drop";
}

std::string_view to_string(FlowEnd end) {
  switch (end) {
  case FlowEnd::Running:
    return "running";
  case FlowEnd::Fin:
    return "fin";
  case FlowEnd::FinOneWay:
    return "fin_one_way";
  case FlowEnd::FinUnacknowledged:
    return "fin_unacknowledged";
  case FlowEnd::Rst:
    return "rst";
  case FlowEnd::KeptOpen:
    return "kept_open";
  case FlowEnd::PeerReset:
    return "peer_reset";
  case FlowEnd::Unanswered:
    return "unanswered";
  case FlowEnd::Unfinished:
    return "unfinished";
  case FlowEnd::NotOpened:
    return "not_opened";
  case FlowEnd::Lost:
    break;
  }
  return "lost";
}

bool is_failure(FlowEnd end) {
  return end == FlowEnd::PeerReset || end == FlowEnd::Unanswered || end == FlowEnd::Unfinished ||
         end == FlowEnd::NotOpened || end == FlowEnd::FinUnacknowledged || end == FlowEnd::Lost;
}

FlowCounters& FlowCounters::operator+=(const FlowCounters& other) {
  for (const auto counter : kCounters)
    this->*counter += other.*counter;
  for (std::size_t i = 0; i < kRetransmitCauses; ++i) {
    retransmit_causes[i] += other.retransmit_causes[i];
    retransmit_cause_bytes[i] += other.retransmit_cause_bytes[i];
  }
  return *this;
}

std::uint64_t FlowCounters::retransmitted() const {
  return but_local(retransmit_causes);
}

std::uint64_t FlowCounters::retransmitted_bytes() const {
  return but_local(retransmit_cause_bytes);
}

TcpSample tcp_delta(const TcpSnapshot& from, const TcpSnapshot& to, std::uint64_t origin_ns) {
  TcpSample sample;
  sample.start_s = seconds_since(origin_ns, from.time_ns);
  sample.end_s = seconds_since(origin_ns, to.time_ns);
  sample.tx = rise(from.tx, to.tx);
  const double length_s = sample.flowed_s = span_of(from, to).seconds();
  const auto per_second = [length_s](std::uint64_t count) {
    return length_s > 0 ? static_cast<double>(count) / length_s : 0.0;
  };

  sample.flows =
      static_cast<std::uint32_t>(std::count_if(to.flows.begin(), to.flows.end(), is_open));
  const bool any_open = sample.flows != 0;
  const FlowState fresh;
  for (std::size_t i = 0; i < to.flows.size(); ++i) {
    const FlowState& before = i < from.flows.size() ? from.flows[i] : fresh;
    const FlowState& now = to.flows[i];
    const FlowCounters gained = gain(before.counters, now.counters);
    sample.sum += gained;
    if (!is_open(before) || (any_open ? !is_open(now) : is_failure(now.end))) continue;
    if (now.last_ns != 0 && now.last_ns <= from.time_ns) continue; // it only closes
    const double own_s = own_span(now, from.time_ns, to.time_ns).seconds();
    const double goodput = own_s > 0 ? 8 * static_cast<double>(gained.bytes_acked) / own_s : 0;
    sample.slowest_bps = sample.compared == 0 ? goodput : std::min(sample.slowest_bps, goodput);
    sample.fastest_bps = std::max(sample.fastest_bps, goodput);
    sample.compared++;
  }
  sample.rtt_us = mean_rtt(to.flows, any_open);
  sample.xmit_pps = per_second(sample.tx.accepted);
  sample.err_pps = per_second(sample.tx.errors());
  sample.goodput_bps = 8 * per_second(sample.sum.bytes_acked);
  sample.again_pps = per_second(sample.sum.retransmitted());
  return sample;
}

std::string reset_text(std::uint64_t taken, std::uint64_t sent, bool closed) {
  const auto bytes = [](std::uint64_t count) {
    return fmt::format("{} byte{}", with_thousands(count), count == 1 ? "" : "s");
  };
  if (taken == 0 && sent == 0 && !closed) return "the far end reset it";
  std::string text = fmt::format("the far end took {}", bytes(taken));
  if (sent != 0) text += fmt::format(", sent {}", bytes(sent));
  if (closed) text += ", closed its side";
  text += " and then reset the connection";
  // A receiver that only reads does neither.
  if (sent != 0 || closed) text += ": a server with a protocol of its own";
  return text;
}

std::string explain_no_goodput(const TcpSummary& summary) {
  const FlowCounters& sum = summary.total.sum;
  const TxCounters& tx = summary.total.tx;
  if (sum.bytes_acked != 0) return "";
  if (all_ended(summary.flows, FlowEnd::NotOpened))
    return with_detail("no connection could be opened", summary.flows);
  if (tx.attempts != 0 && tx.accepted == 0)
    return fmt::format("the driver accepted none of {} frames", with_thousands(tx.attempts));
  if (all_ended(summary.flows, FlowEnd::PeerReset))
    return with_detail("the far end reset every connection before it acknowledged data",
                       summary.flows);
  if (sum.segments_sent == 0 && sum.zero_window_us != 0)
    return "the far end's window was closed: its program reads nothing";
  if (sum.segments_sent == 0)
    return summary.end == EndReason::Interrupted ? "interrupted before any data was sent"
                                                 : "no data was sent";
  const std::string sent = fmt::format("{} data segment{} sent", with_thousands(sum.segments_sent),
                                       sum.segments_sent == 1 ? " was" : "s were");
  if (sum.acks == 0) {
    const std::string why = silence_reason(sum, summary.seen, summary.path_mtu ? 0 : summary.mss);
    return fmt::format("{}, and the far end answered none: {}", sent,
                       why.empty() ? "they or its answers are lost on the way" : why);
  }
  return fmt::format("{}, and the far end's {} answers acknowledge none of them", sent,
                     with_thousands(sum.acks));
}

} // namespace xtg::stats
