// SPDX-License-Identifier: BSD-2-Clause
#include <net/if.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "net/tcp_internal.h"

namespace xtg::net {

namespace tcp {

SockAddr to_sockaddr(const Endpoint& endpoint, const std::string& interface) {
  SockAddr out;
  if (endpoint.addr.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.addr.bytes.data(), sizeof(v4.sin_addr));
    std::memcpy(&out.storage, &v4, sizeof(v4));
    out.length = sizeof(v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.addr.bytes.data(), sizeof(v6.sin6_addr));
    if (endpoint.addr.is_link_local()) v6.sin6_scope_id = if_nametoindex(interface.c_str());
    std::memcpy(&out.storage, &v6, sizeof(v6));
    out.length = sizeof(v6);
  }
  return out;
}

Result<Endpoint> to_endpoint(const sockaddr* address) {
  Endpoint out;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof(v4));
    std::memcpy(out.addr.bytes.data(), &v4.sin_addr, sizeof(v4.sin_addr));
    out.port = ntohs(v4.sin_port);
    return out;
  }
  if (address->sa_family != AF_INET6)
    return fail(Errc::NotSupported, "an address that is neither IPv4 nor IPv6");
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof(v6));
  out.port = ntohs(v6.sin6_port);
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
  out.addr.family = mapped ? packet::Family::V4 : packet::Family::V6;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v6.sin6_addr) + (mapped ? 12 : 0);
  std::copy_n(bytes, out.addr.size(), out.addr.bytes.begin());
  return out;
}

std::string to_string(const Endpoint& endpoint) {
  return fmt::format("{} port {}", endpoint.addr.to_string(), endpoint.port);
}

} // namespace tcp

Result<std::vector<packet::Ip>> resolve_host(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int err = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  const std::string what = fmt::format("find host \"{}\"", host);
  if (err == EAI_SYSTEM) return tl::unexpected<Error>(Error{Errc::NotFound, errno, what});
  if (err != 0) return fail(Errc::NotFound, fmt::format("{}: {}", what, gai_strerror(err)));
  std::vector<packet::Ip> found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    auto endpoint = tcp::to_endpoint(entry->ai_addr);
    if (endpoint && std::find(found.begin(), found.end(), endpoint->addr) == found.end())
      found.push_back(endpoint->addr);
  }
  if (found.empty()) return fail(Errc::NotFound, fmt::format("{}: it has no address", what));
  return found;
}

} // namespace xtg::net
