// SPDX-License-Identifier: BSD-2-Clause
#include "report/json_values.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

#include "core/units.h"
#include "core/version.h"
#include "plan/tx_path.h"
#include "report/describe.h"
#include "report/streams.h"
#include "report/to_json.h"
#include "stats/hdr_histogram.h"

namespace xtg::report {
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

double seconds(Nanoseconds value) {
  return std::chrono::duration<double>(value).count();
}

Json interface_value(const plan::InterfaceFacts& iface) {
  return {{"name", iface.name},
          {"ifindex", iface.ifindex},
          {"driver", or_null(iface.driver)},
          {"kind", or_null(iface.kind)},
          {"mac", iface.mac.to_string()},
          {"mtu", iface.mtu},
          {"tx_queues", iface.tx_queues},
          {"rx_queues", iface.rx_queues},
          {"speed_bits_per_second", iface.speed_bps == 0 ? Json(nullptr) : Json(iface.speed_bps)}};
}

Json errors_value(const std::map<int, std::uint64_t>& errnos) {
  Json errors = Json::array();
  for (const auto& [number, count] : errnos)
    errors.push_back({{"errno", number},
                      {"name", errno_name(number)},
                      {"text", errno_text(number)},
                      {"count", count}});
  return errors;
}

namespace {

template <class Range>
Json range_value(const Range& range) {
  return {{"range", range.to_string()}, {"count", range.count}};
}

Json rate_value(const plan::StreamPlan& stream) {
  const bool in_bits = stream.rate.rate.unit == Rate::Unit::Bps;
  return {{"requested", format_rate(stream.rate.rate)},
          {"target_pps", stream.pacing ? number(stream.pacing->target_pps) : Json(nullptr)},
          {"bits_per_second", in_bits ? number(stream.rate.rate.value) : Json(nullptr)},
          {"layer", in_bits ? Json(to_string(stream.rate.layer)) : Json(nullptr)},
          {"burst", stream.rate.burst}};
}

Json pacing_value(const plan::Pacing& pacing) {
  const double fraction = std::ldexp(static_cast<double>(pacing.interval_frac), -32);
  return {{"slot_interval_ns", static_cast<double>(pacing.interval_ns) + fraction},
          {"frames_per_slot", pacing.frames_per_slot},
          {"slots_per_batch", pacing.slots_per_batch},
          {"sleep", pacing.sleep}};
}

Json signature_value(const packet::Frame& frame) {
  const bool none = frame.signature == packet::SignatureForm::None;
  return {{"form", to_string(frame.signature)},
          {"offset", none || !frame.mix.constant() ? Json(nullptr) : Json(frame.signature_offset)}};
}

Json byte_range(const packet::Frame& frame, packet::FieldKind kind, std::uint8_t fixed) {
  const packet::Values values = field_values(frame, kind, fixed);
  return {{"range", numbers_text(values)}, {"count", values.count}};
}

Json vlans_value(const plan::StreamPlan& stream) {
  Json list = Json::array();
  const auto& tags = stream.frame.spec.tags;
  for (std::size_t i = 0; i < tags.size(); ++i)
    list.push_back({{"tpid", packet::tpid_text(tags[i].tpid)}, {"vlan", vlan_text(stream, i)}});
  return list;
}

Json sizes_value(const packet::Frame& frame) {
  return {{"law", frame.spec.frame_size.to_string()},
          {"smallest", frame.mix.smallest()},
          {"largest", frame.mix.largest()},
          {"mean", number(frame.mix.mean())}};
}

Json flows_value(const packet::FlowLaw& flow) {
  if (flow.flows == 0) return nullptr;
  return {{"concurrent", flow.flows},
          {"packets_each", flow.packets == 0 ? Json(nullptr) : Json(flow.packets)}};
}

Json stream_value(const plan::StreamPlan& stream) {
  const packet::FrameSpec& spec = stream.frame.spec;
  const FieldRanges ranges = field_ranges(stream.frame);
  return {{"id", stream.id},
          {"name", or_null(stream.name)},
          {"weight", stream.weight},
          {"dst_mac", range_value(ranges.dst_mac)},
          {"src_mac", range_value(ranges.src_mac)},
          {"dst_addr", range_value(ranges.dst_addr)},
          {"src_addr", range_value(ranges.src_addr)},
          {"dst_port", range_value(ranges.dst_port)},
          {"src_port", range_value(ranges.src_port)},
          {"vary", to_string(stream.frame.sweep.vary)},
          {"seed", stream.frame.sweep.seed},
          {"hop_limit", spec.hop_limit},
          {"hop_limits", byte_range(stream.frame, packet::FieldKind::HopLimit, spec.hop_limit)},
          {"tos", spec.tos},
          {"tos_values", byte_range(stream.frame, packet::FieldKind::Tos, spec.tos)},
          {"vlans", vlans_value(stream)},
          {"frame_size", stream.frame.mix.constant() ? Json(stream.frame.mix.largest()) : Json()},
          {"sizes", sizes_value(stream.frame)},
          {"flows", flows_value(stream.frame.sweep.flow)},
          {"payload", to_string(spec.payload)},
          {"payload_seed", spec.payload_seed},
          {"udp_checksum", spec.udp_checksum},
          {"signature", signature_value(stream.frame)},
          {"stamp", name(stream.stamp)},
          {"round_trip", spec.reflector},
          {"clock", name(stream.clock)},
          {"rate", rate_value(stream)},
          {"pacing", stream.pacing ? pacing_value(*stream.pacing) : Json(nullptr)},
          {"num_packets", or_null(stream.num_packets)}};
}

/// "2025-01-31T12:00:00Z" to seconds since 1970.
Json seconds_since_epoch(const std::string& iso) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(iso.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute,
                  &second) != 6)
    return nullptr;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return nullptr;
  const auto time = std::chrono::sys_days{date} + std::chrono::hours{hour} +
                    std::chrono::minutes{minute} + std::chrono::seconds{second};
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Json sum_value(const stats::Sample& s) {
  const double length = s.end_s - s.start_s;
  return {{"start", number(s.start_s)},
          {"end", number(s.end_s)},
          {"seconds", number(length)},
          {"packets", s.tx.accepted},
          {"bytes", s.bytes},
          {"bits_per_second", number(s.l2_bps)},
          {"attempts", s.tx.attempts},
          {"accepted", s.tx.accepted},
          {"driver_drops", s.tx.driver_drops},
          {"redirect_errors", s.tx.redirect_errors},
          {"queue_drops", s.tx.queue_drops},
          {"queued", s.tx.queued},
          {"resent", s.tx.resent},
          {"skipped_slots", s.tx.skipped_slots},
          {"nomem_retries", s.tx.nomem_retries},
          {"xmit_pps", number(s.xmit_pps)},
          {"err_pps", number(s.err_pps)},
          {"l1_bits_per_second", number(s.l1_bps)},
          {"l2_bits_per_second", number(s.l2_bps)},
          {"l3_bits_per_second", number(s.l3_bps)},
          {"target_pps", s.target_pps ? number(*s.target_pps) : Json(nullptr)}};
}

/// Link counters are not by thread: those values are null, not 0.
Json workers_value(const stats::Sample& s, const RunFacts& facts, stats::CountSource source) {
  const bool exact = source == stats::CountSource::Tracepoint;
  Json list = Json::array();
  for (std::size_t i = 0; i < s.workers.size(); ++i) {
    const stats::TxCounters& w = s.workers[i];
    list.push_back({{"id", i},
                    {"cpu", i < facts.cpus.size() ? Json(facts.cpus[i]) : Json(nullptr)},
                    {"attempts", w.attempts},
                    {"accepted", exact ? Json(w.accepted) : Json(nullptr)},
                    {"driver_drops", exact ? Json(w.driver_drops) : Json(nullptr)},
                    {"redirect_errors", exact ? Json(w.redirect_errors) : Json(nullptr)},
                    {"queue_drops", exact ? Json(w.queue_drops) : Json(nullptr)},
                    {"queued", exact ? Json(w.queued) : Json(nullptr)},
                    {"resent", w.resent},
                    {"skipped_slots", w.skipped_slots},
                    {"nomem_retries", w.nomem_retries}});
  }
  return list;
}

Json release_delay_value(const stats::Histogram& release_delay) {
  return {{"p50", release_delay.quantile(0.5)},
          {"p90", release_delay.quantile(0.9)},
          {"p99", release_delay.quantile(0.99)},
          {"p999", release_delay.quantile(0.999)},
          {"max", release_delay.max()},
          {"count", release_delay.count()},
          {"histogram_ns", stats::hdr_encode(release_delay)}};
}

Json target_value(const stats::Summary& summary) {
  if (!summary.total.target_pps) return nullptr;
  // 0.0 - x rather than -x: a target met exactly is 0, not -0.
  return {{"pps", number(*summary.total.target_pps)},
          {"achieved_pps", number(summary.total.xmit_pps)},
          {"deviation_ratio", number(0.0 - stats::shortfall_ratio(summary.total))},
          {"shortfall", or_null(summary.shortfall)}};
}

} // namespace

