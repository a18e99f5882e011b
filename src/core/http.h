// SPDX-License-Identifier: BSD-2-Clause
// An HTTP request and its answer as values: what the API is written against, without sockets.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace xtg {

struct HttpRequest {
  std::string method; ///< "GET"
  std::string path;   ///< decoded, without the query
  std::map<std::string, std::string> query{};
  std::map<std::string, std::string> headers{}; ///< names in lower case
  std::string body{};
  std::string peer{};  ///< address of the client, without its port
  std::string local{}; ///< address that the client reached

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string{} : found->second;
  }
};

struct HttpAnswer {
  int status = 200;
  std::string type = "application/json";
  std::string body{};
  std::map<std::string, std::string> headers{};
  /// A body without a known end: the next piece, which may be empty when there is nothing new for a
  /// while; nothing at the end. Called by one thread, and not after it has said that it ends.
  std::function<std::optional<std::string>()> more{};
};

} // namespace xtg
