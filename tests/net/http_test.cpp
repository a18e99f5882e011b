// SPDX-License-Identifier: BSD-2-Clause
// The limits of an HTTP server, over sockets without a network.
#include "net/http.h"

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace xtg::net {
namespace {

constexpr int kPatienceMs = 10'000;

class Http : public testing::Test {
protected:
  void serve(const HttpServerLimits& limits) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un any{};
    any.sun_family = AF_UNIX; // the kernel chooses a name
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any.sun_family),
              0);
    ASSERT_EQ(listen(socket.get(), SOMAXCONN), 0);
    size_ = sizeof at_;
    ASSERT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at_), &size_), 0);
    std::vector<Listening> sockets;
    sockets.push_back({std::move(socket), {}});
    auto server = HttpServer::start(
        std::move(sockets),
        [](const HttpRequest&) {
          return HttpAnswer{200, "text/plain", "yes"};
        },
        limits);
    ASSERT_TRUE(server);
    server_ = std::move(*server);
  }

  /// A new connection, on which that much has been sent, unless it was turned away before.
  UniqueFd sent(std::string_view text) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(socket.get(), reinterpret_cast<const sockaddr*>(&at_), size_), 0);
    const ssize_t n = send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    EXPECT_TRUE(n == static_cast<ssize_t>(text.size()) || (n < 0 && errno == EPIPE)) << n;
    return socket;
  }
  /// Of the answer on this connection; 0 where none comes.
  static int status_on(const UniqueFd& socket) {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      pollfd wait{socket.get(), POLLIN, 0};
      if (poll(&wait, 1, kPatienceMs) <= 0) return 0;
      char buffer[1024];
      const ssize_t n = recv(socket.get(), buffer, sizeof buffer, 0);
      if (n <= 0) return 0;
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9)) : 0;
  }
  int status_of(std::string_view request) { return status_on(sent(request)); }

  /// The place or the memory of a connection that has just been closed is given back soon.
  static bool soon(const std::function<bool()>& holds) {
    for (int i = 0; i < kPatienceMs; i++) {
      if (holds()) return true;
      usleep(1'000);
    }
    return false;
  }

private:
  sockaddr_un at_{};
  socklen_t size_ = 0;
  std::unique_ptr<HttpServer> server_;
};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// With a body of that length, of which `come` bytes are here.
std::string post(std::size_t length, std::size_t come) {
  return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" +
         std::string(come, 'a');
}

TEST_F(Http, TurnsAwayConnectionsAboveItsLimit) {
  HttpServerLimits limits;
  limits.connections = 20;
  serve(limits);
  std::vector<UniqueFd> open;
  for (int i = 0; i < 20; i++) {
    open.push_back(sent(kGet));
    EXPECT_EQ(status_on(open.back()), 200) << i;
  }
  EXPECT_EQ(status_of(kGet), 503);
  open.pop_back();
  EXPECT_TRUE(soon([&] { return status_of(kGet) == 200; })) << "one has a place again";
}

TEST_F(Http, TakesOnlySmallRequestsAboveItsMemory) {
  constexpr std::size_t kMemory = 20'000, kLarge = 15'000, kSmallest = 3'000;
  HttpServerLimits limits;
  limits.bytes = kMemory;
  serve(limits);
  UniqueFd large = sent(post(kLarge + 1, kLarge));
  // Answers come in the order of requests: what was sent before them has been read.
  EXPECT_EQ(status_of(kGet), 200);
  const UniqueFd other = sent(post(kLarge + 1, kLarge));
  EXPECT_EQ(status_on(other), 503);
  const UniqueFd small = sent(post(kSmallest + 1, kSmallest)),
                 third = sent(post(kSmallest + 1, kSmallest));
  EXPECT_EQ(status_of(kGet), 200) << "the memory is used up now";
  EXPECT_EQ(status_of(post(kSmallest, kSmallest)), 200);
  EXPECT_EQ(status_of(post(kLarge, kLarge)), 503);
  large.reset();
  EXPECT_TRUE(soon([&] { return status_of(post(kLarge / 2, kLarge / 2)) == 200; }))
      << "it is given back";
}

} // namespace
} // namespace xtg::net
