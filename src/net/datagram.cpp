// SPDX-License-Identifier: BSD-2-Clause
#include "net/datagram.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/clock.h"
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

Result<DatagramEar> DatagramEar::open(const packet::Ip& at) {
  const std::string what = "wait for a challenge at " + at.to_string();
  UniqueFd fd(
      socket(at.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return fail_sys(errno, what);
  sockaddr_storage address{};
  socklen_t size = fill_address(address, at, 0);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return fail_sys(errno, what);
  return DatagramEar(std::move(fd), port_of(address));
}

std::string DatagramEar::hear(std::uint64_t until_ns) const {
  constexpr std::uint64_t kMs = 1'000'000;
  const std::uint64_t now = monotonic_ns();
  pollfd wait{fd_.get(), POLLIN, 0};
  poll(&wait, 1, until_ns <= now ? 0 : static_cast<int>((until_ns - now) / kMs + 1));
  std::array<char, 256> text{};
  const ssize_t n = recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
  return n <= 0 ? std::string{} : std::string(text.data(), static_cast<std::size_t>(n));
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
