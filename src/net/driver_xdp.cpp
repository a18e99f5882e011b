// SPDX-License-Identifier: BSD-2-Clause
#include "net/driver_xdp.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/netlink.h"

namespace xtg::net {

namespace {

constexpr std::string_view kWhat = "attach an XDP program";

/// The kernel's own message, which follows the request in the error text.
std::string words_of(const Error& error) {
  if (error.what.size() <= kWhat.size() + 2) return {};
  return error.what.substr(kWhat.size() + 2);
}

/// Sets the interface's program in the driver; -1: none. `expected`: the program that must be
/// there.
Status set_program(nl::Socket& socket, int ifindex, int prog_fd, int expected) {
  ifinfomsg header{};
  header.ifi_index = ifindex;
  nl::Message request(RTM_SETLINK, NLM_F_ACK, header);
  request.nest(NLA_F_NESTED | IFLA_XDP, [&] {
    request.put<std::int32_t>(IFLA_XDP_FD, prog_fd);
    request.put<std::uint32_t>(IFLA_XDP_FLAGS, XDP_FLAGS_DRV_MODE | XDP_FLAGS_REPLACE);
    request.put<std::int32_t>(IFLA_XDP_EXPECTED_FD, expected);
  });
  return socket.request(request, kWhat);
}

} // namespace

Result<plan::XdpAnswer> ask_driver(int ifindex, int prog_fd) {
  auto socket = nl::Socket::open();
  if (!socket) return tl::unexpected<Error>(std::move(socket.error()));
  const Status taken = set_program(*socket, ifindex, prog_fd, -1);
  if (taken) {
    if (auto off = set_program(*socket, ifindex, -1, prog_fd); !off)
      return tl::unexpected<Error>(std::move(off.error()));
    return plan::XdpAnswer{.takes = true};
  }
  const Error& error = taken.error();
  if (error.sys == EBUSY || error.sys == EEXIST || error.code == Errc::NoPermission ||
      error.sys == ENODEV)
    return tl::unexpected<Error>(error);
  return plan::XdpAnswer{.takes = false, .error = error.sys, .words = words_of(error)};
}

} // namespace xtg::net
