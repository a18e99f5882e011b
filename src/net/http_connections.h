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
#include <utility>
#include <vector>

#include "net/http.h"

namespace xtg::net {

/// What all connections take: those that wait, whose turn has not come, that are answered.
struct HttpUse {
  std::atomic<std::size_t> connections{0}, bytes{0};
};
/// One connection's part of it, until it is closed.
class HttpShare {
public:
  explicit HttpShare(HttpUse& use) : use_(&use) { ++use.connections; }
  HttpShare(HttpShare&& other) noexcept
      : use_(std::exchange(other.use_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  HttpShare& operator=(HttpShare&&) = delete;
  ~HttpShare() {
    if (use_ == nullptr) return;
    use_->bytes -= bytes_;
    --use_->connections;
  }
  void hold(std::size_t bytes) {
    use_->bytes += bytes - bytes_;
    bytes_ = bytes;
  }

private:
  HttpUse* use_;
  std::size_t bytes_ = 0;
};

struct HttpJob {
  HttpShare share;
  UniqueFd socket;
  std::string request; ///< whole
  std::string rest;    ///< what arrived after it
  std::string peer, local;
  bool last = false; ///< the far end has closed its side: nothing comes behind `rest`
};

/// Writes all of it, or gives up: the far end has 10 s, and one more for each MiB.
bool write_in_time(int fd, const char* from, std::size_t size);
/// The far end is gone. One that has closed only its side (nc -N) still reads: whether that was
/// before or after its request was taken says nothing.
bool hung_up(const HttpJob& job);

class HttpConnections {
public:
  /// Answers a request; whether the connection stays open.
  using Answer = std::function<bool(HttpJob&, const std::atomic<bool>& ending)>;
  HttpConnections(std::vector<Listening> sockets, HttpServerLimits limits, Answer answer);
  ~HttpConnections();
  Status start();

private:
  struct Connection {
    HttpShare share;
    UniqueFd socket;
    std::string bytes, peer, local;
    std::uint64_t until_ns = 0; ///< closed then
    bool last = false;          ///< the far end has closed its side
  };

  void watch();
  void serve_one(int fd);
  void accept_from(int listener);
  void take(UniqueFd socket);
  void read_from(int fd);
  void advance(int fd);
  void reject(Connection& connection, int status) const;
  void close_late(std::uint64_t now_ns);
  void take_back();
  void adopt(HttpJob job);
  bool answer(HttpJob& job) noexcept;
  void work();
  void hand_out(HttpJob job);
  void want(int fd);

  std::vector<Listening> listeners_;
  HttpServerLimits limits_;
  Answer answer_;
  HttpUse use_; ///< outlives what is counted in it
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
