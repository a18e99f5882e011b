// SPDX-License-Identifier: BSD-2-Clause
#include "report/reflect_values.h"

#include <string>
#include <utility>

#include "plan/rx_plan.h"
#include "report/describe.h"
#include "report/reflect_phrases.h"
#include "report/to_json.h"

namespace xtg::report {
namespace {

Json refused_value(const stats::ReflectCounters& counters) {
  Json out = Json::object();
  for (std::size_t i = 0; i < kRefusals.size(); i++)
    out[std::string(kRefusals[i].key)] = counters.not_reflected[i];
  return out;
}

Json sum_value(const stats::ReflectSample& s) {
  const stats::ReflectCounters& c = s.sum;
  return {{"start", number(s.start_s)},
          {"end", number(s.end_s)},
          {"seconds", number(s.end_s - s.start_s)},
          {"packets", c.reflected()},
          {"bits_per_second", number(s.l2_bps)},
          {"reflected_pps", number(s.pps)},
          {"l1_bits_per_second", number(s.l1_bps)},
          {"l2_bits_per_second", number(s.l2_bps)},
          {"driver_drops", c.dropped},
          {"told", c.stamped},
          {"untold", c.unnumbered},
          {"passed", c.passed},
          {"refused", refused_value(c)}};
}

Json plan_value(const plan::ReflectPlan& plan, std::string_view mode) {
  const plan::ReflectSpec& spec = plan.spec;
  Json sources = nullptr;
  if (!spec.allow_any) {
    sources = Json::array();
    for (const packet::IpPrefix& source : plan.sources)
      sources.push_back(source.to_string());
  }
  return {{"interface", interface_value(plan.iface)},
          {"role", "mirror"},
          {"mode", to_string(spec.mode)},
          {"attached", mode},
          {"via", plan.redirect ? "redirect" : "tx"},
          {"session", or_null(spec.run_id)},
          {"port", or_null(spec.port)},
          {"allow", std::move(sources)},
          {"any_mac", spec.any_mac},
          {"max_pps",
           spec.max_rate.unit == Rate::Unit::Pps ? number(spec.max_rate.value) : Json(nullptr)},
          {"num_packets", or_null(spec.num_packets)},
          {"duration_seconds", spec.duration ? Json(seconds(*spec.duration)) : Json(nullptr)},
          {"interval_seconds", seconds(spec.interval)},
          {"notes", plan.notes}};
}

} // namespace

Json reflect_start_value(const plan::ReflectPlan& plan, const RunInfo& info,
                         std::string_view mode) {
  return start_value(info, {&plan.iface, 1}, plan_value(plan, mode));
}

Json reflect_interval_value(const stats::ReflectSample& sample) {
  return {{"sum", sum_value(sample)}};
}

Json reflect_end_value(const stats::ReflectSummary& summary) {
  Json streams = Json::array(), cpus = Json::array();
  for (const stats::ReflectStream& stream : summary.streams)
    streams.push_back({{"session", stream.name.run_id},
                       {"stream", stream.name.stream},
                       {"form", stream.name.compact ? "compact" : "full"},
                       {"packets", stream.frames},
                       {"announcements", stream.announced}});
  for (const stats::ReflectUnit& cpu : summary.cpus)
    cpus.push_back({{"cpu", cpu.number}, {"sent", cpu.sent}, {"passed", cpu.passed}});
  const stats::ReflectLink& link = summary.link;
  return {{"sum", sum_value(summary.total)},
          {"streams", std::move(streams)},
          {"reason", name(summary.end)},
          {"waiting_seconds", number(summary.waiting_s)},
          {"errors", errors_value(summary.errnos)},
          {"cpus", std::move(cpus)},
          {"link",
           {{"rx_dropped", link.rx_dropped},
            {"rx_missed", link.rx_missed},
            {"rx_errors", link.rx_errors},
            {"tx_dropped", link.tx_dropped},
            {"tx_errors", link.tx_errors}}},
          {"cpu_seconds", number(summary.cpu_s)}};
}

Json to_json(const ReflectBegin& begin) {
  return reflect_start_value(begin.plan, begin.info, begin.mode);
}

Json to_json(const ReflectBegin&, const stats::ReflectSample& sample) {
  return reflect_interval_value(sample);
}

Json to_json(const ReflectBegin&, const stats::ReflectSummary& summary) {
  return reflect_end_value(summary);
}

} // namespace xtg::report
