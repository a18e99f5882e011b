// SPDX-License-Identifier: BSD-2-Clause
// The options of a test whose other end is a server's.
#include <algorithm>
#include <tuple>
#include <utility>

#include "core/text.h"
#include "spec/tables.h"

namespace xtg::spec {
namespace {

template <class T>
auto of_far(T plan::FarEnd::*member) {
  return [member](Scope& s) -> T& { return s.test().far.*member; };
}

/// "host", "host:9950", "2001:db8::1", "[2001:db8::1]:9950".
Result<std::pair<std::string, std::uint16_t>> parse_server(std::string_view text) {
  const auto refused =
      fail(Errc::InvalidArgument, "expected a host's name or address, with or without a port, such "
                                  "as 198.18.0.2, far.example:9950 or [2001:db8::1]:9950");
  std::string_view host = text, port;
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return refused;
    port = host.substr(end + 1);
    host = host.substr(1, end - 1);
  } else if (std::ranges::count(host, ':') == 1) {
    port = host.substr(host.find(':'));
    host = host.substr(0, host.find(':'));
  }
  auto name = parse_host(host);
  if (!name) return refused;
  if (port.empty()) return std::pair(std::move(*name), plan::kServePort);
  const auto number = port.starts_with(':') ? parse_unsigned<std::uint16_t>(port.substr(1))
                                            : std::optional<std::uint16_t>{};
  if (!number || *number == 0) return refused;
  return std::pair(std::move(*name), *number);
}

Status check_wait(const Asked& asked) {
  if (!asked.has("--wait") || !asked.has("--no-wait")) return {};
  return bad_usage("--wait and --no-wait exclude each other: one of the two is accepted");
}

std::string server_text(const plan::FarEnd& far) {
  const bool v6 = far.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + far.host + "]" : far.host;
  return far.port == plan::kServePort ? far.host : fmt::format("{}:{}", host, far.port);
}

} // namespace

void server_rows(Table& table) {
  table.group(std::string(kTwoHosts));
  Option& server =
      table.add({"--server", "HOST[:PORT]", "the other end is a host on which \"serve\" runs", ""},
                Kind::Text);
  server.read = [](Scope& s, const std::string& text) -> Status {
    auto at = parse_server(text);
    if (!at) return tl::unexpected<Error>(std::move(at.error()));
    std::tie(s.test().far.host, s.test().far.port) = std::move(*at);
    return {};
  };
  server.write = [](Scope& s) {
    return s.test().far.host.empty() ? Texts{} : Texts{server_text(s.test().far)};
  };
  table.flag("-R,--reverse", "the far end sends, this one receives",
             of_far(&plan::FarEnd::reverse));
  table.value({"--far-interface", "INTERFACE", "the far end's interface",
               "by the address of the control connection"},
              of_far(&plan::FarEnd::interface), parse_interface);
  table.value({"--token-file", "FILE", "the token that the server asks for", ""},
              of_far(&plan::FarEnd::token_file), parse_path);
  table.flag("--wait", "wait while other tests use the far end's interface",
             of_far(&plan::FarEnd::wait));
  // The default, said: a profile has --wait or nothing.
  table
      .flag("--no-wait", "end at once while another test uses the far end's interface",
            of_far(&plan::FarEnd::wait), false)
      .write = {};
}

void tcp_server_rows(Table& table) {
  server_rows(table);
  table.flag("--bidir", "both ends send", of_far(&plan::FarEnd::bidir));
}

Status check_tcp_server(const Test& of, const Asked& asked) {
  const auto& spec = std::get<plan::TcpSpec>(of.of);
  if (of.far.host.empty()) {
    for (const char* name :
         {"--reverse", "--far-interface", "--token-file", "--wait", "--no-wait", "--bidir"})
      if (asked.has(name)) return bad_usage(std::string(name) + " needs --server");
    return {};
  }
  if (auto ok = check_wait(asked); !ok) return ok;
  if (!spec.host.empty())
    return bad_usage("HOST and --server exclude each other: the server's host receives");
  if (of.far.reverse && of.far.bidir)
    return bad_usage("--reverse and --bidir exclude each other: one of the two is accepted");
  const bool far_sends = of.far.reverse || of.far.bidir;
  for (const char* name : {"--payload-file", "--src-addr", "--cpus"})
    if (far_sends && asked.has(name))
      return bad_usage(
          fmt::format("{} goes without --reverse and --bidir: the far end has its own", name));
  for (const char* name : {"--dry-run", "-4", "-6", "--prometheus"})
    if (asked.has(name)) return bad_usage(fmt::format("{} goes without --server", name));
  return {};
}

Status check_leaves(const plan::TestSpec& test, std::string_view receiver) {
  if (std::ranges::count(test.ports, plan::TxPath::Receive, &plan::PortSpec::via) == 0) return {};
  return bad_usage(
      fmt::format("--via receive goes without {}: nothing leaves the interface", receiver));
}

Status check_server(const Test& of, const Asked& asked) {
  const plan::TestSpec& test = *udp_of(of);
  if (of.far.host.empty()) {
    for (const char* name : {"--reverse", "--far-interface", "--token-file", "--wait", "--no-wait"})
      if (asked.has(name)) return bad_usage(std::string(name) + " needs --server");
    return {};
  }
  if (auto ok = check_wait(asked); !ok) return ok;
  if (plan::sees_both_ends(test) || test.ports.size() > 1)
    return bad_usage(
        "--server and --rx or --port exclude each other: the other end is the server's");
  if (auto ok = check_leaves(test, "--server"); !ok) return ok;
  if (of.far.reverse && test.bidir)
    return bad_usage("--reverse and --bidir exclude each other: one of the two is accepted");
  const auto& streams = test.ports.front().streams;
  const auto returned = std::ranges::count_if(streams, &plan::StreamSpec::round_trip);
  if (returned != 0 && (of.far.reverse || test.bidir))
    return bad_usage("--round-trip goes without --reverse and --bidir: the far end sends back what "
                     "it receives");
  if (returned != 0 && returned != std::ssize(streams))
    return bad_usage("--round-trip: with --server it is accepted for all streams or for none");
  const bool search = std::holds_alternative<plan::SearchSpec>(of.of);
  if (search && returned != 0) return bad_usage("search: --round-trip goes without --server");
  for (const char* name : {"--key", "--dry-run", "--write-pcap", "--no-signature", "--prometheus"})
    if (asked.has(name)) return bad_usage(fmt::format("{} goes without --server", name));
  return {};
}

} // namespace xtg::spec
