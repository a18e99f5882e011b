// SPDX-License-Identifier: BSD-2-Clause
// The answers to SYNs as they come off the wire: a packet socket sees them before this host's own
// netfilter translates addresses back. Who compares them with what a socket believes learns of
// such a translation. Belongs to the namespace in which it was opened. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"
#include "net/tcp.h"
#include "packet/address.h"

namespace xtg::net {

/// A SYN-ACK.
struct Answer {
  Endpoint from;
  Endpoint to;
  std::uint32_t ack = 0; ///< host order; the first sequence number after our SYN
};

/// What this host's address translation makes of a connection, and what to do about it; empty where
/// the wire has the addresses that the socket has.
std::string translation(const Endpoint& remote, const Endpoint& local, const Answer& wire);

class HandshakeWatch {
public:
  /// On all interfaces. Needs CAP_NET_RAW.
  static Result<HandshakeWatch> open(packet::Family family);
  /// What has arrived since; some may be missing where there were very many.
  std::vector<Answer> take();

private:
  HandshakeWatch(UniqueFd fd, packet::Family family) : fd_(std::move(fd)), family_(family) {}
  UniqueFd fd_;
  packet::Family family_;
};

} // namespace xtg::net
