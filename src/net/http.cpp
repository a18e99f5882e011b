// SPDX-License-Identifier: BSD-2-Clause
// All of cpp-httplib: its server reads from and writes to a Stream of ours, its client has sockets
// of its own.
#include "net/http.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/unique_fd.h"
#include "net/http_connections.h"
#include "net/socket_address.h"

namespace xtg::net {
namespace {

/// A request that is here in full, and the socket for its answer.
class WholeRequest final : public httplib::Stream {
public:
  WholeRequest(HttpJob& job, const std::atomic<bool>& ending) : job_(job), ending_(ending) {}
  [[nodiscard]] bool is_readable() const override { return at_ < job_.request.size(); }
  [[nodiscard]] bool is_writable() const override { return alive(); }
  ssize_t read(char* to, std::size_t size) override {
    const std::size_t n = std::min(size, job_.request.size() - at_);
    std::memcpy(to, job_.request.data() + at_, n);
    at_ += n;
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* from, std::size_t size) override {
    return write_in_time(job_.socket.get(), from, size) ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = job_.peer;
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip = job_.local;
    port = 0;
  }
  [[nodiscard]] socket_t socket() const override { return job_.socket.get(); }
  /// Somebody still reads the answer, and it is wanted.
  [[nodiscard]] bool alive() const { return !ending_ && !hung_up(job_); }

private:
  HttpJob& job_;
  const std::atomic<bool>& ending_;
  std::size_t at_ = 0;
};

HttpRequest request_of(const httplib::Request& from) {
  HttpRequest out;
  // An answer to HEAD is one to GET whose body the library does not send.
  out.method = from.method == "HEAD" ? "GET" : from.method;
  out.path = from.path;
  for (const auto& [name, value] : from.params)
    out.query.emplace(name, value);
  for (const auto& [name, value] : from.headers) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.headers.emplace(std::move(lower), value);
  }
  out.body = from.body;
  out.peer = from.remote_addr;
  out.local = from.local_addr;
  return out;
}

class Protocol final : public httplib::Server {
public:
  Protocol(const HttpServer::Handler& handler, const HttpLimits& limits) : handler_(handler) {
    svr_sock_ = 0; // else it takes itself to be ending: it has no socket of its own
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      give(handler_(request_of(request)), response);
    };
    for (auto add :
         {&Server::Get, static_cast<Adder>(&Server::Post), static_cast<Adder>(&Server::Put),
          static_cast<Adder>(&Server::Delete), static_cast<Adder>(&Server::Patch)})
      (this->*add)(".*", answer);
    set_payload_max_length(limits.body);
    set_keep_alive_timeout(60);
    set_keep_alive_max_count(1'000'000);
    set_exception_handler([](const auto&, httplib::Response& response, std::exception_ptr) {
      response.status = 500;
      response.set_content("{\"error\":\"internal error\"}\n", "application/json");
    });
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (response.body.empty())
        response.set_content("{\"error\":\"the request is not sound\"}\n", "application/json");
    });
  }

  /// Whether the connection stays.
  bool answer(HttpJob& job, const std::atomic<bool>& ending) {
    WholeRequest stream(job, ending);
    bool closed = false;
    const bool good = process_request(stream, false, closed, nullptr);
    return good && !closed && (!job.last || !job.rest.empty()) && stream.alive();
  }

private:
  using Adder = Server& (Server::*)(const std::string&, Handler);

  static void give(HttpAnswer answer, httplib::Response& response) {
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers)
      response.set_header(name, value);
    if (!answer.more) {
      if (answer.status != 204) response.set_content(answer.body, answer.type);
      return;
    }
    response.set_chunked_content_provider(
        answer.type, [more = std::move(answer.more)](std::size_t, httplib::DataSink& sink) {
          const auto piece = more();
          if (!piece) {
            sink.done();
            return true;
          }
          if (piece->empty()) return sink.is_writable();
          return sink.is_writable() && sink.write(piece->data(), piece->size());
        });
  }

  const HttpServer::Handler& handler_;
};

} // namespace

