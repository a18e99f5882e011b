// SPDX-License-Identifier: BSD-2-Clause
// What the files behind net/tcp.h share: addresses as the kernel takes them, options of sockets,
// and what kind of error an errno of a connection is. Internal to net.
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

/// A link-local IPv6 address gets `interface` as its scope.
SockAddr to_sockaddr(const Endpoint& endpoint, const std::string& interface);
/// An IPv4 address in IPv6 form (::ffff:0:0/96) is told as what it is.
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
  auto repair = option<int>(fd, IPPROTO_TCP, TCP_REPAIR, "ask whether a connection is frozen");
  if (!repair) return tl::unexpected<Error>(std::move(repair.error()));
  return *repair != 0;
}

/// As fail_sys(), but what the far end, or the way there, did is Peer or Timeout.
tl::unexpected<Error> fail_connection(int sys, std::string what);

/// Reads and drops what there is, in bounded time; added to `dropped`. The errno that ended it, or
/// 0.
int drop_input(int fd, std::uint64_t& dropped);

} // namespace xtg::net::tcp