RunFacts run_facts(const plan::Plan& plan, const RunInfo& info) {
  return {plan.cpus, info.source, stream_facts(plan)};
}

std::vector<StreamFacts> stream_facts(const plan::Plan& plan) {
  std::vector<StreamFacts> out;
  for (const plan::StreamPlan& stream : plan.streams)
    out.push_back(
        {stream.name, stream.pacing ? std::optional(stream.pacing->target_pps) : std::nullopt});
  return out;
}

Json plan_value(const plan::Plan& plan) {
  Json streams = Json::array();
  for (const plan::StreamPlan& stream : plan.streams)
    streams.push_back(stream_value(stream));
  return {{"interface", interface_value(plan.iface)},
          {"session", plan.run_id},
          {"session_hex", fmt::format("{:08x}", plan.run_id)},
          {"threads", plan.cpus.size()},
          {"cpus", plan.cpus},
          {"batch", plan.batch},
          {"duration_seconds", plan.duration ? Json(seconds(*plan.duration)) : Json(nullptr)},
          {"interval_seconds", seconds(plan.interval)},
          {"pace", name(plan.pace)},
          {"via", plan::tx_path_name(plan.via)},
          {"via_reason", or_null(plan.via_reason)},
          {"queues", plan.queues},
          {"fix", plan.fix},
          {"once", plan.once},
          {"announce", plan.announce},
          {"keyed", plan.spec.key.has_value()},
          {"attach_pass", plan.attach_pass},
          {"streams", std::move(streams)},
          {"notes", plan.notes}};
}

