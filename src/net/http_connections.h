// SPDX-License-Identifier: BSD-2-Clause
// The connections of an HTTP server. Those without a whole request are waited for by one thread;
// whole requests go to workers, which are made as they are needed. Internal to net.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "net/http.h"

namespace xtg::net {

struct HttpJob {
  UniqueFd socket;
  std::string request; ///< whole
  std::string rest;    ///< what came behind it
  std::string peer, local;
};

/// Writes all of it, or gives up when the far end takes nothing for so long.
bool write_within(int fd, const char* from, std::size_t size, int ms);
/// The far end has closed its side, or is gone.
bool hung_up(int fd);

class HttpConnections {
public:
  /// Answers a request; whether the connection stays open.
  using Answer = std::function<bool(HttpJob&, const std::atomic<bool>& ending)>;
  HttpConnections(std::vector<Listening> sockets, HttpServerLimits limits, Answer answer);
  ~HttpConnections();
  Status start();

private:
  struct Connection {
    UniqueFd socket;
    std::string bytes, peer, local;
    std::uint64_t until_ns = 0; ///< closed then
  };

  void watch();
  void accept_from(int listener);
  void take(UniqueFd socket);
  void read_from(int fd);
  void advance(int fd);
  void reject(Connection& connection, int status) const;
  void close_late(std::uint64_t now_ns);
  void take_back();
  void adopt(HttpJob job);
  void work();
  void hand_out(HttpJob job);
  void want(int fd);

  std::vector<Listening> listeners_;
  HttpServerLimits limits_;
  Answer answer_;
  UniqueFd epoll_, wake_;
  std::unordered_map<int, Connection> waiting_; ///< the watcher's
  std::atomic<bool> ending_{false};

  std::mutex mutex_;
  std::condition_variable work_there_;
  std::deque<HttpJob> jobs_, back_;
  std::size_t idle_workers_ = 0;
  std::vector<std::jthread> workers_;
  std::jthread watcher_;
};

} // namespace xtg::net
