// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.h"

#include <algorithm>
#include <array>

#include "cli/common_options.h"
#include "plan/tcp_plan.h"

namespace xtg::cli {
namespace {

using plan::Congestion;
using plan::Ingress;
using plan::TcpClose;
using plan::TcpPayload;

constexpr std::size_t kMaxHostName = 253; // RFC 1035 in text form

constexpr std::array kIngresses = {Choice<Ingress>{"auto", Ingress::Auto},
                                   Choice<Ingress>{"xdp", Ingress::Xdp},
                                   Choice<Ingress>{"tc", Ingress::Tc}};
// The words of xdp-tools. Its skb mode is for drivers without XDP, which is what tc is for here.
constexpr std::array kTcpModes = {Choice<Ingress>{"native", Ingress::Xdp},
                                  Choice<Ingress>{"skb", Ingress::Tc}};
constexpr std::array kCongestions = {Choice<Congestion>{"none", Congestion::None},
                                     Choice<Congestion>{"reno", Congestion::Reno},
                                     Choice<Congestion>{"cubic", Congestion::Cubic}};
constexpr std::array kTcpPayloads = {Choice<TcpPayload>{"zeros", TcpPayload::Zeros},
                                     Choice<TcpPayload>{"pattern", TcpPayload::Pattern}};
constexpr std::array kCloses = {Choice<TcpClose>{"fin", TcpClose::Fin},
                                Choice<TcpClose>{"rst", TcpClose::Rst},
                                Choice<TcpClose>{"keep-open", TcpClose::KeepOpen}};

Result<std::string> parse_host(std::string_view text) {
  const bool is_clean = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  });
  const bool has_colon = text.find(':') != std::string_view::npos;
  if (text.empty() || text.size() > kMaxHostName || !is_clean || text.front() == '-' ||
      (has_colon && !packet::Ip::parse(text)))
    return fail(Errc::InvalidArgument, "expected the name or the address of a host, such as "
                                       "server1, 198.18.0.2 or 2001:db8::1; a port goes with "
                                       "--port, an interface with --interface");
  return std::string(text);
}

Result<std::uint8_t> parse_dscp_byte(std::string_view text) {
  const auto value = parse_tos(text);
  if (value && (*value & 3) != 0)
    return fail(Errc::InvalidArgument, "the two low bits are for ECN, which TCP sets by itself: "
                                       "expected a multiple of 4 up to 252 or 0xfc");
  return value;
}

} // namespace

TcpCommand::TcpCommand(CLI::App& root)
    : Command(root, "tcp", "Stress a TCP receiver: real connections, filled at XDP speed.") {
  declare_far_end();
  declare_flows();
  declare_sending();
  declare_data();
  declare_ending();
  add_safety(options_, spec_);
  declare_output();
}

void TcpCommand::declare_far_end() {
  options_.group("Far end");
  options_.value({"host", "HOST", "name or address of the receiver"},
                 into_zoned(parse_host, spec_.host, spec_.zone));
  options_.value({"-i,--interface", "INTERFACE", "where to send", "by the route to HOST"},
                 into(parse_interface, spec_.interface));
  options_.value({"-p,--port,--dst-port", "PORT", "TCP port of the receiver, 1 to 65535",
                  std::to_string(spec_.port)},
                 into(whole_number<std::uint16_t>(1, 65535), spec_.port));
  options_.flag({"-4", "", "use an IPv4 address of HOST"},
                [this] { spec_.family = packet::Family::V4; });
  options_.flag({"-6", "", "use an IPv6 address of HOST"},
                [this] { spec_.family = packet::Family::V6; });
  options_.value({"-A,--src-addr", "IP", "source address, one of this host", "by the route"},
                 into_zoned(packet::Ip::parse, spec_.src_addr, spec_.zone));
  options_.value({"-P,--src-port", "PORT", "of the first flow, 1 to 65535; one more for each next",
                  "the kernel's choice"},
                 into(whole_number<std::uint16_t>(1, 65535), spec_.src_port));
  options_.value({"-t,--timeout", "TIME", "give a connection up that is not open after this",
                  format_duration(spec_.connect_timeout)},
                 into(parse_positive_duration, spec_.connect_timeout));
}

void TcpCommand::declare_flows() {
  options_.group("Flows");
  options_.value({"-f,--flows", "N", fmt::format("connections, 1 to {}", plan::kMaxFlows),
                  std::to_string(spec_.flows)},
                 into(whole_number<std::uint32_t>(1, plan::kMaxFlows), spec_.flows));
  options_.value({"--parallel", "N",
                  fmt::format("connections being opened at a time, 1 to {}", plan::kMaxFlows),
                  std::to_string(spec_.parallel)},
                 into(whole_number<std::uint32_t>(1, plan::kMaxFlows), spec_.parallel));
  add_threads(options_, "--threads", spec_.threads, spec_.cpus);
  options_.value({"--ingress", choice_names<Ingress>(kIngresses),
                  "takes the far end's segments; auto: xdp unless its slot is taken",
                  choice_name<Ingress>(kIngresses, spec_.ingress)},
                 into(one_of<Ingress>(kIngresses), spec_.ingress));
  options_.value({"-m,--mode", choice_names<Ingress>(kTcpModes),
                  "as in xdp-tools: native is --ingress xdp, skb is --ingress tc"},
                 into(one_of<Ingress>(kTcpModes), spec_.ingress));
}