Json start_value() {
  return {{"version", kVersion}, {"schema", kSchemaVersion}};
}

Json start_value(const plan::Plan& plan, const RunInfo& info) {
  return start_value(info, {&plan.iface, 1}, plan_value(plan));
}

Json with_test(Json configuration, const std::string& test) {
  if (!test.empty()) configuration["test"] = Json::parse(test);
  return configuration;
}

namespace {

/// What a host is made of, as far as it changes figures.
Json host_value(const RunInfo& info, std::span<const plan::InterfaceFacts> interfaces) {
  Json list = Json::array();
  for (const plan::InterfaceFacts& iface : interfaces)
    list.push_back(
        {{"name", iface.name},
         {"driver", or_null(iface.driver)},
         {"speed_bits_per_second", iface.speed_bps == 0 ? Json(nullptr) : Json(iface.speed_bps)},
         {"tx_queues_used", or_null(iface.tx_queues_used)},
         {"rx_queues_used", or_null(iface.rx_queues_used)},
         {"mtu", iface.mtu},
         {"offloads", iface.offloads}});
  return {{"kernel", info.kernel},
          {"cpu_model", or_null(info.cpu_model)},
          {"cpus", info.cpus},
          {"interfaces", std::move(list)}};
}

} // namespace

Json start_value(const RunInfo& info, std::span<const plan::InterfaceFacts> interfaces,
                 Json configuration) {
  Json start = start_value();
  start["system_info"] = "Linux " + info.hostname + " " + info.kernel;
  start["hostname"] = info.hostname;
  start["kernel"] = info.kernel;
  start["timestamp"] = {{"time", info.started_utc},
                        {"timesecs", seconds_since_epoch(info.started_utc)}};
  start["command"] = info.command;
  start["count_source"] = name(info.source);
  start["count_source_note"] = or_null(info.source_note);
  start["host"] = host_value(info, interfaces);
  start["configuration"] = with_test(std::move(configuration), info.test);
  return start;
}

Json interval_value(const stats::Sample& sample, const RunFacts& facts) {
  return {{"sum", sum_value(sample)},
          {"workers", workers_value(sample, facts, facts.source)},
          {"streams", streams_value(sample, facts.streams, facts.source)}};
}

Json end_value(const stats::Summary& summary, const RunFacts& facts) {
  return {{"sum", sum_value(summary.total)},
          {"reason", name(summary.end)},
          {"errors", errors_value(summary.errnos)},
          {"stack_drops", summary.stack_drops},
          {"target", target_value(summary)},
          {"slip_ns",
           summary.release_delay ? release_delay_value(*summary.release_delay) : Json(nullptr)},
          {"workers", workers_value(summary.total, facts, summary.source)},
          {"streams", streams_value(summary.total, facts.streams, summary.source)},
          {"first_frame_seconds", number(summary.first_frame_s)},
          {"first_frame_monotonic_ns", summary.first_frame_ns},
          {"notes", summary.notes},
          {"cpu_seconds", number(summary.cpu_s)}};
}

std::string dump(const Json& value, int indent) {
  // ASCII output escapes all control characters.
  return value.dump(indent, ' ', true, Json::error_handler_t::replace);
}

Json to_json(const UdpBegin& begin) {
  return start_value(begin.plan, begin.info);
}

Json to_json(const UdpBegin& begin, const stats::Sample& sample) {
  return interval_value(sample, run_facts(begin.plan, begin.info));
}

Json to_json(const UdpBegin& begin, const stats::Summary& summary) {
  return end_value(summary, run_facts(begin.plan, begin.info));
}

} // namespace xtg::report
