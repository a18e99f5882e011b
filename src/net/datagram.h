// SPDX-License-Identifier: BSD-2-Clause
// Single datagrams beside the traffic: a challenge, and words for the service manager.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "packet/address.h"

namespace xtg::net {

/// One UDP datagram of the kernel's from an address of this host.
Status send_datagram(const packet::Ip& from, const packet::Ip& to, std::uint16_t port,
                     const std::string& text);

/// "READY=1" to whoever started us (sd_notify(3)); nothing where nobody wants to know.
void notify_service_manager(const std::string& text);

} // namespace xtg::net
