// SPDX-License-Identifier: BSD-2-Clause
// The static executable has no HTTP: Debian has no archive of cpp-httplib. These definitions stand
// in for those of net/http.cpp; `serve`, --server and --prometheus end with one line.
#include "net/http.h"

#include <utility>

namespace xtg::net {
namespace {

tl::unexpected<Error> absent() {
  return fail(Errc::NotSupported, "serve, --server and --prometheus are not part of the static "
                                  "executable: install the Debian package");
}

} // namespace

struct HttpServer::Impl {};
struct HttpClient::Impl {};

Result<std::unique_ptr<HttpServer>> HttpServer::start(std::vector<Listening>, Handler,
                                                      HttpServerLimits) {
  return absent();
}
HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

HttpClient::HttpClient(const HttpTarget&, Nanoseconds) {}
HttpClient::~HttpClient() = default;
Result<HttpClient::Answer> HttpClient::get(const std::string&) {
  return absent();
}
Status HttpClient::get_pieces(const std::string&, const std::function<bool(std::string_view)>&) {
  return absent();
}
Result<HttpClient::Answer> HttpClient::post(const std::string&, const std::string&) {
  return absent();
}
Result<HttpClient::Answer> HttpClient::remove(const std::string&) {
  return absent();
}

} // namespace xtg::net
