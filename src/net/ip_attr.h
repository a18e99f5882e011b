// SPDX-License-Identifier: BSD-2-Clause
// IP addresses in netlink attributes. Internal to net.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "net/netlink.h"
#include "packet/address.h"

namespace xtg::net {

inline unsigned char family_of(const packet::Ip& ip) {
  return ip.is_v4() ? AF_INET : AF_INET6;
}

/// Empty if the attribute is absent or the family is neither IPv4 nor IPv6.
inline std::optional<packet::Ip> read_ip(const nl::Attrs& attrs, int type, int family) {
  if (family != AF_INET && family != AF_INET6) return {};
  packet::Ip ip;
  ip.family = family == AF_INET ? packet::Family::V4 : packet::Family::V6;
  const nlattr* attr = attrs.find(type);
  if (attr == nullptr || static_cast<std::size_t>(nla_len(attr)) < ip.size()) return {};
  const auto* bytes = static_cast<const std::uint8_t*>(nla_data(attr));
  std::copy_n(bytes, ip.size(), ip.bytes.begin());
  return ip;
}

inline void put_ip(nl::Message& message, int type, const packet::Ip& ip) {
  message.put_bytes(type, ip.bytes.data(), ip.size());
}

} // namespace xtg::net
