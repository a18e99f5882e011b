// SPDX-License-Identifier: BSD-2-Clause
// A result document as --json or --json-stream wrote it, maybe by another version: every value is
// looked for, and none is relied on.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/result.h"

namespace xtg::html {

using Json = nlohmann::ordered_json;

/// Null if there is none.
const Json& at(const Json& value, std::initializer_list<std::string_view> path);
std::optional<double> number_at(const Json& value, std::initializer_list<std::string_view> path);
/// Empty if there is none.
std::string text_at(const Json& value, std::initializer_list<std::string_view> path);
/// No element if it is no list.
const Json& list_at(const Json& value, std::initializer_list<std::string_view> path);

enum class Command : std::uint8_t {
  Udp,
  PortTest,
  Hosts, ///< udp between two hosts
  Tcp,
  TcpSink,
  TcpHosts, ///< tcp between two hosts
  Rx,
  Reflect,
  Search,
  Unknown
};

// NOLINTNEXTLINE(bugprone-exception-escape): moving nlohmann::json does not throw
struct Run {
  std::string name; ///< of its file
  Json document;    ///< {start, intervals, end, error, exit_status}
  Command command = Command::Unknown;
  bool cut_off = false; ///< a stream without its end
};

/// One document, or the lines of --json-stream; InvalidArgument for anything else.
Result<Run> read_run(std::string name, std::string_view text);

} // namespace xtg::html
