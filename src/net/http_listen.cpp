// SPDX-License-Identifier: BSD-2-Clause
// Where an HTTP server listens: addresses, and sockets that systemd opened (sd_listen_fds(3)).
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/text.h"
#include "net/http.h"
#include "net/socket_address.h"

namespace xtg::net {

socklen_t fill_address(sockaddr_storage& out, const packet::Ip& ip, std::uint16_t port) {
  out = {};
  if (ip.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, ip.bytes.data(), sizeof v4.sin_addr);
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, ip.bytes.data(), sizeof v6.sin6_addr);
  return sizeof v6;
}

packet::Ip ip_of(const sockaddr_storage& address) {
  packet::Ip ip;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(ip.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    return ip;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::memcpy(ip.bytes.data(), v6.sin6_addr.s6_addr + 12, 4);
    return ip;
  }
  ip.family = packet::Family::V6;
  std::memcpy(ip.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
  return ip;
}

std::uint16_t port_of(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET
                   ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                   : reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

namespace {

bool is_internet(const sockaddr_storage& address) {
  return address.ss_family == AF_INET || address.ss_family == AF_INET6;
}

} // namespace

std::string peer_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const bool known = getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  return known && is_internet(address) ? ip_of(address).to_string() : std::string{};
}

std::string local_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const bool known = getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  return known && is_internet(address) ? ip_of(address).to_string() : std::string{};
}

Result<Listening> listen_on(const packet::ListenAddress& at) {
  const std::string where = "listen on " + at.to_string();
  UniqueFd fd(
      socket(at.ip.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return fail_sys(errno, where);
  const int on = 1, off = 0;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.ip.is_unspecified() && !at.ip.is_v4())
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_storage address{};
  const socklen_t size = fill_address(address, at.ip, at.port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
    return fail_sys(errno, where);
  if (listen(fd.get(), SOMAXCONN) != 0) return fail_sys(errno, where);
  socklen_t got = sizeof address;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &got);
  return Listening{std::move(fd), {at.ip, port_of(address)}};
}

Result<std::vector<Listening>> inherited_sockets() {
  constexpr int kFirst = 3;
  std::vector<Listening> out;
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || parse_unsigned<pid_t>(pid) != getpid()) return out;
  const int n = parse_unsigned<int>(count).value_or(0);
  for (int fd = kFirst; fd < kFirst + n; ++fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 || !is_internet(address))
      return fail(Errc::InvalidArgument,
                  fmt::format("descriptor {} that LISTEN_FDS names is no TCP socket", fd));
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    out.push_back({UniqueFd(fd), {ip_of(address), port_of(address)}});
  }
  return out;
}

Result<packet::Ip> local_address_to(const packet::Ip& ip, std::uint16_t port) {
  UniqueFd fd(socket(ip.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage address{};
  const socklen_t size = fill_address(address, ip, port);
  if (!fd.valid() || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
    return fail_sys(errno, "find the way to " + ip.to_string());
  socklen_t got = sizeof address;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &got);
  return ip_of(address);
}

} // namespace xtg::net
