// SPDX-License-Identifier: BSD-2-Clause
// The options of `udp`.
#include <algorithm>
#include <array>
#include <limits>

#include "core/text.h"
#include "packet/frame.h"
#include "plan/rx_plan.h"
#include "spec/tables.h"

namespace xtg::spec {
namespace {

using packet::IpRange;
using packet::MacRange;
using packet::PortRange;

constexpr std::uint32_t kMaxDynPorts = 65535;
constexpr std::uint32_t kMaxWeight = 1000;
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

/// The field of the stream that an option is read for.
template <class T>
auto of_stream(T plan::StreamSpec::*member) {
  return [member](Scope& s) -> T& { return s.stream().*member; };
}
template <class T>
auto of_port(T plan::PortSpec::*member) {
  return [member](Scope& s) -> T& { return s.port().*member; };
}
template <class T>
auto of_test(T plan::TestSpec::*member) {
  return [member](Scope& s) -> T& { return s.get<plan::TestSpec>().*member; };
}
std::ptrdiff_t senders_of(const plan::TestSpec& test) {
  return std::ranges::count_if(test.ports, &plan::PortSpec::sends);
}
const auto kStreamZone = of_stream(&plan::StreamSpec::zone);

void tag_rows(Table& table) {
  Option& vlan =
      table.add({"--vlan", "ID[-ID][:PRIO]", "VLAN tag; repeat for inner tags", ""}, Kind::Number);
  vlan.many = true;
  vlan.clear = [](Scope& s) { s.stream().vlans.clear(); };
  vlan.read = [](Scope& s, const std::string& text) -> Status {
    auto tag = packet::VlanRange::parse(text);
    if (!tag) return tl::unexpected<Error>(std::move(tag.error()));
    s.stream().vlans.push_back(std::move(*tag));
    return {};
  };
  vlan.write = [](Scope& s) {
    Texts texts;
    for (const packet::VlanRange& tag : s.stream().vlans)
      texts.push_back(tag.to_string());
    return texts;
  };
  Option& tpid = table.add(
      {"--tpid", "TYPE", "EtherTypes of the tags", "0x8100, outer ones 0x88a8"}, Kind::Text);
  tpid.many = true;
  tpid.clear = [](Scope& s) { s.stream().tpids.clear(); };
  tpid.read = [](Scope& s, const std::string& text) -> Status {
    auto tpids = packet::parse_tpids(text);
    if (!tpids) return tl::unexpected<Error>(std::move(tpids.error()));
    s.stream().tpids.insert(s.stream().tpids.end(), tpids->begin(), tpids->end());
    return {};
  };
  tpid.write = [](Scope& s) {
    Texts texts;
    for (const std::uint16_t each : s.stream().tpids)
      texts.push_back(packet::tpid_text(each));
    return texts;
  };
}

void frame_rows(Table& table) {
  using S = plan::StreamSpec;
  table.group("Frame (addresses and ports take a value or a range)");
  interface_row(table, "-i,--interface,interface", "sending interface; same as the argument",
                of_port(&plan::PortSpec::interface), "by the route to --dst-addr");
  table.place(Place::Stream);
  table.value({"-m,--dst-mac", "MAC[-MAC]", "destination MAC address", "the next hop's"},
              of_stream(&S::dst_mac), MacRange::parse);
  table.value({"-M,--src-mac", "MAC[-MAC]", "source MAC address", "the interface's"},
              of_stream(&S::src_mac), MacRange::parse);
  table.zoned({"-a,--dst-addr", "IP[-IP|/LEN]", "destination IPv4 or IPv6 address", "198.18.0.2"},
              of_stream(&S::dst_addr), kStreamZone, IpRange::parse);
  table.zoned({"-A,--src-addr", "IP[-IP|/LEN]", "source address", "by the route"},
              of_stream(&S::src_addr), kStreamZone, IpRange::parse);
  table.value({"-p,--dst-port", "PORT[-PORT]", "UDP destination port, 0 to 65535"},
              of_stream(&S::dst_port), PortRange::parse);
  table.value({"-P,--src-port", "PORT[-PORT]", "UDP source port, 0 to 65535"},
              of_stream(&S::src_port), PortRange::parse);
  table.value({"-d,--dyn-ports", "N",
               fmt::format("vary the destination port over N ports, 0 to {}", kMaxDynPorts),
               "0, off"},
              of_stream(&S::dyn_ports), whole_number<std::uint32_t>(0, kMaxDynPorts));
  table.value({"-l,--hop-limit", "N", "IPv6 hop limit or IPv4 TTL, 1 to 255"},
              of_stream(&S::hop_limit),
              [](std::string_view text) { return packet::ByteRange::parse(text, 1); });
  tos_rows(table, "IPv4 ToS or IPv6 traffic class, 0 to 255 or 0x0 to 0xff", of_stream(&S::tos),
           [](std::string_view text) { return packet::ByteRange::parse(text, 0); });
  tag_rows(table);
  table.value(
      {"-s,--pkt-size", "BYTES",
       fmt::format("with FCS, one or a mix (imix), {} (IPv6: {}) to {}",
                   packet::min_frame_size(packet::Family::V4),
                   packet::min_frame_size(packet::Family::V6), packet::longest_frame_size()),
       "64, IPv6: 82"},
      of_stream(&S::frame_size), packet::SizeLaw::parse);
  table.choice("--payload", "content of the payload", of_stream(&S::payload), kPayloads);
  table.flag("--no-udp-checksum", "send no UDP checksum (IPv4 only)", of_stream(&S::udp_checksum),
             false);
}

void stream_rows(Table& table) {
  using S = plan::StreamSpec;
  table.group("Sequence and signature");
  table.choice("--vary", "how ranges advance: in step, as an odometer, at random",
               of_stream(&S::vary), kVaries);
  table.value(
      {"--flows", "N", "cycle through N flows, packet by packet", "each packet the next"},
      [](Scope & s) -> auto& { return s.stream().flow.flows; },
      whole_number<std::uint64_t>(1, kMaxFlows));
  table.value(
      {"--flow-packets", "N", "packets per flow before the next one", "no limit"},
      [](Scope & s) -> auto& { return s.stream().flow.packets; },
      whole_number<std::uint64_t>(1, kMaxFlows));
  table.value({"--seed", "N", "seed of all random choices"}, of_stream(&S::seed),
              whole_number<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max()));
  table
      .flag("--no-signature", "send no sequence number or send time", of_stream(&S::signature),
            false)
      .of_port = false;
  table.choice("--stamp", "read the send time once per batch or for each frame",
               of_stream(&S::stamp), kStamps);
  table.flag("--round-trip", "reserve bytes in each frame for the timestamps of a reflector",
             of_stream(&S::round_trip));
  table
      .choice("--clock", "send time by this host's own clock, or CLOCK_TAI (PTP)",
              of_stream(&S::clock), kClocks)
      .of_port = false;
  for (const bool is_name : {true, false}) {
    if (is_name)
      table.value({"--name", "TEXT", "what reports call the stream", ""}, of_stream(&S::name),
                  parse_stream_name);
    else
      table.value(
          {"--weight", "N",
           fmt::format("share of the batches among streams without a rate, 1 to {}", kMaxWeight)},
          of_stream(&S::weight), whole_number<std::uint32_t>(1, kMaxWeight));
    table.last().on_argv = table.last().of_port = false;
  }
  table.place(Place::Run);
  table.flag("--announce", "announce the run's start and end to receivers, in extra frames",
             of_test(&plan::TestSpec::announce));
  table.value({"--announce-gap", "TIME", "time between the three copies of an announcement"},
              of_test(&plan::TestSpec::announce_gap), parse_positive_duration);
  key_row(table, of_test(&plan::TestSpec::key));
  run_id_row(table, "name the run: 8 digits, for rx --session", "random",
             of_test(&plan::TestSpec::run_id));
}

void run_rows(Table& table) {
  using T = plan::TestSpec;
  using P = plan::PortSpec;
  const auto rate = of_stream(&plan::StreamSpec::rate);
  table.group("Amount and rate");
  table.place(Place::Stream);
  table.amount({"-n,--num-packets", "N", "frames to send in all, exactly; also 64k, 1.5M"},
               of_stream(&plan::StreamSpec::num_packets), "packets");
  table.place(Place::Port);
  table.flag("--once", "offer each frame to the driver once: do not resend refused ones",
             of_port(&P::once));
  table.place(Place::Run);
  duration_row(table, of_test(&T::duration));
  table.place(Place::Stream);
  rate_rows(table, rate);
  burst_row(table, rate);
  table.place(Place::Port);
  table.choice("--via", "transmit path: XDP, tc (any interface), or into the interface",
               of_port(&P::via), kTxPaths);
  table.value({"--queues", "QUEUES", "transmit queues by tc: 4, 0,2-5, 3-3 or auto",
               "by thread and stream"},
              of_port(&P::queues), parse_queues);
  table.choice("--pace", "auto sleeps through long gaps, busy always spins", of_port(&P::pace),
               kPaces);
  thread_rows(table, "-t,--threads", of_port(&P::threads), of_port(&P::cpus));
  table.place(Place::Run);
  safety_rows(table, [](Scope& s) -> T& { return s.get<T>(); });
}

void ends_rows(Table& table) {
  table.group("Both ends");
  Option& rx = table.add(
      {"--rx", "INTERFACE", "receiving interface: measure and account for every packet", ""},
      Kind::Text);
  rx.many = true;
  rx.read = [](Scope& s, const std::string& text) -> Status {
    auto name = parse_interface(text);
    if (!name) return tl::unexpected<Error>(std::move(name.error()));
    auto& ports = s.get<plan::TestSpec>().ports;
    const auto known = std::ranges::find(ports, *name, &plan::PortSpec::interface);
    if (known != ports.end())
      known->receive = true;
    else
      ports.push_back({.interface = std::move(*name), .receive = true});
    return {};
  };
  rx.write = [](Scope& s) { // if several ports send, each also receives
    const auto& test = s.get<plan::TestSpec>();
    const bool one = senders_of(test) == 1;
    Texts texts;
    for (const plan::PortSpec& port : test.ports)
      if (port.receive && (one || !port.sends())) texts.push_back(port.interface);
    return texts;
  };
  table.flag("--bidir", "send from the receiving interface, too", of_test(&plan::TestSpec::bidir));
  // Ports have options of their own: spec/draft.cpp reads them, spec/profile.cpp writes them.
  Option& port =
      table.add({"--port", "INTERFACE[...]",
                 "sending and receiving port, with its own options as in eth1,rate=1Mpps", ""},
                Kind::Text);
  port.many = true;
  port.key = "ports";
  table.value({"--drain", "TIME", "at the end, wait this long for frames in flight"},
              of_test(&plan::TestSpec::drain), parse_duration);
  window_row(table, of_test(&plan::TestSpec::window));
  expect_row(table, "fail with exit status 3 unless all hold, as in loss=0%,p99<50us,rx@eth2=10/11",
             of_test(&plan::TestSpec::expect));
}

void output_rows(Table& table) {
  using T = plan::TestSpec;
  const auto output = of_test(&T::output);
  table.group("Output");
  interval_row(table, of_test(&T::interval));
  json_rows(table, output);
  talk_rows(table, output);
  table.flag("--dry-run", "send nothing, print the plan and the first frames; needs no root",
             of_test(&T::dry_run));
  table.value({"--write-pcap", "FILE", "write the first frames as a capture for Wireshark"},
              of_test(&T::pcap_path), parse_path);
  table.value({"--show-frames", "N",
               fmt::format("frames to show or write, 0 to {}", plan::kMaxShownFrames)},
              of_test(&T::dry_run_frames), whole_number<std::uint32_t>(0, plan::kMaxShownFrames));
}

Status check_ends(const plan::TestSpec& test, const Asked& asked) {
  const bool both = plan::sees_both_ends(test);
  const std::string& interface = test.ports.front().interface;
  for (const char* name : {"--drain", "--window", "--expect"})
    if (!both && asked.has(name))
      return bad_usage(fmt::format("{} needs a receiver: --rx or --port", name));
  if (test.bidir && asked.has("--port"))
    return bad_usage("--bidir and --port exclude each other: ports send both ways by themselves");
  if (test.bidir && !both)
    return bad_usage("--bidir needs the interface that sends in the other direction: --rx");
  if (!both) return {};
  if (test.bidir && test.ports.size() == 1)
    return bad_usage(fmt::format("--bidir: {} is the only interface, and sends already: --rx names "
                                 "the one that sends in the other direction",
                                 xtg::quoted(interface)));
  if (interface.empty())
    return bad_usage("--rx: expected the name of the sending interface, too, as in \"udp eth0 --rx "
                     "eth1\"");
  const auto& streams = test.ports.front().streams; // the others have the same values
  if (std::ranges::count(streams, false, &plan::StreamSpec::signature) > 0)
    return bad_usage(
        "--no-signature and --rx exclude each other: the receiver identifies frames by "
        "their signatures");
  if (auto ok = check_leaves(test, "--rx and --port"); !ok) return ok;
  if (test.announce)
    return bad_usage(
        "--announce and --rx or --port exclude each other: one process sees both ends");
  if (test.run_id)
    return bad_usage("--session and --rx or --port exclude each other: one process sees both ends");
  if (std::ranges::count(streams, plan::StampClock::Tai, &plan::StreamSpec::clock) > 0)
    return bad_usage(
        "--clock tai and --rx or --port exclude each other: both ends are on this host, where "
        "one clock is right");
  if (!test.pcap_path.empty())
    return bad_usage("--write-pcap and --rx or --port exclude each other");
  const bool json = test.output.json || test.output.json_stream;
  if (test.dry_run && json && (test.bidir || senders_of(test) > 1))
    return bad_usage("--dry-run shows several sending ports as text only");
  return {};
}

Status check_udp(const Test& of, const Asked& asked) {
  const auto& test = std::get<plan::TestSpec>(of.of);
  if (asked.has("--announce-gap") && !test.announce)
    return bad_usage("--announce-gap needs --announce");
  if (test.key && !test.announce)
    return bad_usage("--key needs --announce: it protects announcements only");
  if (asked.has("--show-frames") && !test.dry_run && test.pcap_path.empty())
    return bad_usage(
        fmt::format("--show-frames {} goes with --dry-run or --write-pcap", test.dry_run_frames));
  if (test.pcap_path == "-" && test.output.report_path == "-")
    return bad_usage("--write-pcap - and --report - both take the standard output: name a file");
  const plan::PortSpec& first = test.ports.front();
  if (first.interface.empty() && of.far.host.empty() &&
      std::ranges::any_of(first.streams, [](const auto& stream) { return !stream.dst_addr; }))
    return bad_usage("udp: expected the name of an interface, such as \"udp eth0\", or --dst-addr "
                     "to find it by the route");
  if (auto ok = check_server(of, asked); !ok) return ok;
  return of.far.host.empty() ? check_ends(test, asked) : Status{};
}

} // namespace

