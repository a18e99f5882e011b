// SPDX-License-Identifier: BSD-2-Clause
// Internet addresses as sockets have them. Internal to net.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "packet/address.h"

namespace xtg::net {

socklen_t fill_address(sockaddr_storage& out, const packet::Ip& ip, std::uint16_t port);
/// An IPv4 address that an IPv6 socket has is the IPv4 address.
packet::Ip ip_of(const sockaddr_storage& address);
std::uint16_t port_of(const sockaddr_storage& address);
/// Of a connected socket, as text; empty where it has none.
std::string peer_of(int fd);
std::string local_of(int fd);

} // namespace xtg::net
