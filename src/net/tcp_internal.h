// SPDX-License-Identifier: BSD-2-Clause
// Shared by the implementation files of net/tcp.h: kernel socket addresses, socket options, and the
// error codes for connection errnos. Internal to net.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "net/tcp.h"

namespace xtg::net::tcp {

struct SockAddr {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// `interface` is the scope of a link-local IPv6 address.
SockAddr to_sockaddr(const Endpoint& endpoint, const std::string& interface);
/// Converts an IPv4-mapped IPv6 address (::ffff:0:0/96) to IPv4.
Result<Endpoint> to_endpoint(const sockaddr* address);
/// "198.18.0.2 port 10000"
std::string to_string(const Endpoint& endpoint);

/// Not connected, non-blocking, bound to `interface` unless that is empty.
Result<UniqueFd> new_socket(packet::Family family, const std::string& interface,
                            const IpFields& ip);

template <class T>
Status set_option(int fd, int level, int name, const T& value, const char* what) {
  if (setsockopt(fd, level, name, &value, sizeof(value)) != 0) return fail_sys(errno, what);
  return {};
}

template <class T>
Result<T> option(int fd, int level, int name, const char* what) {
  T value{};
  socklen_t length = sizeof(value);
  if (getsockopt(fd, level, name, &value, &length) != 0) return fail_sys(errno, what);
  return value;
}

inline Result<tcp_info> info(int fd) {
  return option<tcp_info>(fd, IPPROTO_TCP, TCP_INFO, "read the state of a connection");
}

inline Result<bool> is_frozen(int fd) {
  auto repair = option<int>(fd, IPPROTO_TCP, TCP_REPAIR, "read whether a connection is frozen");
  if (!repair) return tl::unexpected<Error>(std::move(repair.error()));
  return *repair != 0;
}

/// As fail_sys(), but errors caused by the far end or the path are Peer or Timeout.
tl::unexpected<Error> fail_connection(int sys, std::string what);

/// Reads and drops available data, in bounded time; adds it to `dropped`. Returns the errno that
/// ended it, or 0.
int drop_input(int fd, std::uint64_t& dropped);

} // namespace xtg::net::tcp
