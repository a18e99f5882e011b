// SPDX-License-Identifier: BSD-2-Clause
#include "net/path_mtu.h"

#include "net/tcp_internal.h"

namespace xtg::net {

std::optional<std::uint32_t> path_mtu(const packet::Ip& dst, const packet::Ip& src,
                                      const std::string& interface, std::uint8_t tos) {
  const bool v4 = dst.is_v4();
  const UniqueFd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return {};
  const int value = tos;
  (void)setsockopt(fd.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, &value,
                   sizeof(value));
  if (!interface.empty())
    (void)setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                     static_cast<socklen_t>(interface.size()));
  // A connected datagram socket has a route of its own, looked up at connect().
  const auto from = tcp::to_sockaddr({src, 0}, interface);
  const auto to = tcp::to_sockaddr({dst, 9}, interface);
  if (bind(fd.get(), from.get(), from.length) != 0 || connect(fd.get(), to.get(), to.length) != 0)
    return {};
  auto mtu = v4 ? tcp::option<int>(fd.get(), IPPROTO_IP, IP_MTU, "path MTU")
                : tcp::option<int>(fd.get(), IPPROTO_IPV6, IPV6_MTU, "path MTU");
  if (!mtu || *mtu <= 0) return {};
  return static_cast<std::uint32_t>(*mtu);
}

} // namespace xtg::net
