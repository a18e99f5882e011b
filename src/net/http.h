// SPDX-License-Identifier: BSD-2-Clause
// HTTP/1.1 over TCP. cpp-httplib makes requests of bytes and bytes of answers; sockets are ours:
// one thread waits for all connections that have no whole request yet, so that idle and slow ones
// cost a buffer each and nobody's turn.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http.h"
#include "core/http_framing.h"
#include "core/result.h"
#include "core/units.h"
#include "core/unique_fd.h"
#include "packet/address.h"
#include "packet/listen_address.h"

namespace xtg::net {

/// A listening socket, and where it is.
struct Listening {
  UniqueFd socket;
  packet::ListenAddress at;
};
Result<Listening> listen_on(const packet::ListenAddress& at);
/// Those that systemd opened for us (LISTEN_FDS); none where it did not.
Result<std::vector<Listening>> inherited_sockets();

struct HttpServerLimits {
  HttpLimits request;
  std::size_t connections = 16'384; ///< also at most what the process may open
  std::size_t bytes = 64 << 20;     ///< of all requests; beyond it only small ones are taken
  std::size_t workers = 64;         ///< requests that are answered at a time
  Nanoseconds idle{60'000'000'000}; ///< a connection without a request ends
  Nanoseconds slow{10'000'000'000}; ///< one whose request is not whole by then does
};

class HttpServer {
public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;
  /// Begins to serve. `handler` is called by many threads.
  static Result<std::unique_ptr<HttpServer>> start(std::vector<Listening> sockets, Handler handler,
                                                   HttpServerLimits limits = {});
  /// Answers under way are given up.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Where a server is, as a client knows it.
struct HttpTarget {
  packet::Ip ip;
  std::uint16_t port = 0;
  std::string token; ///< empty: none
};

/// One connection, kept open. Not thread-safe.
class HttpClient {
public:
  explicit HttpClient(const HttpTarget& target, Nanoseconds timeout = Nanoseconds{5'000'000'000});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  struct Answer {
    int status = 0;
    std::string body;
  };
  /// Peer where nothing came back.
  Result<Answer> get(const std::string& path);
  /// Hands over the body in pieces as they arrive, as long as `piece` returns true. Returns at its
  /// end.
  Status get_pieces(const std::string& path, const std::function<bool(std::string_view)>& piece);
  Result<Answer> post(const std::string& path, const std::string& json);
  Result<Answer> remove(const std::string& path);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The address of this host that a connection to there comes from.
Result<packet::Ip> local_address_to(const packet::Ip& ip, std::uint16_t port);

} // namespace xtg::net
