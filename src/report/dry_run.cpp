// SPDX-License-Identifier: BSD-2-Clause
// What --dry-run prints: the resolved plan and the first frames, as text and as JSON.
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/units.h"
#include "core/version.h"
#include "report/describe.h"
#include "report/json_values.h"
#include "report/dry_run.h"

namespace xtg::report {
namespace {

void row(std::ostream& out, std::string_view label, std::string_view value) {
  fmt::print(out, "{:<16}{}\n", label, value);
}

template <class Range>
std::string range_text(const Range& range) {
  if (range.count == 1) return range.to_string();
  return fmt::format("{} ({} values)", range.to_string(), with_thousands(range.count));
}

std::string dst_mac_text(const packet::Sweep& sweep, const FieldRanges& r) {
  if (!sweep.destination() || sweep.hop_law == packet::HopLaw::Fixed) return range_text(r.dst_mac);
  return range_text(r.dst_mac) + (sweep.hop_law == packet::HopLaw::Group
                                      ? ", each group's own"
                                      : " for the first, each host's own");
}

std::string flow_text(const packet::FlowLaw& flow) {
  std::string text =
      fmt::format("{} flow{} in turn", with_thousands(flow.flows), flow.flows == 1 ? "" : "s");
  if (flow.packets != 0)
    text += fmt::format(", {} packet{} each, then the next", with_thousands(flow.packets),
                        flow.packets == 1 ? "" : "s");
  return text;
}

std::string size_text(const packet::Frame& frame) {
  if (frame.mix.constant())
    return fmt::format("{} bytes with FCS", frame.spec.frame_size.to_string());
  return fmt::format("{} bytes with FCS, {:.2f} in the mean", frame.spec.frame_size.describe(),
                     frame.mix.mean());
}

std::string byte_text(const packet::Frame& frame, packet::FieldKind kind, std::uint8_t fixed) {
  const packet::Values values = field_values(frame, kind, fixed);
  std::string text = numbers_text(values);
  return values.count == 1 ? text : fmt::format("{} ({} values)", text, values.count);
}

std::string vary_text(const packet::Sweep& sweep) {
  if (sweep.fields.empty()) return "nothing";
  std::string fields;
  for (const packet::Field& f : sweep.fields)
    fields += fmt::format("{}{}", fields.empty() ? "" : ", ", f.name());
  std::string how{to_string(sweep.vary)};
  if (sweep.vary == packet::Vary::Random) how += fmt::format(", seed {}", sweep.seed);
  if (sweep.flow.flows != 0) how += "; " + flow_text(sweep.flow);
  return fmt::format("{} ({})", fields, how);
}

std::string signature_text(const plan::StreamPlan& stream) {
  if (stream.frame.signature == packet::SignatureForm::None) return "none";
  std::string text = fmt::format(
      "{} at {}, send time of each {}{}", to_string(stream.frame.signature),
      stream.frame.mix.constant() ? fmt::format("byte {}", stream.frame.signature_offset)
                                  : std::string("the end"),
      stream.stamp == plan::Stamp::Each ? "frame" : "batch",
      stream.clock == plan::StampClock::Tai ? " by CLOCK_TAI" : "");
  if (stream.frame.reflector_offset != 0)
    text += stream.frame.mix.constant() ? fmt::format("; room for reflector timestamps at byte {}",
                                                      stream.frame.reflector_offset)
                                        : std::string("; room for reflector timestamps before it");
  return text;
}

std::string rate_text(const plan::StreamPlan& stream) {
  std::string text = format_rate(stream.rate.rate);
  if (!stream.pacing) return text;
  if (stream.rate.rate.unit == Rate::Unit::Bps)
    text += fmt::format(" on {} ({})", to_string(stream.rate.layer),
                        with_prefix(stream.pacing->target_pps, "pps"));
  return fmt::format("{}, {} back to back, {} slot{} a batch", text, stream.pacing->frames_per_slot,
                     stream.pacing->slots_per_batch,
                     stream.pacing->slots_per_batch == 1 ? "" : "s");
}

void print_stream(std::ostream& out, const plan::StreamPlan& stream) {
  const packet::FrameSpec& spec = stream.frame.spec;
  const FieldRanges r = field_ranges(stream.frame);
  fmt::print(out, "\nstream {}\n", stream.id);
  row(out, "  dst-mac", dst_mac_text(stream.frame.sweep, r));
  row(out, "  src-mac", range_text(r.src_mac));
  row(out, "  dst-addr", range_text(r.dst_addr));
  row(out, "  src-addr", range_text(r.src_addr));
  row(out, "  dst-port", range_text(r.dst_port));
  row(out, "  src-port", range_text(r.src_port));
  row(out, "  varying", vary_text(stream.frame.sweep));
  for (std::size_t i = 0; i < spec.tags.size(); ++i)
    row(out, "  vlan",
        fmt::format("{}, TPID {}", vlan_text(stream, i), packet::tpid_text(spec.tags[i].tpid)));
  row(out, "  hop-limit", byte_text(stream.frame, packet::FieldKind::HopLimit, spec.hop_limit));
  row(out, "  tos", byte_text(stream.frame, packet::FieldKind::Tos, spec.tos));
  row(out, "  frame size", size_text(stream.frame));
  row(out, "  payload", to_string(spec.payload));
  row(out, "  UDP checksum", spec.udp_checksum ? "yes" : "none");
  row(out, "  signature", signature_text(stream));
  row(out, "  rate", rate_text(stream));
  row(out, "  packets", stream.num_packets ? with_thousands(*stream.num_packets) : "no limit");
}

void print_frames(std::ostream& out, const plan::Plan& plan, const plan::StreamPlan& stream) {
  for (std::uint64_t k = 0; k < frames_shown(plan, stream); ++k) {
    const std::vector<std::uint8_t> bytes = packet::render(stream.frame, k, 0, 0);
    fmt::print(out, "\nstream {} packet {}: {} bytes, {} with FCS\n", stream.id, k, bytes.size(),
               bytes.size() + packet::kFcsBytes);
    out << packet::hex_dump(bytes);
  }
}

std::string hex(const std::vector<std::uint8_t>& bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

} // namespace

void print_plan(std::ostream& out, const plan::Plan& plan) {
  row(out, "interface", interface_text(plan.iface));
  row(out, "session", fmt::format("0x{:08x}", plan.run_id));
  row(out, "threads", fmt::format("{} on CPU {}", plan.cpus.size(), cpu_list(plan.cpus)));
  row(out, "batch", fmt::format("{} frames", plan.batch));
  row(out, "duration", plan.duration ? format_duration(*plan.duration) : "no limit");
  row(out, "interval", format_duration(plan.interval));
  row(out, "pace", name(plan.pace));
  if (plan.fix) row(out, "fix", "repair the interface for the run");
  if (plan.announce) row(out, "announce", "the run's start and end to receivers");
  if (plan.attach_pass) row(out, "attach", "an XDP pass program for the run");
  for (const plan::StreamPlan& stream : plan.streams)
    print_stream(out, stream);
  for (const plan::StreamPlan& stream : plan.streams)
    print_frames(out, plan, stream);
  out << std::flush;
}

std::string plan_json(const plan::Plan& plan, bool with_frames, const std::string& test) {
  if (!with_frames) return dump(plan_value(plan), 2);
  Json frames = Json::array();
  for (const plan::StreamPlan& stream : plan.streams)
    for (std::uint64_t k = 0; k < frames_shown(plan, stream); ++k)
      frames.push_back(
          {{"stream", stream.id}, {"seq", k}, {"hex", hex(packet::render(stream.frame, k, 0, 0))}});
  const Json document = {{"version", kVersion},
                         {"schema", kSchemaVersion},
                         {"plan", with_test(plan_value(plan), test)},
                         {"frames", std::move(frames)}};
  return dump(document, 2);
}

} // namespace xtg::report