void TcpCommand::declare_sending() {
  options_.group("Sending");
  options_.value({"--congestion", choice_names<Congestion>(kCongestions),
                  "congestion control; none follows what is delivered",
                  choice_name<Congestion>(kCongestions, spec_.congestion)},
                 into(one_of<Congestion>(kCongestions), spec_.congestion));
  add_rate(options_, spec_.rate);
  options_.value(
      {"--burst", "N",
       fmt::format("segments of a flow that leave together, 1 to {}", plan::kMaxTcpBurst),
       std::to_string(spec_.burst)},
      into(whole_number<std::uint32_t>(1, plan::kMaxTcpBurst), spec_.burst));
  options_.value({"--mss", "BYTES",
                  fmt::format("at most this much payload in a segment, {} to {}", plan::kMinMss,
                              plan::kMaxMss),
                  "by the MTU and HOST"},
                 into(whole_number<std::uint32_t>(plan::kMinMss, plan::kMaxMss), spec_.mss));
  options_.value({"-l,--hop-limit", "N", "IPv6 hop limit or IPv4 TTL, 1 to 255",
                  std::to_string(spec_.hop_limit)},
                 into(whole_number<std::uint8_t>(1, 255), spec_.hop_limit));
  options_.value({"--tos", "BYTE",
                  "IPv4 ToS or IPv6 traffic class, a multiple of 4: the ECN bits are TCP's",
                  std::to_string(spec_.tos)},
                 into(parse_dscp_byte, spec_.tos));
}

void TcpCommand::declare_data() {
  options_.group("Amount and payload");
  options_.value({"--bytes", "N", "payload in all, shared evenly over the flows; also 64k, 1.5G",
                  "0, no limit"},
                 into(amount_of("bytes"), spec_.bytes));
  options_.value({"--bytes-per-flow", "N", "payload of each flow; also 64k, 1.5G", "0, no limit"},
                 into(amount_of("bytes"), spec_.bytes_per_flow));
  options_.value({"-n,--num-packets", "N", "full segments in all, shared evenly over the flows",
                  "0, no limit"},
                 into(amount_of("packets"), spec_.num_packets));
  options_.value({"--duration", "TIME", "stop after this: seconds, or 500ms, 2m, 1h", "no limit"},
                 into(parse_positive_duration, spec_.duration));
  options_.value({"--payload", choice_names<TcpPayload>(kTcpPayloads),
                  "zeros, or bytes that a receiver can verify",
                  choice_name<TcpPayload>(kTcpPayloads, spec_.payload)},
                 into(one_of<TcpPayload>(kTcpPayloads), spec_.payload));
  options_.value({"--payload-file", "FILE", "send this file over every flow, once"},
                 into(parse_path, spec_.payload_file));
  options_.flag({"--repeat", "", "send the file over and over"}, [this] { spec_.repeat = true; });
}

void TcpCommand::declare_ending() {
  options_.group("Ending");
  options_.value({"--close", choice_names<TcpClose>(kCloses), "how connections end",
                  choice_name<TcpClose>(kCloses, spec_.close)},
                 into(one_of<TcpClose>(kCloses), spec_.close));
  options_.value({"--drain", "TIME", "at the end, wait this long for what is in flight",
                  format_duration(spec_.drain)},
                 into(parse_positive_duration, spec_.drain));
  options_.value({"--silence", "TIME", "reset a flow whose far end is silent for this long",
                  format_duration(spec_.silence)},
                 into(parse_positive_duration, spec_.silence));
}

void TcpCommand::declare_output() {
  options_.group("Output");
  add_interval(options_, spec_.interval);
  add_json(options_, spec_.output);
  add_talk(options_, spec_.output);
  options_.flag({"--dry-run", "", "open and send nothing, print the plan; needs no root"},
                [this] { spec_.dry_run = true; });
}

/// Of a run without an end, short options that mean something else to iperf3.
std::string TcpCommand::iperf_note() const {
  struct Other {
    std::string_view name, here, there;
  };
  constexpr std::array<Other, 4> kOthers = {
      {{"-t", "the time for a connection to open", "--duration"},
       {"-P", "the first source port", "--flows"},
       {"-l", "the hop limit", "--mss"},
       {"-n", "a number of full segments", "--bytes"}}};
  if (spec_.duration || spec_.bytes || spec_.bytes_per_flow || !spec_.payload_file.empty())
    return {};
  std::string text;
  for (const Other& other : kOthers)
    if (given_short(other.name))
      text += fmt::format("{} {} is {}, iperf3's is {} here", text.empty() ? "" : ";", other.name,
                          other.here, other.there);
  if (text.empty()) return {};
  return text.substr(1) + (spec_.num_packets ? "" : "; this run has no end, --duration sets one");
}

Status TcpCommand::check() const {
  if (auto ok = check_rate(options_, spec_.rate); !ok) return ok;
  if (auto ok = check_json(spec_.output); !ok) return ok;
  if (options_.given("-4") && options_.given("-6"))
    return bad_usage("-4 and -6 exclude each other: one of the two is accepted");
  if (options_.given("--ingress") && options_.given("--mode"))
    return bad_usage("--ingress and --mode exclude each other: one of the two is accepted");
  if (options_.given("--payload") && options_.given("--payload-file"))
    return bad_usage("--payload and --payload-file exclude each other: one of the two is accepted");
  if (spec_.host.empty())
    return bad_usage("tcp: expected HOST, the name or the address of the receiver, such as \"tcp "
                     "198.18.0.2\"");
  return plan::check_tcp_spec(spec_);
}

Result<Request> TcpCommand::request() {
  if (auto ok = options_.apply(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = settle_threads(options_, spec_.threads, spec_.cpus); !ok)
    return tl::unexpected<Error>(ok.error());
  if (options_.given("--payload-file")) spec_.payload = TcpPayload::File;
  if (auto ok = check(); !ok) return tl::unexpected<Error>(ok.error());
  if (std::string note = iperf_note(); !note.empty()) spec_.notes.push_back(std::move(note));
  return Request(spec_);
}

} // namespace xtg::cli
