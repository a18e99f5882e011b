// SPDX-License-Identifier: BSD-2-Clause
#include "plan/plan.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "plan/checks.h"
#include "plan/diagnose.h"
#include "plan/next_hop.h"
#include "plan/pacing.h"
#include "plan/tx_path.h"
#include "xtg/abi/base.h"
#include "xtg/abi/signature.h"

namespace xtg::plan {

namespace {

using packet::Family;
using packet::FieldKind;
using packet::Ip;
using packet::IpRange;
using packet::MacRange;

Ip pick_source(const InterfaceFacts& iface, const RouteFacts* route, Family family,
               std::vector<std::string>& notes) {
  if (route != nullptr && route->src && route->src->family == family) return *route->src;
  const Ip* link_local = nullptr;
  for (const Ip& address : iface.addresses) {
    if (address.family != family) continue;
    if (!address.is_link_local()) return address;
    link_local = &address;
  }
  if (link_local != nullptr) return *link_local;
  const Ip made_up = *Ip::parse(family == Family::V4 ? "198.18.0.1" : "2001:2::1");
  notes.push_back(
      fmt::format("{} has no {} address: frames are sent from {} (RFC {}); --src-addr sets another",
                  iface.name, family == Family::V4 ? "IPv4" : "IPv6", made_up.to_string(),
                  family == Family::V4 ? "2544" : "5180"));
  return made_up;
}

/// What has arrived is for the interface's own address, if it has one.
Ip own_address(const InterfaceFacts& iface, const Ip& otherwise) {
  for (const Ip& address : iface.addresses)
    if (address.family == otherwise.family && !address.is_link_local()) return address;
  return otherwise;
}

Result<packet::PortRange> destination_ports(const StreamSpec& stream) {
  if (stream.dyn_ports <= 1) return stream.dst_port;
  if (stream.dst_port.first + std::uint64_t{stream.dyn_ports} > 65'536)
    return invalid(fmt::format("--dyn-ports {}: from port {} on there are {} ports",
                               stream.dyn_ports, stream.dst_port.first,
                               65'536 - stream.dst_port.first));
  return packet::PortRange{stream.dst_port.first, stream.dyn_ports};
}

/// The tags' first IDs and their TPIDs.
Result<std::vector<packet::VlanTag>> tags_of(const StreamSpec& stream) {
  const std::size_t count = stream.vlans.size();
  if (count > packet::kMaxTags)
    return invalid(fmt::format("--vlan: {} tags, at most {} are sent", count, packet::kMaxTags));
  if (stream.tpids.size() > count)
    return invalid(fmt::format("--tpid: {} for {} VLAN tag{}: one for each --vlan, the outer one "
                               "first",
                               stream.tpids.size(), count, count == 1 ? "" : "s"));
  std::vector<packet::VlanTag> out;
  for (std::size_t i = 0; i < count; i++)
    out.push_back({i < stream.tpids.size() ? stream.tpids[i] : packet::default_tpid(i, count),
                   stream.vlans[i].priority, stream.vlans[i].first});
  return out;
}

/// Completes the stream's frames: looks up everything that the spec leaves open.
struct Endpoints {
  IpRange dst, src;
  MacRange dst_mac, src_mac;
  packet::HopLaw hop_law = packet::HopLaw::Fixed;
  std::vector<std::uint64_t> next_hops;
};

Result<Endpoints> pick_endpoints(const TestSpec& test, const PortSpec& spec,
                                 const StreamSpec& stream, const HostFacts& facts,
                                 std::size_t number, std::vector<std::string>& notes) {
  const InterfaceFacts& iface = *facts.iface;
  const bool enters = spec.via == TxPath::Receive;
  Endpoints out;
  out.dst = IpRange{destination_of(stream), 1};
  if (stream.dst_addr)
    out.dst = *stream.dst_addr;
  else if (enters)
    out.dst = {own_address(iface, out.dst.first), 1};
  if (auto safe = check_safety(test, iface, out.dst); !safe)
    return tl::unexpected<Error>(std::move(safe.error()));

  const Family family = out.dst.first.family;
  if (stream.src_addr && stream.src_addr->first.family != family)
    return invalid(fmt::format("--src-addr {}: not of the family of --dst-addr {}",
                               stream.src_addr->to_string(), out.dst.to_string()));
  const Consent consent{test.allow_default_route, test.allow_public};
  if (stream.src_addr)
    if (auto ok = check_source(consent, *stream.src_addr); !ok)
      return tl::unexpected<Error>(std::move(ok.error()));
  if (stream.src_mac)
    if (auto ok = check_source(consent, *stream.src_mac); !ok)
      return tl::unexpected<Error>(std::move(ok.error()));
  const RouteFacts* route = route_for(facts, out.dst.first, number);
  if (auto fits = check_framing(iface, stream); !fits)
    return tl::unexpected<Error>(std::move(fits.error()));
  if (stream.dst_mac) {
    out.dst_mac = *stream.dst_mac;
  } else if (enters) {
    out.dst_mac = {iface.mac, 1};
  } else if (iface.ethernet) {
    auto hops = find_next_hops({test.dry_run, Errc::NotFound,
                                "name one with --dst-mac, or another destination with --dst-addr"},
                               iface, route, out.dst, notes);
    if (!hops) return tl::unexpected<Error>(std::move(hops.error()));
    out.dst_mac = {hops->first, 1};
    out.hop_law = hops->law;
    out.next_hops = std::move(hops->listed);
  }
  out.src_mac = stream.src_mac.value_or(MacRange{enters ? sender_beyond(iface.mac) : iface.mac, 1});
  if (stream.src_addr)
    out.src = *stream.src_addr;
  else if (enters || needs_foreign_source(iface, out.dst.first))
    out.src = {host_beyond(family), 1};
  else
    out.src = {pick_source(iface, route, family, notes), 1};
  note_unusable(iface, out.dst.first, out.src.first, notes);
  return out;
}

/// "; the smallest frame has 64", if it is not obvious.
std::string smallest_text(const packet::SizeLaw& sizes) {
  if (sizes.constant()) return {};
  return fmt::format("; the smallest frame of these has {}", sizes.smallest());
}

/// Checks between options that depend on the address family.
Status check_family(const StreamSpec& stream, Family family) {
  const std::size_t tags = stream.vlans.size();
  const std::uint32_t least = packet::min_frame_size(family, tags);
  const std::uint32_t with_words = packet::min_reflector_frame_size(family, tags);
  std::string headers = family == Family::V4 ? "IPv4" : "IPv6";
  if (tags != 0) headers += fmt::format(" with {} VLAN tag{}", tags, tags == 1 ? "" : "s");
  if (stream.frame_size && stream.frame_size->smallest() < least)
    return invalid(fmt::format(
        "--pkt-size {}: the headers of UDP over {} take at least {} bytes with FCS, {} are the "
        "most{}",
        stream.frame_size->describe(), headers, least, packet::longest_frame_size(),
        smallest_text(*stream.frame_size)));
  if (stream.round_trip && stream.frame_size && stream.frame_size->smallest() < with_words)
    return invalid(fmt::format("--pkt-size {}: --round-trip takes at least {} bytes over {}, with "
                               "FCS, for reflector timestamps and the full signature{}",
                               stream.frame_size->describe(), with_words, headers,
                               smallest_text(*stream.frame_size)));
  if (!stream.udp_checksum && family == Family::V6)
    return invalid(
        "--no-udp-checksum: IPv6 needs the UDP checksum (RFC 8200 8.1), only IPv4 goes without");
  return {};
}

/// Checks that depend on whether a signature fits.
Status check_signature(const TestSpec& test, const StreamSpec& stream, const packet::Frame& frame) {
  const std::uint32_t rest = frame.header_len + packet::kFcsBytes;
  if (stream.clock == StampClock::Tai && frame.signature != packet::SignatureForm::Full)
    return invalid(
        fmt::format("--clock tai: only the full signature says which clock it is; it has "
                    "room in frames of {} bytes and more (--pkt-size)",
                    rest + XTG_SIG_FULL_LEN));
  if (test.announce && frame.signature == packet::SignatureForm::None)
    return invalid(fmt::format("--announce: a receiver counts frames with a signature; it has room "
                               "in frames of {} bytes and more (--pkt-size)",
                               rest + XTG_SIG_COMPACT_LEN));
  return {};
}

/// The smallest frame that our receiver can count.
std::uint32_t default_size(const StreamSpec& stream, Family family) {
  const std::size_t tags = stream.vlans.size();
  if (stream.round_trip) return packet::min_reflector_frame_size(family, tags);
  return stream.signature ? packet::min_signed_frame_size(family, tags)
                          : packet::min_frame_size(family, tags);
}

/// The ports that distinguish flows if nothing else varies. Flows that are replaced need more
/// ports: as many rounds of flows as there are ports left.
packet::PortRange flow_ports(const StreamSpec& stream) {
  const std::uint64_t left = 65'536 - stream.src_port.first;
  const std::uint64_t flows = std::min(stream.flow.flows, left);
  const std::uint64_t ports = stream.flow.packets == 0 ? flows : left / flows * flows;
  return {stream.src_port.first, static_cast<std::uint32_t>(ports)};
}

/// The varying fields, by their own ranges and by --flows.
packet::Sweep sweep_of(const StreamSpec& stream, const Endpoints& ends,
                       const packet::PortRange& dst_port, std::vector<std::string>& notes) {
  packet::Sweep sweep;
  sweep.vary = stream.vary;
  sweep.seed = stream.seed;
  sweep.flow = stream.flow;
  if (sweep.flow.packets != 0 && sweep.flow.flows == 0) sweep.flow.flows = 1;
  // An odometer turns its first field fastest: ports, then addresses, then MACs; destinations
  // first.
  const auto field = packet::Field::of;
  sweep.fields = {field(FieldKind::DstPort, dst_port.values(), 0),
                  field(FieldKind::SrcPort, stream.src_port.values(), 0),
                  field(FieldKind::DstAddr, ends.dst.values(), 0),
                  field(FieldKind::SrcAddr, ends.src.values(), 0),
                  field(FieldKind::DstMac, ends.dst_mac.values(), 0),
                  field(FieldKind::SrcMac, ends.src_mac.values(), 0)};
  for (std::size_t i = stream.vlans.size(); i-- > 0;) // inner tags first
    sweep.fields.push_back(
        field(FieldKind::Vlan, stream.vlans[i].values(), static_cast<std::uint8_t>(i)));
  sweep.fields.push_back(field(FieldKind::Tos, stream.tos.values(), 0));
  sweep.fields.push_back(field(FieldKind::HopLimit, stream.hop_limit.values(), 0));
  const bool none =
      std::ranges::all_of(sweep.fields, [](const auto& one) { return one.count == 1; });
  if (none && sweep.flow.flows > 1) {
    StreamSpec flows = stream;
    flows.flow = sweep.flow;
    const packet::PortRange ports = flow_ports(flows);
    sweep.fields[1] = field(FieldKind::SrcPort, ports.values(), 0);
    notes.push_back(fmt::format("flows differ by their source port, {}: no other field varies",
                                ports.to_string()));
  }
  return sweep;
}

void note_signature(const StreamSpec& stream, const packet::Frame& frame,
                    std::vector<std::string>& notes) {
  if (!stream.signature || frame.signature != packet::SignatureForm::None) return;
  const bool one = frame.mix.constant();
  notes.push_back(fmt::format(
      "frames of {} bytes have no room for a signature{}", frame.mix.smallest(),
      one ? std::string()
          : fmt::format(", so no frame of the stream carries one: the smallest with room has {}",
                        frame.header_len + XTG_SIG_COMPACT_LEN + packet::kFcsBytes)));
}

Result<StreamPlan> resolve_stream(const TestSpec& test, const PortSpec& port, std::size_t number,
                                  const HostFacts& facts, std::uint32_t run_id,
                                  std::vector<std::string>& notes) {
  const StreamSpec& stream = port.streams[number];
  auto ends = pick_endpoints(test, port, stream, facts, number, notes);
  if (!ends) return tl::unexpected<Error>(std::move(ends.error()));
  if (auto fits = check_family(stream, ends->dst.first.family); !fits)
    return tl::unexpected<Error>(std::move(fits.error()));
  auto tags = tags_of(stream);
  if (!tags) return tl::unexpected<Error>(std::move(tags.error()));
  auto dst_port = destination_ports(stream);
  if (!dst_port) return tl::unexpected<Error>(std::move(dst_port.error()));

  packet::FrameSpec frame;
  frame.dst_mac = ends->dst_mac.first;
  frame.src_mac = ends->src_mac.first;
  frame.dst_addr = ends->dst.first;
  frame.src_addr = ends->src.first;
  frame.dst_port = dst_port->first;
  frame.src_port = stream.src_port.first;
  frame.hop_limit = stream.hop_limit.first();
  frame.tos = stream.tos.first();
  frame.tags = std::move(*tags);
  const Family family = ends->dst.first.family;
  frame.frame_size = stream.frame_size.value_or(packet::SizeLaw(default_size(stream, family)));
  frame.payload = stream.payload;
  frame.payload_seed = stream.seed;
  frame.udp_checksum = stream.udp_checksum;
  frame.signature = stream.signature;
  frame.reflector = stream.round_trip;
  frame.run_id = run_id;
  frame.stream = static_cast<std::uint16_t>(number);
  frame.signature_flags = stream.stamp == Stamp::Each ? XTG_SIG_F_STAMP_EACH : 0;
  if (stream.clock == StampClock::Tai) frame.signature_flags |= XTG_SIG_F_TAI;

  packet::Sweep sweep = sweep_of(stream, *ends, *dst_port, notes);
  sweep.hop_law = ends->hop_law;
  sweep.next_hops = std::move(ends->next_hops);
  auto built = packet::build(frame, std::move(sweep));
  if (!built)
    return forward(std::move(built), fmt::format("--pkt-size {}", frame.frame_size.to_string()));

  if (auto fits = check_signature(test, stream, *built); !fits)
    return tl::unexpected<Error>(std::move(fits.error()));

  StreamPlan out;
  out.frame = std::move(*built);
  out.id = static_cast<std::uint16_t>(number);
  out.stamp = stream.stamp;
  out.clock = stream.clock;
  out.rate = stream.rate;
  out.name = stream.name;
  out.weight = stream.weight;
  out.num_packets = stream.num_packets;
  const auto bits = [&](Layer layer) {
    return out.frame.mix.mean_bits(out.frame.l3_offset, layer);
  };
  out.l1_bits = bits(Layer::L1);
  out.l2_bits = bits(Layer::L2);
  out.l3_bits = bits(Layer::L3);
  note_signature(stream, out.frame, notes);
  return out;
}

} // namespace

bool sees_both_ends(const TestSpec& test) {
  return std::ranges::any_of(test.ports, &PortSpec::receive);
}

Status check_safety(const TestSpec& test, const InterfaceFacts& iface, const IpRange& dst) {
  return check_consent({test.allow_default_route || test.dry_run, test.allow_public}, iface, dst,
                       "--dst-addr");
}

FrameSize largest_frame(const StreamPlan& stream) {
  return {stream.frame.mix.largest(), static_cast<std::uint32_t>(stream.frame.spec.tags.size())};
}

Ip destination_of(const StreamSpec& stream) {
  if (stream.dst_addr) return stream.dst_addr->first;
  const bool v6 = stream.src_addr && !stream.src_addr->first.is_v4();
  return *Ip::parse(v6 ? "2001:2::2" : "198.18.0.2");
}

RouteQuestion question_of(const StreamSpec& stream) {
  RouteQuestion question;
  question.dst = destination_of(stream);
  if (stream.src_addr && stream.src_addr->first.family == question.dst.family)
    question.src = stream.src_addr->first;
  question.tos = stream.tos.first();
  question.protocol = kProtocolUdp;
  question.src_port = stream.src_port.first;
  question.dst_port = stream.dst_port.first;
  return question;
}

Ip source_of(const StreamSpec& stream, const HostFacts& facts) {
  if (stream.src_addr) return stream.src_addr->first;
  const Ip dst = destination_of(stream);
  std::vector<std::string> notes;
  return pick_source(facts.iface.value_or(InterfaceFacts{}), route_for(facts, dst), dst.family,
                     notes);
}

Result<Plan> resolve(const TestSpec& test, const HostFacts& facts, std::uint32_t run_id,
                     std::size_t port) {
  const PortSpec& spec = test.ports[port];
  if (auto usable = check_interface(facts, test.dry_run, spec.via != TxPath::Xdp); !usable)
    return tl::unexpected<Error>(std::move(usable.error()));
  if (spec.streams.empty() || spec.streams.size() > XTG_MAX_STREAMS)
    return invalid(fmt::format("1 to {} streams make a run", XTG_MAX_STREAMS));

  auto cpus = pick_cpus(spec.threads, spec.cpus, facts);
  if (!cpus) return tl::unexpected<Error>(std::move(cpus.error()));

  Plan plan;
  plan.iface = *facts.iface;
  plan.cpus = std::move(*cpus);
  plan.run_id = run_id;
  plan.duration = test.duration;
  plan.interval = test.interval;
  plan.pace = spec.pace;
  plan.fix = test.fix;
  plan.once = spec.once;
  plan.announce = test.announce;
  plan.spec = test;
  plan.port = port;
  if (test.dry_run) note_consent({test.allow_default_route}, *facts.iface, plan.notes);
  std::size_t next_hops = 0, sizes = 0, values = 0;
  for (std::size_t i = 0; i < spec.streams.size(); i++) {
    auto stream = resolve_stream(test, spec, i, facts, run_id, plan.notes);
    if (!stream) return tl::unexpected<Error>(std::move(stream.error()));
    auto pacing = make_pacing(*stream, static_cast<std::uint32_t>(plan.cpus.size()), spec.pace);
    if (!pacing) return tl::unexpected<Error>(std::move(pacing.error()));
    stream->pacing = *pacing;
    next_hops += stream->frame.sweep.next_hops.size();
    sizes += stream->frame.mix.sizes().size();
    for (const packet::Field& field : stream->frame.sweep.fields)
      values += field.list.size();
    plan.streams.push_back(std::move(*stream));
  }
  if (next_hops > XTG_MAX_NEXT_HOPS)
    return invalid(fmt::format("the streams have {} next hops: at most {} are kept", next_hops,
                               XTG_MAX_NEXT_HOPS));
  if (sizes > packet::kMaxSizes)
    return invalid(fmt::format("the streams' sizes make {} entries: at most {} are kept", sizes,
                               packet::kMaxSizes));
  if (values > packet::kMaxListed)
    return invalid(
        fmt::format("the streams list {} values: at most {} are kept", values, packet::kMaxListed));
  plan.batch = flood_batch(plan.streams);
  double target_bps = 0;
  for (const StreamPlan& stream : plan.streams)
    if (stream.pacing) target_bps += stream.pacing->target_pps * stream.l1_bits;
  note_link_speed(plan.iface, target_bps, plan.notes);
  if (auto fits = decide_tx_path(plan); !fits)
    return tl::unexpected<Error>(std::move(fits.error()));
  return plan;
}

} // namespace xtg::plan
