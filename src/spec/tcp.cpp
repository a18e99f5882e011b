// SPDX-License-Identifier: BSD-2-Clause
// The options of `tcp`.
#include <array>

#include "plan/tcp_plan.h"
#include "spec/tables.h"

namespace xtg::spec {
namespace {

using plan::Congestion;
using plan::Ingress;
using plan::TcpClose;
using plan::TcpPayload;
using plan::TcpSpec;

constexpr std::array kIngresses = {Choice<Ingress>{"auto", Ingress::Auto},
                                   Choice<Ingress>{"xdp", Ingress::Xdp},
                                   Choice<Ingress>{"tc", Ingress::Tc}};
constexpr std::array kTcpPaths = {Choice<plan::TxPath>{"auto", plan::TxPath::Auto},
                                  Choice<plan::TxPath>{"xdp", plan::TxPath::Xdp},
                                  Choice<plan::TxPath>{"tc", plan::TxPath::Tc}};
// Terms of xdp-tools. Its skb mode is for drivers without XDP, for which tc is used here.
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

template <class T>
auto of_tcp(T TcpSpec::*member) {
  return [member](Scope& s) -> T& { return s.get<TcpSpec>().*member; };
}
const auto kTcpZone = of_tcp(&TcpSpec::zone);

void family_flag(Table& table, std::string name, std::string help, packet::Family family,
                 std::string key) {
  Option& row = table.add({std::move(name), "", std::move(help), ""}, Kind::Flag);
  row.key = std::move(key);
  row.read = [family](Scope& s, const std::string& typed) -> Status {
    if (typed == kTrue) s.get<TcpSpec>().family = family;
    return {};
  };
  row.write = [family](Scope& s) -> Texts {
    return {std::string(s.get<TcpSpec>().family == family ? kTrue : kFalse)};
  };
  table.slot("family");
}

void far_end_rows(Table& table) {
  table.group("Far end");
  table.zoned({"host", "HOST", "name or address of the receiver", ""}, of_tcp(&TcpSpec::host),
              kTcpZone, parse_host);
  interface_row(table, "-i,--interface", "sending interface", of_tcp(&TcpSpec::interface),
                "by the route to HOST");
  table.value({"-p,--port,--dst-port", "PORT", "TCP port of the receiver, 1 to 65535"},
              of_tcp(&TcpSpec::port), whole_number<std::uint16_t>(1, 65535));
  family_flag(table, "-4", "use an IPv4 address of HOST", packet::Family::V4, "ipv4");
  family_flag(table, "-6", "use an IPv6 address of HOST", packet::Family::V6, "ipv6");
  table.zoned({"-A,--src-addr", "IP", "source address, one of this host", "by the route"},
              of_tcp(&TcpSpec::src_addr), kTcpZone, packet::Ip::parse);
  table.value({"-P,--src-port", "PORT", "first source port, 1 to 65535; one more for each flow",
               "the kernel's choice"},
              of_tcp(&TcpSpec::src_port), whole_number<std::uint16_t>(1, 65535));
  table.value({"-t,--timeout", "TIME", "give up a connection that is not open after this"},
              of_tcp(&TcpSpec::connect_timeout), parse_positive_duration);
}

void flow_rows(Table& table) {
  table.group("Flows");
  table.value({"-f,--flows", "N", fmt::format("connections, 1 to {}", plan::kMaxFlows)},
              of_tcp(&TcpSpec::flows), whole_number<std::uint32_t>(1, plan::kMaxFlows));
  table.value({"--parallel", "N",
               fmt::format("connections being opened at a time, 1 to {}", plan::kMaxFlows)},
              of_tcp(&TcpSpec::parallel), whole_number<std::uint32_t>(1, plan::kMaxFlows));
  thread_rows(table, "--threads", of_tcp(&TcpSpec::threads), of_tcp(&TcpSpec::cpus));
  table.choice("--via", "transmit path: XDP, or tc (any interface)", of_tcp(&TcpSpec::via),
               kTcpPaths);
  table.choice("--ingress", "hook for the far end's segments; auto: xdp if free, else tc",
               of_tcp(&TcpSpec::ingress), kIngresses);
  table.slot("ingress");
  Option& mode =
      table.choice("-m,--mode", "xdp-tools' option: native is --ingress xdp, skb is --ingress tc",
                   of_tcp(&TcpSpec::ingress), kTcpModes);
  mode.write = [](Scope&) { return Texts{}; }; // written by --ingress
  table.slot("ingress");
}

void sending_rows(Table& table) {
  table.group("Sending");
  table.choice("--congestion", "congestion control; none follows what is delivered",
               of_tcp(&TcpSpec::congestion), kCongestions);
  rate_rows(table, of_tcp(&TcpSpec::rate));
  table.value({"--burst", "N",
               fmt::format("segments of a flow sent back to back, 1 to {}", plan::kMaxTcpBurst)},
              of_tcp(&TcpSpec::burst), whole_number<std::uint32_t>(1, plan::kMaxTcpBurst));
  table.value({"--mss", "BYTES",
               fmt::format("largest payload of a segment, {} to {}", plan::kMinMss, plan::kMaxMss),
               "by the MTU and HOST"},
              of_tcp(&TcpSpec::mss), whole_number<std::uint32_t>(plan::kMinMss, plan::kMaxMss));
  table.value({"-l,--hop-limit", "N", "IPv6 hop limit or IPv4 TTL, 1 to 255"},
              of_tcp(&TcpSpec::hop_limit), whole_number<std::uint8_t>(1, 255));
  tos_rows(table, "IPv4 ToS or IPv6 traffic class, a multiple of 4: the ECN bits are TCP's",
           of_tcp(&TcpSpec::tos), parse_dscp_byte);
}

void data_rows(Table& table) {
  table.group("Amount and payload");
  table.amount({"--bytes", "N", "payload in all, shared evenly over the flows; also 64k, 1.5G"},
               of_tcp(&TcpSpec::bytes), "bytes");
  table.slot("amount", false);
  table.amount({"--bytes-per-flow", "N", "payload of each flow; also 64k, 1.5G"},
               of_tcp(&TcpSpec::bytes_per_flow), "bytes");
  table.slot("amount", false);
  table.amount({"-n,--num-packets", "N", "full segments in all, shared evenly over the flows"},
               of_tcp(&TcpSpec::num_packets), "packets");
  table.slot("amount", false);
  duration_row(table, of_tcp(&TcpSpec::duration));
  table.choice("--payload", "zeros, or bytes that a receiver can verify", of_tcp(&TcpSpec::payload),
               kTcpPayloads);
  table.slot("payload");
  Option& file =
      table.add({"--payload-file", "FILE", "send this file over every flow, once", ""}, Kind::Text);
  file.read = [](Scope& s, const std::string& text) -> Status {
    auto path = parse_path(text);
    if (!path) return tl::unexpected<Error>(std::move(path.error()));
    s.get<TcpSpec>().payload_file = std::move(*path);
    s.get<TcpSpec>().payload = TcpPayload::File;
    return {};
  };
  file.write = [](Scope& s) { return texts_of(s.get<TcpSpec>().payload_file); };
  table.slot("payload");
  table.flag("--repeat", "send the file over and over", of_tcp(&TcpSpec::repeat));
}

void ending_rows(Table& table) {
  table.group("Ending");
  table.choice("--close", "how connections end", of_tcp(&TcpSpec::close), kCloses);
  table.value({"--drain", "TIME", "at the end, wait this long for what is in flight"},
              of_tcp(&TcpSpec::drain), parse_positive_duration);
  table.value({"--silence", "TIME", "reset a flow when its far end is silent for this long"},
              of_tcp(&TcpSpec::silence), parse_positive_duration);
}

Status check_tcp(const Test& test, const Asked& asked) {
  const auto& spec = std::get<TcpSpec>(test.of);
  if (auto ok = check_rate(asked, spec.rate); !ok) return ok;
  if (auto ok = check_tcp_server(test, asked); !ok) return ok;
  if (spec.host.empty() && test.far.host.empty())
    return bad_usage("tcp: expected HOST, the name or the address of the receiver, such as \"tcp "
                     "198.18.0.2\"");
  return plan::check_tcp_spec(spec);
}

} // namespace

CommandInfo tcp_command() {
  Table table(Command::Tcp, "tcp", "Stress a TCP receiver: real connections, filled at XDP speed.");
  table.info().profile = true;
  far_end_rows(table);
  flow_rows(table);
  sending_rows(table);
  data_rows(table);
  ending_rows(table);
  tcp_server_rows(table);
  safety_rows(table, [](Scope& s) -> TcpSpec& { return s.get<TcpSpec>(); });
  table.group("Output");
  interval_row(table, of_tcp(&TcpSpec::interval));
  json_rows(table, of_tcp(&TcpSpec::output));
  talk_rows(table, of_tcp(&TcpSpec::output));
  table.flag("--dry-run", "open and send nothing, print the plan; needs no root",
             of_tcp(&TcpSpec::dry_run));
  table.info().check = check_tcp;
  return table.done();
}

} // namespace xtg::spec
