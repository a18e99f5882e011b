// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "cli/common_options.h"
#include "packet/frame.h"

namespace xtg::cli {
namespace {

using packet::IpRange;
using packet::MacRange;
using packet::PortRange;

constexpr std::uint32_t kMaxDynPorts = 65535;
constexpr std::uint64_t kMaxFlows = 1'000'000'000;

constexpr std::array kPayloads = {Choice<packet::Payload>{"zeros", packet::Payload::Zeros},
                                  Choice<packet::Payload>{"pattern", packet::Payload::Pattern},
                                  Choice<packet::Payload>{"random", packet::Payload::Random},
                                  Choice<packet::Payload>{"text", packet::Payload::Text}};
constexpr std::array kVaries = {Choice<packet::Vary>{"together", packet::Vary::Together},
                                Choice<packet::Vary>{"product", packet::Vary::Product},
                                Choice<packet::Vary>{"random", packet::Vary::Random}};
constexpr std::array kStamps = {Choice<plan::Stamp>{"batch", plan::Stamp::Batch},
                                Choice<plan::Stamp>{"each", plan::Stamp::Each}};
constexpr std::array kClocks = {Choice<plan::StampClock>{"monotonic", plan::StampClock::Monotonic},
                                Choice<plan::StampClock>{"tai", plan::StampClock::Tai}};
constexpr std::array kPaces = {Choice<plan::Pace>{"auto", plan::Pace::Auto},
                               Choice<plan::Pace>{"busy", plan::Pace::Busy}};

Result<packet::ByteRange> parse_hop_limits(std::string_view text) {
  return packet::ByteRange::parse(text, 1);
}

Result<packet::ByteRange> parse_tos_values(std::string_view text) {
  return packet::ByteRange::parse(text, 0);
}

} // namespace

UdpCommand::UdpCommand(CLI::App& root)
    : Command(root, "udp", "Send UDP packets, as fast as it goes or at an exact rate.") {
  spec_.streams.emplace_back();
  declare_frame();
  declare_stream();
  declare_run();
  declare_ends();
  declare_output();
}

void UdpCommand::declare_frame() {
  auto& stream = spec_.streams.front();
  options_.group("Frame (addresses and ports take a value or a range)");
  options_.value({"-i,--interface,interface", "INTERFACE",
                  "where to send; the same as the argument", "by the route to --dst-addr"},
                 into(parse_interface, spec_.interface));
  options_.value({"-m,--dst-mac", "MAC[-MAC]", "destination MAC address", "the next hop's"},
                 into(MacRange::parse, stream.dst_mac));
  options_.value({"-M,--src-mac", "MAC[-MAC]", "source MAC address", "the interface's"},
                 into(MacRange::parse, stream.src_mac));
  options_.value(
      {"-a,--dst-addr", "IP[-IP|/LEN]", "destination IPv4 or IPv6 address", "198.18.0.2"},
      into_zoned(IpRange::parse, stream.dst_addr, stream.zone));
  options_.value({"-A,--src-addr", "IP[-IP|/LEN]", "source address", "by the route"},
                 into_zoned(IpRange::parse, stream.src_addr, stream.zone));
  options_.value({"-p,--dst-port", "PORT[-PORT]", "UDP destination port, 0 to 65535",
                  stream.dst_port.to_string()},
                 into(PortRange::parse, stream.dst_port));
  options_.value(
      {"-P,--src-port", "PORT[-PORT]", "UDP source port, 0 to 65535", stream.src_port.to_string()},
      into(PortRange::parse, stream.src_port));
  options_.value({"-d,--dyn-ports", "N",
                  fmt::format("N ports from --dst-port on, 0 to {}", kMaxDynPorts), "0, off"},
                 into(whole_number<std::uint32_t>(0, kMaxDynPorts), stream.dyn_ports));
  options_.value(
      {"-l,--hop-limit", "N", "IPv6 hop limit or IPv4 TTL, 1 to 255", stream.hop_limit.to_string()},
      into(parse_hop_limits, stream.hop_limit));
  options_.value({"--tos", "BYTE", "IPv4 ToS or IPv6 traffic class, 0 to 255 or 0x0 to 0xff",
                  stream.tos.to_string()},
                 into(parse_tos_values, stream.tos));
  declare_layers();
  options_.value({"--payload", choice_names<packet::Payload>(kPayloads), "what fills the payload",
                  choice_name<packet::Payload>(kPayloads, stream.payload)},
                 into(one_of<packet::Payload>(kPayloads), stream.payload));
  options_.flag({"--no-udp-checksum", "", "send no UDP checksum (IPv4 only)"},
                [&stream] { stream.udp_checksum = false; });
}

/// VLAN tags and sizes.
void UdpCommand::declare_layers() {
  auto& stream = spec_.streams.front();
  options_.list({"--vlan", "ID[-ID][:PRIO]", "VLAN tag; give it again for inner tags"},
                [&stream](const std::string& text) -> Status {
                  auto tag = packet::VlanRange::parse(text);
                  if (!tag) return tl::unexpected<Error>(std::move(tag.error()));
                  stream.vlans.push_back(std::move(*tag));
                  return {};
                });
  options_.list({"--tpid", "TYPE", "EtherTypes of the tags", "0x8100, outer ones 0x88a8"},
                [&stream](const std::string& text) -> Status {
                  auto tpids = packet::parse_tpids(text);
                  if (!tpids) return tl::unexpected<Error>(std::move(tpids.error()));
                  stream.tpids.insert(stream.tpids.end(), tpids->begin(), tpids->end());
                  return {};
                });
  options_.value({"-s,--pkt-size", "BYTES",
                  fmt::format("with FCS, one or a mix (imix), {} (IPv6: {}) to {}",
                              packet::min_frame_size(packet::Family::V4),
                              packet::min_frame_size(packet::Family::V6), packet::max_frame_size()),
                  "64, IPv6: 82"},
                 into(packet::SizeLaw::parse, stream.frame_size));
}

void UdpCommand::declare_stream() {
  auto& stream = spec_.streams.front();
  options_.group("Sequence and signature");
  options_.value({"--vary", choice_names<packet::Vary>(kVaries),
                  "how ranges move: in step, as an odometer, at random",
                  choice_name<packet::Vary>(kVaries, stream.vary)},
                 into(one_of<packet::Vary>(kVaries), stream.vary));
  options_.value({"--flows", "N", "take N flows in turn, packet by packet", "each packet the next"},
                 into(whole_number<std::uint64_t>(1, kMaxFlows), stream.flow.flows));
  options_.value(
      {"--flow-packets", "N", "packets of a flow, before another takes its place", "no limit"},
      into(whole_number<std::uint64_t>(1, kMaxFlows), stream.flow.packets));
  options_.value(
      {"--seed", "N", "start of everything random, repeatable", std::to_string(stream.seed)},
      into(whole_number<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max()), stream.seed));
  options_.flag({"--no-signature", "", "put no sequence number and send time in the payload"},
                [&stream] { stream.signature = false; });
  options_.value({"--stamp", choice_names<plan::Stamp>(kStamps),
                  "read the send time once per batch or for each frame",
                  choice_name<plan::Stamp>(kStamps, stream.stamp)},
                 into(one_of<plan::Stamp>(kStamps), stream.stamp));
  options_.flag({"--round-trip", "", "leave room for what a mirror tells of the frame"},
                [&stream] { stream.round_trip = true; });
  options_.value({"--clock", choice_names<plan::StampClock>(kClocks),
                  "of the send time: this host's own, or CLOCK_TAI (PTP)",
                  choice_name<plan::StampClock>(kClocks, stream.clock)},
                 into(one_of<plan::StampClock>(kClocks), stream.clock));
  options_.flag(
      {"--announce", "", "announce the run's start and end to receivers, in extra frames"},
      [this] { spec_.announce = true; });
  add_key(options_, spec_.key);
  options_.value({"--session", "HEX", "name the run: 8 digits, for rx --session", "random"},
                 into(parse_session, spec_.session));
}

