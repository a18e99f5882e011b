// SPDX-License-Identifier: BSD-2-Clause
#include "report/describe.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "core/units.h"

namespace xtg::report {

FieldRanges field_ranges(const packet::Frame& frame) {
  const packet::FrameSpec& spec = frame.spec;
  FieldRanges r{{spec.dst_mac, 1},  {spec.src_mac, 1},  {spec.dst_addr, 1},
                {spec.src_addr, 1}, {spec.dst_port, 1}, {spec.src_port, 1}};
  for (const packet::Field& f : frame.sweep.fields) {
    const packet::PortRange ports{static_cast<std::uint16_t>(f.first),
                                  static_cast<std::uint32_t>(f.count),
                                  static_cast<std::uint32_t>(f.step), f.list};
    switch (f.kind) {
    case packet::FieldKind::DstMac:
      r.dst_mac = {packet::Mac::from_u64(f.first), f.count, f.step, f.list};
      break;
    case packet::FieldKind::SrcMac:
      r.src_mac = {packet::Mac::from_u64(f.first), f.count, f.step, f.list};
      break;
    case packet::FieldKind::DstAddr:
      r.dst_addr = {spec.dst_addr.with_low(f.first), f.count, f.step, f.list};
      break;
    case packet::FieldKind::SrcAddr:
      r.src_addr = {spec.src_addr.with_low(f.first), f.count, f.step, f.list};
      break;
    case packet::FieldKind::DstPort:
      r.dst_port = ports;
      break;
    case packet::FieldKind::SrcPort:
      r.src_port = ports;
      break;
    case packet::FieldKind::Vlan:
    case packet::FieldKind::Tos:
    case packet::FieldKind::HopLimit:
      break; // as requested: see the spec's fields
    }
  }
  const auto dst = frame.sweep.destination();
  if (!dst || frame.sweep.hop_law != packet::HopLaw::Group) return r;
  if (!r.dst_addr.values().contiguous()) return r;
  // A range of MACs, unless the address part that determines them wraps.
  const packet::Mac last = multicast_mac(r.dst_addr.last());
  const std::uint64_t count = r.dst_addr.count;
  if (last.to_u64() - r.dst_mac.first.to_u64() == count - 1) r.dst_mac.count = count;
  return r;
}

std::string_view name(plan::Stamp stamp) {
  return stamp == plan::Stamp::Each ? "each" : "batch";
}

std::string_view name(plan::StampClock clock) {
  return clock == plan::StampClock::Tai ? "tai" : "monotonic";
}

std::string_view name(plan::Pace pace) {
  return pace == plan::Pace::Busy ? "busy" : "auto";
}

std::string_view name(stats::CountSource source) {
  return source == stats::CountSource::Link ? "link" : "tracepoint";
}

std::string_view name(stats::EndReason reason) {
  switch (reason) {
  case stats::EndReason::Amount:
    return "amount";
  case stats::EndReason::Duration:
    return "duration";
  case stats::EndReason::Interrupted:
    return "interrupted";
  case stats::EndReason::Announced:
    return "announced";
  case stats::EndReason::Failed:
    break;
  }
  return "failed";
}

std::string_view name(plan::Ingress ingress) {
  switch (ingress) {
  case plan::Ingress::Xdp:
    return "xdp";
  case plan::Ingress::Tc:
    return "tc";
  case plan::Ingress::Auto:
    break;
  }
  return "auto";
}

std::string_view name(plan::Congestion congestion) {
  switch (congestion) {
  case plan::Congestion::Reno:
    return "reno";
  case plan::Congestion::Cubic:
    return "cubic";
  case plan::Congestion::None:
    break;
  }
  return "none";
}

std::string_view name(plan::TcpClose close) {
  switch (close) {
  case plan::TcpClose::Rst:
    return "rst";
  case plan::TcpClose::KeepOpen:
    return "keep-open";
  case plan::TcpClose::Fin:
    break;
  }
  return "fin";
}

std::string_view name(plan::TcpPayload payload) {
  switch (payload) {
  case plan::TcpPayload::Pattern:
    return "pattern";
  case plan::TcpPayload::File:
    return "file";
  case plan::TcpPayload::Zeros:
    break;
  }
  return "zeros";
}

std::string thousands(double value) {
  if (!std::isfinite(value) || value < 0) return "-";
  return with_thousands(static_cast<std::uint64_t>(std::llround(value)));
}

std::string target_text(const stats::Sample& total) {
  // Rates may be below one packet a second.
  const auto pps = [](double value) {
    return value >= 0 && value < 1000 ? fmt::format("{:.3f}", value) : thousands(value);
  };
  return fmt::format("{:>15} pps, achieved {} pps ({:+.4f} %)", pps(*total.target_pps),
                     pps(total.xmit_pps), 0.0 - 100 * stats::shortfall_ratio(total));
}

std::string prefixed(double value, std::string_view unit) {
  return std::isfinite(value) ? with_prefix(value, unit) : fmt::format("- {}", unit);
}

std::string interface_text(const plan::InterfaceFacts& iface) {
  return fmt::format("{} (ifindex {}, {}), {}, MTU {}, {} TX queue{}", iface.name, iface.ifindex,
                     iface.driver.empty() ? "driver unknown" : iface.driver, iface.mac.to_string(),
                     iface.mtu, iface.tx_queues, iface.tx_queues == 1 ? "" : "s");
}

std::string source_text(const std::string& interface, const RunInfo& info, plan::TxPath via) {
  const bool traced = info.source == stats::CountSource::Tracepoint;
  if (traced && via == plan::TxPath::Tc)
    return "counted by tracepoint net_dev_xmit: frames of this run that the driver accepted";
  if (traced && via == plan::TxPath::Receive)
    return "counted by tracepoint netif_receive_skb: frames of this run that arrived at the "
           "interface";
  if (traced)
    return "counted by tracepoint xdp_devmap_xmit: frames of this run that the driver accepted";
  std::string text = fmt::format("counted by the link counters of {}, NOT by tracepoint: "
                                 "the figures include all else that it sends",
                                 interface);
  return info.source_note.empty() ? text : fmt::format("{} ({})", text, info.source_note);
}

std::string cpu_list(const std::vector<int>& cpus) {
  return fmt::format("{}", fmt::join(cpus, ","));
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return printable(text);
}

std::string errno_name(int number) {
  const char* known = ::strerrorname_np(number);
  return known != nullptr ? known : fmt::format("errno {}", number);
}

std::string errno_text(int number) {
  const char* known = ::strerrordesc_np(number);
  return known != nullptr ? known : "unknown error";
}

std::uint64_t frames_shown(const plan::Plan& plan, const plan::StreamPlan& stream) {
  const std::uint64_t asked = plan.spec.dry_run_frames;
  return std::min(asked, stream.num_packets.value_or(asked));
}

packet::Values field_values(const packet::Frame& frame, packet::FieldKind kind, std::uint64_t fixed,
                            std::size_t nth) {
  for (const packet::Field& f : frame.sweep.fields)
    if (f.kind == kind && f.nth == nth) return f.values();
  packet::Values out;
  out.first = fixed;
  return out;
}

std::string numbers_text(const packet::Values& values) {
  return packet::to_string(values, [](std::uint64_t v) { return std::to_string(v); });
}

std::string vlan_text(const plan::StreamPlan& stream, std::size_t tag) {
  const packet::VlanTag& first = stream.frame.spec.tags[tag];
  std::string text =
      numbers_text(field_values(stream.frame, packet::FieldKind::Vlan, first.id, tag));
  if (first.priority != 0) text += fmt::format(":{}", first.priority);
  return text;
}

/// "VLAN 200 100, ", outermost first.
std::string tags_text(const plan::StreamPlan& stream) {
  std::string text;
  for (std::size_t i = 0; i < stream.frame.spec.tags.size(); i++)
    text += ' ' + vlan_text(stream, i);
  return text.empty() ? text : fmt::format("VLAN{}, ", text);
}

std::string stream_text(const plan::StreamPlan& stream) {
  const FieldRanges r = field_ranges(stream.frame);
  std::string text = fmt::format(
      "stream {}: {} port {} ({}) -> {} port {} ({}), {}{}-byte frames, rate {}", stream.id,
      r.src_addr.to_string(), r.src_port.to_string(), r.src_mac.to_string(), r.dst_addr.to_string(),
      r.dst_port.to_string(), r.dst_mac.to_string(), tags_text(stream),
      stream.frame.spec.frame_size.describe(), format_rate(stream.rate.rate));
  if (stream.rate.rate.unit == Rate::Unit::Bps && stream.pacing)
    text += fmt::format(" on {} = {}", to_string(stream.rate.layer),
                        prefixed(stream.pacing->target_pps, "pps"));
  if (stream.num_packets) text += fmt::format(", {} packets", with_thousands(*stream.num_packets));
  return text;
}

} // namespace xtg::report