struct HttpServer::Impl {
  Impl(std::vector<Listening> sockets, Handler fn, const HttpServerLimits& limits)
      : handler(std::move(fn)), protocol(handler, limits.request),
        connections(std::move(sockets), limits,
                    [this](HttpJob& job, const std::atomic<bool>& ending) {
                      return protocol.answer(job, ending);
                    }) {}
  Handler handler;
  Protocol protocol;
  HttpConnections connections;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(std::vector<Listening> sockets,
                                                      Handler handler, HttpServerLimits limits) {
  auto impl = std::make_unique<Impl>(std::move(sockets), std::move(handler), limits);
  if (auto ok = impl->connections.start(); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

namespace {

/// Why no connection comes about, of which the library says less: an errno. 0: now one does.
int connect_errno(const HttpTarget& target, Nanoseconds timeout) {
  sockaddr_storage address{};
  const socklen_t size = fill_address(address, target.ip, target.port);
  const UniqueFd fd(socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno;
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
  const timeval most{us / 1'000'000, us % 1'000'000};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return 0;
  return errno == EINPROGRESS ? ETIMEDOUT : errno;
}

std::string text_of(httplib::Error error) {
  switch (error) {
  case httplib::Error::ConnectionTimeout:
    return std::strerror(ETIMEDOUT);
  case httplib::Error::Connection:
    return "the connection failed";
  case httplib::Error::Read:
    return "no complete answer: the connection ended, or the time was over";
  case httplib::Error::Write:
    return "the request could not be sent";
  default:
    return "no HTTP answer (" + httplib::to_string(error) + ")";
  }
}

} // namespace

struct HttpClient::Impl {
  HttpTarget target;
  Nanoseconds timeout;
  std::string where;
  httplib::Client client;
  httplib::Headers headers;

  Result<Answer> result(const httplib::Result& from) const {
    if (from) return Answer{from->status, from->body};
    if (from.error() == httplib::Error::Connection)
      if (const int why = connect_errno(target, timeout); why != 0)
        return tl::unexpected<Error>(Error{Errc::Peer, why, where});
    return fail(Errc::Peer, where + ": " + text_of(from.error()));
  }
};

HttpClient::HttpClient(const HttpTarget& target, Nanoseconds timeout) {
  const std::string host = target.ip.to_string();
  const std::string authority =
      (target.ip.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(target.port);
  impl_ = std::unique_ptr<Impl>(
      new Impl{target, timeout, authority, httplib::Client("http://" + authority), {}});
  httplib::Client& client = impl_->client;
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(timeout);
  client.set_connection_timeout(us);
  client.set_read_timeout(us);
  client.set_write_timeout(us);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  client.set_decompress(false); // no server of ours compresses
  if (!target.token.empty()) impl_->headers.emplace("Authorization", "Bearer " + target.token);
}
HttpClient::~HttpClient() = default;

Result<HttpClient::Answer> HttpClient::get(const std::string& path) {
  return impl_->result(impl_->client.Get(path, impl_->headers));
}
Status HttpClient::get_pieces(const std::string& path,
                              const std::function<bool(std::string_view)>& piece) {
  const auto result =
      impl_->client.Get(path, impl_->headers, [&](const char* data, std::size_t size) {
        return piece({data, size});
      });
  if (!result) return tl::unexpected<Error>(impl_->result(result).error());
  if (result->status != 200)
    return fail(Errc::Peer, "HTTP status " + std::to_string(result->status));
  return {};
}
Result<HttpClient::Answer> HttpClient::post(const std::string& path, const std::string& json) {
  return impl_->result(impl_->client.Post(path, impl_->headers, json, "application/json"));
}
Result<HttpClient::Answer> HttpClient::remove(const std::string& path) {
  return impl_->result(impl_->client.Delete(path, impl_->headers));
}

} // namespace xtg::net
