// SPDX-License-Identifier: BSD-2-Clause
// Single datagrams beside the traffic: a challenge, and words for the service manager.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/result.h"
#include "core/unique_fd.h"
#include "packet/address.h"

namespace xtg::net {

/// One UDP datagram of the kernel's from an address of this host.
Status send_datagram(const packet::Ip& from, const packet::Ip& to, std::uint16_t port,
                     const std::string& text);

/// Where such a datagram arrives, at an address of this host.
class DatagramEar {
public:
  static Result<DatagramEar> open(const packet::Ip& at);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The next one, or nothing by then (monotonic_ns()).
  [[nodiscard]] std::string hear(std::uint64_t until_ns) const;

private:
  DatagramEar(UniqueFd fd, std::uint16_t port) : fd_(std::move(fd)), port_(port) {}
  UniqueFd fd_;
  std::uint16_t port_;
};

/// "READY=1" to whoever started us (sd_notify(3)); nothing where nobody wants to know.
void notify_service_manager(const std::string& text);

} // namespace xtg::net
