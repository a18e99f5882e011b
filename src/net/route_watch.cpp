// SPDX-License-Identifier: BSD-2-Clause
#include "net/route_watch.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include <netlink/socket.h>

namespace xtg::net {

Result<RouteWatch> RouteWatch::open() {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  const int failed = nl_socket_add_memberships(socket->raw(), RTNLGRP_NEIGH, RTNLGRP_IPV4_ROUTE,
                                               RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
                                               RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP, 0);
  if (failed != 0) return fail(Errc::System, "watch the routing tables");
  return RouteWatch(std::move(*socket));
}

bool RouteWatch::changed() {
  bool any = false;
  std::array<char, 16384> message{};
  for (;;) {
    const ssize_t n =
        recv(nl_socket_get_fd(socket_.raw()), message.data(), message.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == ENOBUFS) { // some notifications were dropped
      any = true;
      continue;
    }
    if (n <= 0) return any;
    any = true;
  }
}

} // namespace xtg::net