Status check_udp_stream(const plan::TestSpec& test, const plan::StreamSpec& stream,
                        const Asked& asked, bool searched) {
  if (!searched)
    if (auto ok = check_rate_and_burst(asked, stream.rate); !ok) return ok;
  if (stream.dyn_ports > 0 && stream.dst_port.count > 1)
    return bad_usage(fmt::format("--dyn-ports {} and --dst-port \"{}\" both set a range of ports: "
                                 "with --dyn-ports, --dst-port is a single port",
                                 stream.dyn_ports, stream.dst_port.to_string()));
  if (stream.dyn_ports > 65536U - stream.dst_port.first)
    return bad_usage(fmt::format("--dyn-ports {} from --dst-port {} on go beyond port 65535: at "
                                 "most {} are accepted",
                                 stream.dyn_ports, stream.dst_port.first,
                                 std::min(kMaxDynPorts, 65536U - stream.dst_port.first)));
  if (!stream.signature && stream.stamp == plan::Stamp::Each)
    return bad_usage("--stamp each and --no-signature exclude each other: the send time is part of "
                     "the signature");
  if (!stream.signature && stream.clock == plan::StampClock::Tai)
    return bad_usage("--clock tai and --no-signature exclude each other: the send time is part of "
                     "the signature");
  if (!stream.signature && test.announce)
    return bad_usage("--announce and --no-signature exclude each other: a receiver counts frames "
                     "with a signature");
  if (!stream.signature && test.run_id)
    return bad_usage("--session and --no-signature exclude each other: the session is part "
                     "of the signature");
  if (!stream.signature && stream.round_trip)
    return bad_usage(
        "--round-trip and --no-signature exclude each other: the reflector writes before "
        "the signature");
  if (stream.weight != 1 && stream.rate.rate.unit != Rate::Unit::Max)
    return bad_usage(fmt::format("weight {} and rate {} exclude each other: the weight shares what "
                                 "streams with a rate leave",
                                 stream.weight, format_rate(stream.rate.rate)));
  return {};
}

void add_udp_rows(Table& table) {
  table.info().profile = table.info().streams = true;
  frame_rows(table);
  stream_rows(table);
  run_rows(table);
  ends_rows(table);
  output_rows(table);
}

CommandInfo udp_command() {
  Table table(Command::Udp, "udp", "Send UDP packets at full speed or at an exact rate.");
  add_udp_rows(table);
  server_rows(table);
  table.info().check = check_udp;
  return table.done();
}

} // namespace xtg::spec
