// SPDX-License-Identifier: BSD-2-Clause
#include "html/run.h"

#include <algorithm>
#include <utility>

#include "html/lines.h"

namespace xtg::html {
namespace {

/// Deeper than any of ours; what is deeper is no result.
constexpr int kMostDepth = 64;

Json parsed(std::string_view text) {
  // The parser needs no stack for depth, but everything that walks through the value does.
  const auto bounded = [](int depth, Json::parse_event_t, Json&) { return depth <= kMostDepth; };
  return Json::parse(text, bounded, false);
}

tl::unexpected<Error> wrong(const std::string& name, std::string_view what) {
  return fail(Errc::InvalidArgument, name + ": " + std::string(what));
}

Command command_of(const Json& document) {
  const Json& configuration = at(document, {"start", "configuration"});
  const std::string role = text_at(configuration, {"role"});
  if (role == "exchange") return Command::PortTest;
  if (role == "hosts") return Command::Hosts;
  if (role == "tcp_sink") return Command::TcpSink;
  if (role == "tcp_hosts") return Command::TcpHosts;
  if (role == "receiver") return Command::Rx;
  if (role == "mirror") return Command::Reflect;
  if (role == "search") return Command::Search;
  if (text_at(configuration, {"protocol"}) == "tcp") return Command::Tcp;
  return configuration.contains("streams") ? Command::Udp : Command::Unknown;
}

Result<Run> read_stream(Run result, std::string_view text) {
  Lines lines;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    const bool last = end == text.size();
    text.remove_prefix(last ? end : end + 1);
    if (one.find_first_not_of(" \t\r") == one.npos) continue;
    const Json event = parsed(one);
    // The last line of a killed process may be a part of one.
    if (!lines.take(event) && (!lines.any() || !last))
      return wrong(result.name, "line " + std::to_string(line) +
                                    " is neither a result document nor an event of --json-stream");
  }
  if (!lines.any()) return wrong(result.name, "it is empty");
  auto [document, cut_off] = std::move(lines).whole();
  result.document = std::move(document);
  result.cut_off = cut_off;
  return result;
}

} // namespace

const Json& at(const Json& value, std::initializer_list<std::string_view> path) {
  static const Json kNone;
  const Json* here = &value;
  for (const std::string_view key : path) {
    if (!here->is_object()) return kNone;
    const auto found = here->find(std::string(key));
    if (found == here->end()) return kNone;
    here = &*found;
  }
  return *here;
}

std::optional<double> number_at(const Json& value, std::initializer_list<std::string_view> path) {
  const Json& found = at(value, path);
  return found.is_number() ? std::optional(found.get<double>()) : std::nullopt;
}

std::string text_at(const Json& value, std::initializer_list<std::string_view> path) {
  const Json& found = at(value, path);
  return found.is_string() ? found.get<std::string>() : std::string();
}

const Json& list_at(const Json& value, std::initializer_list<std::string_view> path) {
  static const Json kEmpty = Json::array();
  const Json& found = at(value, path);
  return found.is_array() ? found : kEmpty;
}

Result<Run> read_run(std::string name, std::string_view text) {
  Run result;
  result.name = std::move(name);
  Json whole = parsed(text);
  if (whole.is_discarded() || whole.contains("event")) {
    auto stream = read_stream(std::move(result), text);
    if (!stream) return stream;
    result = std::move(*stream);
  } else {
    result.document = std::move(whole);
  }
  const Json& document = result.document;
  if (at(document, {"frames"}).is_array() || at(document, {"plan"}).is_object())
    return wrong(result.name, "it is a dry run's plan, which has no result");
  if (!document.is_object() || !document.contains("start") || !document.contains("end"))
    return wrong(result.name, "it is no result of --json or --json-stream");
  result.command = command_of(document);
  if (result.command == Command::Unknown && !document.contains("error") && !result.cut_off)
    return wrong(result.name, "it is no result of a command that this version knows");
  return result;
}

} // namespace xtg::html