void UdpCommand::declare_run() {
  auto& stream = spec_.streams.front();
  options_.group("Amount and rate");
  options_.value(
      {"-n,--num-packets", "N", "frames to send in all, exactly; also 64k, 1.5M", "0, no limit"},
      into(amount_of("packets"), stream.num_packets));
  options_.flag({"--once", "", "offer each frame to the driver once: do not resend refused ones"},
                [this] { spec_.once = true; });
  options_.value({"--duration", "TIME", "stop after this: seconds, or 500ms, 2m, 1h", "no limit"},
                 into(parse_positive_duration, spec_.duration));
  add_rate(options_, stream.rate);
  add_rate_burst(options_, stream.rate);
  options_.value({"--pace", choice_names<plan::Pace>(kPaces),
                  "auto sleeps through long gaps, busy always spins",
                  choice_name<plan::Pace>(kPaces, spec_.pace)},
                 into(one_of<plan::Pace>(kPaces), spec_.pace));
  add_threads(options_, "-t,--threads", spec_.threads, spec_.cpus);
  add_safety(options_, spec_);
}

void UdpCommand::declare_output() {
  options_.group("Output");
  add_interval(options_, spec_.interval);
  add_json(options_, spec_.output);
  add_talk(options_, spec_.output);
  options_.flag(
      {"--dry-run", "", "send nothing, print the plan and the first frames; needs no root"},
      [this] { spec_.dry_run = true; });
  options_.value({"--write-pcap", "FILE", "write the first frames as a capture for Wireshark"},
                 into(parse_path, spec_.pcap_path));
  options_.value({"--show-frames", "N",
                  fmt::format("how many frames these two give, 0 to {}", plan::kMaxShownFrames),
                  std::to_string(spec_.dry_run_frames)},
                 into(whole_number<std::uint32_t>(0, plan::kMaxShownFrames), spec_.dry_run_frames));
}

