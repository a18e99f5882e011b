// SPDX-License-Identifier: BSD-2-Clause
#include "report/tcp_values.h"

#include <string>

#include "core/units.h"
#include "plan/tx_path.h"
#include "report/describe.h"
#include "report/tcp_phrases.h"
#include "report/to_json.h"
#include "stats/hdr_histogram.h"

namespace xtg::report {
namespace {

Json rate_value(const plan::RateLaw& law) {
  const bool in_packets = law.rate.unit == Rate::Unit::Pps;
  const bool in_bits = law.rate.unit == Rate::Unit::Bps;
  return {{"requested", format_rate(law.rate)},
          {"target_pps", in_packets ? number(law.rate.value) : Json(nullptr)},
          {"bits_per_second", in_bits ? number(law.rate.value) : Json(nullptr)},
          {"layer", in_bits ? Json(to_string(law.layer)) : Json(nullptr)}};
}

double from_us(std::uint64_t us) {
  return static_cast<double>(us) / 1e6;
}

Json nonzero(std::uint64_t value) {
  return value == 0 ? Json(nullptr) : Json(value);
}

Json nonzero(double value) {
  return value == 0 ? Json(nullptr) : number(value);
}

/// Fields shared by a flow and the sum of all; added to `out`.
void add_counters(Json& out, const stats::FlowCounters& c) {
  Json causes;
  for (std::size_t i = 0; i < stats::kRetransmitCauses; ++i)
    causes[std::string(to_string(static_cast<stats::RetransmitCause>(i)))] = c.retransmit_causes[i];
  out["retransmits_by_cause"] = std::move(causes);
  out["retransmitted_bytes"] = c.retransmitted_bytes();
  out["spurious"] = c.spurious;
  out["rto_fired"] = c.rto_fired;
  out["tail_probes"] = c.tail_probes;
  out["window_probes"] = c.window_probes;
  out["dup_acks"] = c.dup_acks;
  out["acks"] = c.acks;
  out["bytes_received"] = c.bytes_received;
  out["ecn_reductions"] = c.ecn_reductions;
  out["bad_segments"] = c.bad_segments;
  out["window_limited_seconds"] = from_us(c.window_limited_us);
  out["zero_window_seconds"] = from_us(c.zero_window_us);
  out["idle_seconds"] = from_us(c.idle_us);
  out["in_flight_limited_seconds"] = from_us(c.board_limited_us);
}

Json sum_value(const stats::TcpSample& s) {
  Json out = {{"start", number(s.start_s)},
              {"end", number(s.end_s)},
              {"seconds", number(s.end_s - s.start_s)},
              {"flowed_seconds", number(s.flowed_s)},
              {"bytes", s.sum.bytes_acked},
              {"bits_per_second", number(s.goodput_bps)},
              {"packets", s.tx.accepted},
              {"attempts", s.tx.attempts},
              {"accepted", s.tx.accepted},
              {"driver_drops", s.tx.driver_drops},
              {"redirect_errors", s.tx.redirect_errors},
              {"queue_drops", s.tx.queue_drops},
              {"queued", s.tx.queued},
              {"skipped_slots", s.tx.skipped_slots},
              {"nomem_retries", s.tx.nomem_retries},
              {"xmit_pps", number(s.xmit_pps)},
              {"err_pps", number(s.err_pps)},
              {"l1_bits_per_second", nonzero(s.l1_bps)},
              {"segments_sent", s.sum.segments_sent},
              {"bytes_sent", s.sum.bytes_sent},
              {"retransmits", s.sum.retransmitted()},
              {"retransmits_per_second", number(s.again_pps)}};
  add_counters(out, s.sum);
  out["rtt_us"] = nonzero(std::uint64_t{s.rtt_us});
  out["flows"] = s.flows;
  out["slowest_bits_per_second"] = s.compared == 0 ? Json(nullptr) : number(s.slowest_bps);
  out["fastest_bits_per_second"] = s.compared == 0 ? Json(nullptr) : number(s.fastest_bps);
  return out;
}

void add_percentiles(Json& out, const stats::Histogram& rtt) {
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  out["p50"] = us(rtt.quantile(0.5));
  out["p90"] = us(rtt.quantile(0.9));
  out["p99"] = us(rtt.quantile(0.99));
  out["p999"] = us(rtt.quantile(0.999));
  out["max"] = us(rtt.max());
  out["count"] = rtt.count();
  out["histogram_ns"] = stats::hdr_encode(rtt);
}

Json rtt_value(const stats::FlowState& flow) {
  Json out = {{"min", nonzero(std::uint64_t{flow.rtt_min_us})},
              {"smoothed", nonzero(std::uint64_t{flow.rtt_smoothed_us})}};
  if (flow.rtt && flow.rtt->count() != 0) add_percentiles(out, *flow.rtt);
  return out;
}

Json rtt_value(const stats::TcpSummary& summary) {
  if (summary.rtt.count() == 0) return nullptr;
  Json out = {{"min", nonzero(std::uint64_t{smallest_rtt(summary.flows)})}};
  add_percentiles(out, summary.rtt);
  return out;
}

} // namespace

std::optional<std::uint64_t> bytes_per_flow(const plan::TcpPlan& plan) {
  const plan::TcpSpec& spec = plan.spec;
  if (spec.bytes_per_flow) return spec.bytes_per_flow;
  if (spec.bytes || plan.flow_bytes.empty() || plan.flow_bytes.front() == plan::kNoLimit)
    return std::nullopt;
  return plan.flow_bytes.front();
}

Json tcp_plan_value(const plan::TcpPlan& plan) {
  const plan::TcpSpec& spec = plan.spec;
  return {{"interface", interface_value(plan.iface)},
          {"protocol", "tcp"},
          {"dst_addr", plan.dst.to_string()},
          {"dst_port", spec.port},
          {"src_addr", plan.src ? Json(plan.src->to_string()) : Json(nullptr)},
          {"src_port", or_null(spec.src_port)},
          {"flows", spec.flows},
          {"parallel", spec.parallel},
          {"threads", plan.cpus.size()},
          {"cpus", plan.cpus},
          {"ingress", name(spec.ingress)},
          {"via", plan::tx_path_name(plan.via)},
          {"via_reason", or_null(plan.via_reason)},
          {"congestion", name(spec.congestion)},
          {"burst", spec.burst},
          {"mss", or_null(spec.mss)},
          {"hop_limit", spec.hop_limit},
          {"tos", spec.tos},
          {"fix", spec.fix},
          {"close", name(spec.close)},
          {"payload", name(spec.payload)},
          {"payload_file", or_null(spec.payload_file)},
          {"repeat", spec.repeat},
          {"rate", rate_value(spec.rate)},
          {"bytes", or_null(spec.bytes)},
          {"bytes_per_flow", or_null(bytes_per_flow(plan))},
          {"num_packets", or_null(spec.num_packets)},
          {"duration_seconds", spec.duration ? Json(seconds(*spec.duration)) : Json(nullptr)},
          {"interval_seconds", seconds(spec.interval)},
          {"connect_timeout_seconds", seconds(spec.connect_timeout)},
          {"drain_seconds", seconds(spec.drain)},
          {"silence_seconds", seconds(spec.silence)},
          {"notes", plan.notes}};
}

Json tcp_interval_value(const stats::TcpSample& sample) {
  return {{"sum", sum_value(sample)}};
}

Json tcp_flow_value(const stats::FlowState& flow, double seconds) {
  const stats::FlowCounters& c = flow.counters;
  const double goodput = seconds > 0 ? 8 * static_cast<double>(c.bytes_acked) / seconds : 0;
  const bool limited = flow.cwnd_segments != ~std::uint64_t{0};
  Json out = {{"number", flow.number},
              {"src_port", flow.src_port},
              {"close", to_string(flow.end)},
              {"detail", or_null(one_line(flow.detail))},
              {"bytes", c.bytes_acked},
              {"seconds", number(seconds)},
              {"bits_per_second", number(goodput)},
              {"segments_sent", c.segments_sent},
              {"bytes_sent", c.bytes_sent},
              {"retransmits", c.retransmitted()}};
  add_counters(out, c);
  out["rtt_us"] = rtt_value(flow);
  out["cwnd_segments"] = limited ? Json(flow.cwnd_segments) : Json(nullptr);
  out["window_bytes"] = flow.window_bytes;
  return out;
}

Json tcp_end_value(const stats::TcpSummary& summary) {
  Json flows = Json::array();
  for (const stats::FlowState& flow : summary.flows)
    flows.push_back(tcp_flow_value(flow, flow.flowed_s(summary.end_ns)));
  const bool sent = summary.total.sum.segments_sent != 0;
  const stats::TcpSeen& seen = summary.seen;
  return {{"sum", sum_value(summary.total)},
          {"flows", std::move(flows)},
          {"reason", name(summary.end)},
          {"errors", errors_value(summary.errnos)},
          {"negotiated",
           {{"mss", nonzero(std::uint64_t{summary.mss})},
            {"timestamps", summary.timestamps},
            {"sack", summary.sack},
            {"ecn", summary.ecn}}},
          {"most_in_flight_bytes", nonzero(summary.most_in_flight)},
          {"ingress", or_null(summary.ingress)},
          {"path_mtu", or_null(summary.path_mtu)},
          {"icmp", {{"too_big", seen.too_big}, {"errors", seen.icmp_errors}}},
          {"not_taken",
           {{"queue_full", summary.queue_drops},
            {"wrong_checksum", summary.wrong_checksums},
            {"fragments", seen.fragments},
            {"refused_ip_headers", seen.refused_headers}}},
          {"notes", summary.notes},
          {"rtt_us", rtt_value(summary)},
          {"connect_seconds", number(summary.connect_s)},
          {"first_data_seconds", sent ? number(summary.first_data_s) : Json(nullptr)},
          {"cpu_seconds", number(summary.cpu_s)}};
}

Json to_json(const TcpBegin& begin) {
  return start_value(begin.info, {&begin.plan.iface, 1}, tcp_plan_value(begin.plan));
}

Json to_json(const TcpBegin&, const stats::TcpSample& sample) {
  return tcp_interval_value(sample);
}

Json to_json(const TcpBegin&, const stats::TcpSummary& summary) {
  return tcp_end_value(summary);
}

Json to_json(const FlowEnded& ended) {
  Json data = {{"at", number(ended.at_s)}};
  data.update(tcp_flow_value(ended.flow, ended.flow.flowed_s(ended.flow.last_ns)));
  return data;
}

} // namespace xtg::report
