// SPDX-License-Identifier: BSD-2-Clause
#include "report/rx_values.h"

#include <array>
#include <string>
#include <utility>

#include "report/describe.h"
#include "report/rx_announce.h"
#include "report/rx_reflector.h"
#include "report/rx_phrases.h"
#include "report/to_json.h"
#include "stats/hdr_histogram.h"

namespace xtg::report {
namespace {

double us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

/// Including the FCS, as all sizes in the JSON.
std::uint64_t bytes_of(std::uint64_t bytes, std::uint64_t packets) {
  return bytes + packets * kFcsBytes;
}

Json pdv_value(const stats::RxDelay& delay) {
  if (delay.count == 0) return nullptr;
  return {{"p99", us(delay_variation(delay, 0.99))},
          {"p999", us(delay_variation(delay, 0.999))},
          {"max", us(delay_variation(delay, 1))}};
}

Json ipdv_value(const stats::RxStream& stream) {
  if (!has_variation(stream)) return nullptr;
  return {{"mean", number(stream.ipdv_mean_ns / 1e3)}, {"max", us(stream.ipdv_max_ns)}};
}

Json arrival_value(const stats::Histogram& arrival) {
  if (arrival.count() == 0) return nullptr;
  return {{"p50", us(arrival.quantile(0.5))},
          {"p99", us(arrival.quantile(0.99))},
          {"p999", us(arrival.quantile(0.999))},
          {"max", us(arrival.max())},
          {"histogram_ns", stats::hdr_encode(arrival)}};
}

Json reorder_value(const stats::RxStream& stream) {
  if (stream.extents == 0) return nullptr;
  return {{"extent_mean", number(stream.extent_mean)},
          {"extent_max", stream.extent_max},
          {"late_us_max", us(stream.late_max_ns)}};
}

Json bursts_value(const stats::RxStream& stream) {
  if (!stream.bursts_known) return nullptr;
  Json lengths = Json::array();
  for (std::size_t i = 0; i < stream.burst_class.size(); ++i) {
    if (stream.burst_class[i] == 0) continue;
    const bool last = i + 1 == stream.burst_class.size(); // includes all longer ones
    lengths.push_back({{"from", std::uint64_t{1} << i},
                       {"to", last ? Json(nullptr) : Json((std::uint64_t{2} << i) - 1)},
                       {"count", stream.burst_class[i]}});
  }
  return {{"count", stream.bursts},
          {"longest", stream.longest_burst},
          {"lengths", std::move(lengths)},
          {"outage_us", us(stream.outage_ns)}};
}

/// Fields shared by a stream and the whole run, beyond the counters; added to `out`.
void add_details(Json& out, const stats::RxStream& stream) {
  out["negative_delay_worst_us"] = stream.counters.negative == 0
                                       ? Json(nullptr)
                                       : number(static_cast<double>(stream.negative_min) / 1e3);
  out["ipdv_us"] = ipdv_value(stream);
  out["pdv_us"] = pdv_value(stream.delay);
  out["arrival_us"] = arrival_value(stream.arrival);
  out["reorder"] = reorder_value(stream);
  out["loss_exact"] = stream.loss_exact;
  out["loss_bursts"] = bursts_value(stream);
}

/// Fields known only for frames with a sequence number and a send time.
constexpr std::array kOfNumbers = {
    "unique",    "lost_packets", "lost_percent", "missing_packets", "duplicates",   "replicated",
    "reordered", "too_late",     "suspect",      "negative_delays", "absurd_delays"};

Json sum_value(const stats::RxSample& s, const std::vector<stats::RxStream>& streams) {
  Json out = {{"start", number(s.start_s)},
              {"end", number(s.end_s)},
              {"seconds", number(s.end_s - s.start_s)},
              {"packets", s.sum.packets},
              {"bytes", bytes_of(s.sum.bytes, s.sum.packets)},
              {"bits_per_second", number(s.l2_bps)},
              {"rx_pps", number(s.pps)},
              {"l1_bits_per_second", number(s.l1_bps)},
              {"l2_bits_per_second", number(s.l2_bps)}};
  add_counters(out, s.sum);
  out["missing_packets"] = s.missing;
  if (only_matched(streams))
    for (const char* key : kOfNumbers)
      out[key] = nullptr;
  out["matched"] = s.sum.matched;
  out["path"] = path_name(s.path);
  out["delay_us"] = delay_value(s.delay);
  out["jitter_us"] = has_variation(streams) ? number(s.jitter_ns / 1e3) : Json(nullptr);
  out["passed"] = s.passed;
  out["streams"] = streams_that_arrived(streams);
  return out;
}

std::string_view form_of(const stats::RxName& name) {
  if (name.match) return "match";
  return name.compact ? "compact" : "full";
}

/// For frames without a signature most fields are unknown.
void clear_unknown(Json& out, const stats::RxStream& s) {
  for (const char* key :
       {"session", "first_sequence", "next_sequence", "clock", "path", "loss_exact"})
    out[key] = nullptr;
  for (const char* key : kOfNumbers)
    if (out.contains(key)) out[key] = nullptr;
  if (s.counters.packets != 0) return;
  out["seconds"] = nullptr;
  out["frame_size"] = nullptr;
}

Json shares_value(const std::vector<stats::RxShare>& shares) {
  Json list = Json::array();
  for (const stats::RxShare& share : shares)
    list.push_back({{"unit", share.unit},
                    {"packets", share.packets},
                    {"bytes", bytes_of(share.bytes, share.packets)}});
  return list;
}

/// Rates are over the `seconds` of the run, like the total's, so they add up.
Json stream_value(const stats::RxStream& s, double seconds) {
  const stats::RxCounters& c = s.counters;
  const stats::RxRates rates = stats::rx_rates(c, seconds);
  Json out = {{"session", s.name.run_id},
              {"stream", s.name.stream},
              {"form", form_of(s.name)},
              {"match", or_null(s.filter)},
              {"path", path_name(s.name.path)},
              {"seconds", us(s.last_ns - s.first_ns) / 1e6},
              {"packets", c.packets},
              {"bytes", bytes_of(c.bytes, c.packets)},
              {"rx_pps", number(rates.pps)},
              {"l1_bits_per_second", number(rates.l1_bps)},
              {"l2_bits_per_second", number(rates.l2_bps)},
              {"frame_size", {{"min", s.size_min + kFcsBytes}, {"max", s.size_max + kFcsBytes}}},
              {"first_sequence", s.first_number},
              {"next_sequence", s.next_number},
              {"units", s.units},
              {"per_unit", shares_value(s.shares)},
              {"sent", or_null(s.sent)},
              {"clock", name(s.clock.clock)},
              {"clock_error_us", s.clock.error_ns ? Json(us(*s.clock.error_ns)) : Json(nullptr)},
              {"clock_note", or_null(clock_text(s.clock))}};
  add_counters(out, c);
  out["delay_us"] = delay_value(s.delay);
  out["jitter_us"] = has_variation(s) ? number(s.jitter_ns / 1e3) : Json(nullptr);
  add_details(out, s);
  out["mirror"] = reflector_value(s);
  if (s.name.match) clear_unknown(out, s);
  return out;
}

Json units_value(const std::vector<stats::RxUnit>& units, const std::string& what) {
  Json list = Json::array();
  for (const stats::RxUnit& unit : units)
    list.push_back({{what, unit.number},
                    {"packets", unit.packets},
                    {"bytes", bytes_of(unit.bytes, unit.packets)},
                    {"passed", unit.passed}});
  return list;
}

Json uncounted_value(const stats::RxUncounted& uncounted) {
  return {{"refused", uncounted.filtered},
          {"no_slot", uncounted.no_slot},
          {"unknown", uncounted.unknown},
          {"unannounced", uncounted.unannounced},
          {"candidates", uncounted.candidates},
          {"link_dropped", uncounted.link_dropped},
          {"link_missed", uncounted.link_missed},
          {"link_errors", uncounted.link_errors},
          {"unsound_announcements", uncounted.unsound},
          {"unheard_announcements", uncounted.unheard},
          {"unconfirmed_runs", uncounted.unconfirmed}};
}

Json verify_value(const stats::RxVerified& verified) {
  return {{"corrupt", verified.corrupt}, {"unverified", verified.unverified}};
}

Json samples_value(const stats::RxSamples& samples) {
  Json why;
  for (std::size_t i = 0; i < samples.why.size(); ++i)
    why[std::string(kSampleReasons[i])] = samples.why[i];
  return {{"file", samples.file},
          {"written", samples.written},
          {"lost_samples", samples.lost},
          {"cut", samples.cut},
          {"reasons", std::move(why)}};
}

Json plan_value(const plan::RxPlan& plan, std::string_view mode) {
  const plan::RxSpec& spec = plan.spec;
  Json expect = Json::array();
  for (const plan::Condition& condition : spec.expect)
    expect.push_back(condition.text);
  Json match = Json::array();
  for (const packet::Filter& filter : spec.match)
    match.push_back(filter.to_string());
  return {{"interface", interface_value(plan.iface)},
          {"role", "receiver"},
          {"mode", to_string(spec.mode)},
          {"attached", mode},
          {"session", or_null(spec.run_id)},
          {"port", or_null(spec.port)},
          {"observe", spec.observe},
          {"match", std::move(match)},
          {"drop_matched", spec.drop_matched},
          {"window", spec.window},
          {"streams", spec.streams},
          {"num_packets", or_null(spec.num_packets)},
          {"announcements", !spec.ignore_announcements},
          {"keyed", spec.key.has_value()},
          {"clock_offset_seconds",
           spec.clock_offset ? Json(seconds(*spec.clock_offset)) : Json(nullptr)},
          {"drain_seconds", seconds(spec.drain)},
          {"duration_seconds", spec.duration ? Json(seconds(*spec.duration)) : Json(nullptr)},
          {"interval_seconds", seconds(spec.interval)},
          {"expect", std::move(expect)},
          {"verify", spec.verify},
          {"write_pcap", spec.pcap_path.empty() ? Json(nullptr) : Json(spec.pcap_path)},
          {"sample", spec.pcap_path.empty() ? Json(nullptr) : Json(to_string(spec.sample))},
          {"notes", plan.notes}};
}

} // namespace

Json delay_value(const stats::RxDelay& delay) {
  if (delay.count == 0) return nullptr;
  return {{"min", us(delay.min)},
          {"mean", number(delay.mean / 1e3)},
          {"p50", us(delay.quantile(0.5))},
          {"p90", us(delay.quantile(0.9))},
          {"p99", us(delay.quantile(0.99))},
          {"p999", us(delay.quantile(0.999))},
          {"p9999", us(delay.quantile(0.9999))},
          {"max", us(delay.max)},
          {"count", delay.count},
          {"histogram_ns", stats::hdr_encode(delay.histogram, delay.min, delay.max)}};
}

void add_counters(Json& out, const stats::RxCounters& c) {
  out["unique"] = c.unique;
  out["lost_packets"] = c.lost;
  out["lost_percent"] = expected_packets(c) == 0 ? Json(nullptr) : number(100 * c.loss_ratio());
  out["duplicates"] = c.duplicates;
  out["replicated"] = c.replicated;
  out["reordered"] = c.reordered;
  out["too_late"] = c.too_late;
  out["suspect"] = c.suspect;
  out["negative_delays"] = c.negative;
  out["absurd_delays"] = c.absurd;
}

Json rx_start_value(const plan::RxPlan& plan, const RunInfo& info, std::string_view mode) {
  Json start = start_value(info, {&plan.iface, 1}, plan_value(plan, mode));
  // Where sent frames are counted.
  start.erase("count_source");
  start.erase("count_source_note");
  return start;
}

Json rx_interval_value(const stats::RxSample& sample) {
  return {{"sum", sum_value(sample, sample.streams)}};
}

Json expect_value(const std::vector<RxVerdict>& verdicts) {
  Json expect = Json::array();
  for (const RxVerdict& verdict : verdicts)
    expect.push_back({{"condition", verdict.condition.text},
                      {"value", verdict.value ? number(*verdict.value) : Json(nullptr)},
                      {"held", verdict.held},
                      {"implied", verdict.implied}});
  return expect;
}

Json rx_end_value(const stats::RxSummary& summary, const std::vector<RxVerdict>& verdicts) {
  Json streams = Json::array();
  for (const stats::RxStream& stream : summary.streams)
    streams.push_back(stream_value(stream, summary.total.end_s - summary.total.start_s));
  Json sum = sum_value(summary.total, summary.streams);
  sum["sent"] = or_null(summary.all.sent);
  sum["waiting_seconds"] = number(summary.waiting_s);
  add_details(sum, summary.all);
  Json announced = Json::array();
  for (const stats::RxSender& sender : summary.senders)
    announced.push_back(announced_value(sender));
  return {{"sum", std::move(sum)},
          {"streams", std::move(streams)},
          {"announced", std::move(announced)},
          {"reason", name(summary.end)},
          {"queues", units_value(summary.queues, "queue")},
          {"cpus", units_value(summary.cpus, "cpu")},
          {"aside", uncounted_value(summary.uncounted)},
          {"expect", expect_value(verdicts)},
          {"verify", summary.verified ? verify_value(*summary.verified) : Json(nullptr)},
          {"sample", summary.samples ? samples_value(*summary.samples) : Json(nullptr)},
          {"cpu_seconds", number(summary.cpu_s)}};
}

Json to_json(const RxBegin& begin) {
  return rx_start_value(begin.plan, begin.info, begin.mode);
}

Json to_json(const RxBegin&, const stats::RxSample& sample) {
  return rx_interval_value(sample);
}

Json to_json(const RxBegin&, const RxEnd& end) {
  return rx_end_value(end.summary, end.verdicts);
}

Json to_json(const Announced& announced) {
  return announced_value(announced.sender);
}

} // namespace xtg::report