Status UdpCommand::check() const {
  const auto& stream = spec_.streams.front();
  if (auto ok = check_rate_and_burst(options_, stream.rate); !ok) return ok;
  if (auto ok = check_json(spec_.output); !ok) return ok;
  if (stream.dyn_ports > 0 && stream.dst_port.count > 1)
    return bad_usage(fmt::format("--dyn-ports {} and --dst-port \"{}\" both set a range of ports: "
                                 "with --dyn-ports, --dst-port is a single port",
                                 stream.dyn_ports, stream.dst_port.to_string()));
  if (stream.dyn_ports > 65536U - stream.dst_port.first)
    return bad_usage(fmt::format("--dyn-ports {} from --dst-port {} on goes beyond port 65535: at "
                                 "most {} are accepted",
                                 stream.dyn_ports, stream.dst_port.first,
                                 std::min(kMaxDynPorts, 65536U - stream.dst_port.first)));
  if (!stream.signature && stream.stamp == plan::Stamp::Each)
    return bad_usage("--stamp each and --no-signature exclude each other: the send time is part of "
                     "the signature");
  if (!stream.signature && stream.clock == plan::StampClock::Tai)
    return bad_usage("--clock tai and --no-signature exclude each other: the send time is part of "
                     "the signature");
  if (!stream.signature && spec_.announce)
    return bad_usage("--announce and --no-signature exclude each other: a receiver counts frames "
                     "with a signature");
  if (!stream.signature && spec_.session)
    return bad_usage("--session and --no-signature exclude each other: the session number is part "
                     "of the signature");
  if (spec_.key && !spec_.announce)
    return bad_usage("--key needs --announce: it protects announcements only");
  if (!stream.signature && stream.round_trip)
    return bad_usage("--round-trip and --no-signature exclude each other: a mirror writes in front "
                     "of the signature");
  if (options_.given("--show-frames") && !spec_.dry_run && spec_.pcap_path.empty())
    return bad_usage(
        fmt::format("--show-frames {} goes with --dry-run or --write-pcap", spec_.dry_run_frames));
  if (spec_.interface.empty() && !stream.dst_addr && ports_.empty())
    return bad_usage("udp: expected the name of an interface, such as \"udp eth0\", or --dst-addr "
                     "to find it by the route");
  return {};
}

Result<plan::RunSpec> UdpCommand::run_spec() {
  if (auto ok = options_.apply(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = settle_threads(options_, spec_.threads, spec_.cpus); !ok)
    return tl::unexpected<Error>(ok.error());
  if (auto ok = check(); !ok) return tl::unexpected<Error>(ok.error());
  return spec_;
}

Result<Request> UdpCommand::request() {
  auto spec = run_spec();
  if (!spec) return tl::unexpected<Error>(std::move(spec.error()));
  if (auto ok = check_ends(); !ok) return tl::unexpected<Error>(ok.error());
  if (rx_.empty() && ports_.empty()) return Request(std::move(*spec));
  auto exchange = exchange_spec();
  if (!exchange) return tl::unexpected<Error>(std::move(exchange.error()));
  return Request(std::move(*exchange));
}

} // namespace xtg::cli
