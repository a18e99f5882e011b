// SPDX-License-Identifier: BSD-2-Clause
#include "net/datagram.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

#include "core/unique_fd.h"
#include "net/socket_address.h"

namespace xtg::net {

Status send_datagram(const packet::Ip& from, const packet::Ip& to, std::uint16_t port,
                     const std::string& text) {
  const std::string what = "send a challenge to " + to.to_string();
  UniqueFd fd(socket(to.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail_sys(errno, what);
  sockaddr_storage here{}, there{};
  const socklen_t here_size = fill_address(here, from, 0),
                  there_size = fill_address(there, to, port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&here), here_size) != 0)
    return fail_sys(errno, what);
  if (sendto(fd.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&there),
             there_size) < 0)
    return fail_sys(errno, what);
  return {};
}

void notify_service_manager(const std::string& text) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  const std::string_view name = path == nullptr ? "" : path;
  sockaddr_un address{};
  if (name.empty() || name.size() >= sizeof address.sun_path) return;
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return;
  address.sun_family = AF_UNIX;
  std::ranges::copy(name, address.sun_path);
  if (name.front() == '@') address.sun_path[0] = '\0'; // an abstract one
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  (void)sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), size);
}

} // namespace xtg::net
