// SPDX-License-Identifier: BSD-2-Clause
// The options of `tcp-sink`.
#include <array>

#include "spec/tables.h"

namespace xtg::spec {
namespace {

using plan::TcpSinkSpec;
using plan::TcpSinkVerify;

constexpr std::array kVerifies = {Choice<TcpSinkVerify>{"none", TcpSinkVerify::None},
                                  Choice<TcpSinkVerify>{"zeros", TcpSinkVerify::Zeros},
                                  Choice<TcpSinkVerify>{"pattern", TcpSinkVerify::Pattern}};

template <class T>
auto of_tcp_sink(T TcpSinkSpec::*member) {
  return [member](Scope& s) -> T& { return s.get<TcpSinkSpec>().*member; };
}

Status allow_sources(TcpSinkSpec& spec, std::string_view text) {
  for (;;) {
    const auto comma = text.find(',');
    auto prefix = packet::IpPrefix::parse(text.substr(0, comma));
    if (!prefix) return tl::unexpected<Error>(std::move(prefix.error()));
    spec.allow.push_back(*prefix);
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

Status check_tcp_sink(const Test& test, const Asked& /*asked*/) {
  if (std::get<TcpSinkSpec>(test.of).interface.empty())
    return bad_usage("tcp-sink: expected the name of an interface, such as \"tcp-sink eth0\"");
  return {};
}

} // namespace

CommandInfo tcp_sink_command() {
  Table table(Command::TcpSink, "tcp-sink", "Receive TCP with ordinary sockets, and discard it.");
  table.info().profile = true;
  table.group("Connections");
  interface_row(table, "-i,--interface,interface",
                "interface to receive on; the same as the argument",
                of_tcp_sink(&TcpSinkSpec::interface));
  table.value({"-p,--port", "PORT", "TCP port to listen on, 1 to 65535"},
              of_tcp_sink(&TcpSinkSpec::port), whole_number<std::uint16_t>(1, 65535));
  Option& allow = table.add(
      {"--allow", "PREFIXES", "allowed sources: 192.0.2.0/24,2001:db8::1; repeatable", "any"},
      Kind::Text);
  allow.many = true;
  allow.read = [](Scope& s, const std::string& text) {
    return allow_sources(s.get<TcpSinkSpec>(), text);
  };
  allow.write = [](Scope& s) {
    Texts texts;
    for (const packet::IpPrefix& prefix : s.get<TcpSinkSpec>().allow)
      texts.push_back(prefix.to_string());
    return texts;
  };
  table.value(
      {"--connections", "N",
       fmt::format("open at a time, 1 to {}; more are reset", plan::kMaxTcpSinkConnections)},
      of_tcp_sink(&TcpSinkSpec::connections),
      whole_number<std::uint32_t>(1, plan::kMaxTcpSinkConnections));
  table.choice("--verify", "compare the data with what tcp --payload sends",
               of_tcp_sink(&TcpSinkSpec::verify), kVerifies);
  table.group("End");
  table.amount({"--bytes", "N", "stop after reading this many; also 64k, 1.5G"},
               of_tcp_sink(&TcpSinkSpec::bytes), "bytes");
  duration_row(table, of_tcp_sink(&TcpSinkSpec::duration));
  table.group("Output");
  interval_row(table, of_tcp_sink(&TcpSinkSpec::interval));
  json_rows(table, of_tcp_sink(&TcpSinkSpec::output));
  talk_rows(table, of_tcp_sink(&TcpSinkSpec::output));
  table.info().check = check_tcp_sink;
  return table.done();
}

} // namespace xtg::spec
