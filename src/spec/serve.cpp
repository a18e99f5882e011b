// SPDX-License-Identifier: BSD-2-Clause
// The options of `serve`.
#include <fmt/format.h>

#include "spec/tables.h"

namespace xtg::spec {
namespace {

using plan::ServeSpec;

template <class T>
auto of_serve(T ServeSpec::*member) {
  return [member](Scope& s) -> T& { return s.get<ServeSpec>().*member; };
}

Option& interfaces_row(Table& table) {
  Option& row =
      table.add({"interface", "INTERFACE", "interfaces that tests may use", ""}, Kind::Text);
  row.many = true;
  row.read = [](Scope& s, const std::string& text) -> Status {
    auto name = parse_interface(text);
    if (!name) return tl::unexpected<Error>(std::move(name.error()));
    s.get<ServeSpec>().interfaces.push_back(std::move(*name));
    return {};
  };
  row.write = [](Scope& s) { return s.get<ServeSpec>().interfaces; };
  return row;
}

void listen_row(Table& table) {
  Option& row = table.add({"--listen", "ADDRESS",
                           "where to listen, as 198.18.0.1, [2001:db8::1]:9950 or any; repeatable",
                           fmt::format("127.0.0.1 and ::1, port {}", plan::kServePort)},
                          Kind::Text);
  row.many = true;
  row.read = [](Scope& s, const std::string& text) -> Status {
    auto at = packet::ListenAddress::parse(text, plan::kServePort);
    if (!at) return tl::unexpected<Error>(std::move(at.error()));
    s.get<ServeSpec>().listen.push_back(*at);
    return {};
  };
  row.write = [](Scope& s) {
    Texts texts;
    for (const packet::ListenAddress& at : s.get<ServeSpec>().listen)
      texts.push_back(at.to_string());
    return texts;
  };
}

void prefixes_row(Table& table, OptionText text, std::vector<packet::IpPrefix> ServeSpec::*member) {
  Option& row = table.add(std::move(text), Kind::Text);
  row.many = true;
  row.read = [member](Scope& s, const std::string& typed) -> Status {
    for (std::string_view rest = typed;;) {
      const auto comma = rest.find(',');
      const auto prefix = packet::IpPrefix::parse(rest.substr(0, comma));
      if (!prefix) return tl::unexpected<Error>(prefix.error());
      (s.get<ServeSpec>().*member).push_back(*prefix);
      if (comma == std::string_view::npos) return {};
      rest.remove_prefix(comma + 1);
    }
  };
  row.write = [member](Scope& s) {
    Texts texts;
    for (const packet::IpPrefix& prefix : s.get<ServeSpec>().*member)
      texts.push_back(prefix.to_string());
    return texts;
  };
}

Status check_serve(const Test& test, const Asked& /*asked*/) {
  if (std::get<ServeSpec>(test.of).interfaces.empty())
    return bad_usage("serve: expected the names of interfaces that tests may use, such as \"serve "
                     "eth1\"");
  return {};
}

Result<std::string> parse_user(std::string_view text) {
  if (text.empty() || text.find_first_of(": /") != std::string_view::npos)
    return fail(Errc::InvalidArgument, "expected the name of a user of this host");
  return std::string(text);
}

} // namespace

CommandInfo serve_command() {
  Table table(Command::Serve, "serve", "Run tests for clients, over HTTP and JSON.");
  table.group("Server");
  interfaces_row(table);
  listen_row(table);
  table.value({"--user", "USER", "keep only the capabilities that tests need, as this user",
               "who starts it"},
              of_serve(&ServeSpec::user), parse_user);
  table.group("Who may ask");
  table.value({"--token-file", "FILE", "clients must present the token in this file",
               "none; needed unless it listens on loopback"},
              of_serve(&ServeSpec::token_file), parse_path);
  prefixes_row(table,
               {"--allow", "PREFIXES",
                "only clients from these: 192.0.2.0/24,2001:db8::1; repeatable", "any"},
               &ServeSpec::allow);
  table.group("What they may ask for");
  prefixes_row(table,
               {"--send-to", "PREFIXES", "send there without a challenge, too; repeatable",
                "where a client answers a challenge"},
               &ServeSpec::send_to);
  table.value({"--max-rate", "RATE", "highest rate of a test: packets (1Mpps) or bits per second"},
              of_serve(&ServeSpec::max_rate), parse_rate);
  table.value({"--max-duration", "TIME", "longest test"}, of_serve(&ServeSpec::max_duration),
              parse_positive_duration);
  table.amount({"--max-packets", "N", "most packets of a test"}, of_serve(&ServeSpec::max_packets),
               "packets");
  table.flag("--fix", "repair what keeps frames from leaving, for a test",
             of_serve(&ServeSpec::fix));
  table.group("Output");
  table.flag("-v,--verbose", "print each step on stderr", of_serve(&ServeSpec::verbose));
  table.info().check = check_serve;
  return table.done();
}

} // namespace xtg::spec
