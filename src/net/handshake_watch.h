// SPDX-License-Identifier: BSD-2-Clause
// SYN-ACKs as they arrive on the wire: a packet socket sees them before this host's netfilter
// translates addresses back. Comparing them with a socket's addresses reveals such a translation.
// Belongs to the namespace in which it was opened. Not thread-safe.
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

/// How this host translates a connection's addresses, and what to do about it; empty if the
/// addresses on the wire are those of the socket.
std::string translation(const Endpoint& remote, const Endpoint& local, const Answer& wire);

class HandshakeWatch {
public:
  /// Watches all interfaces. Needs CAP_NET_RAW.
  static Result<HandshakeWatch> open(packet::Family family);
  /// Answers since the last call. Some may be missing if there were very many.
  std::vector<Answer> take();

private:
  HandshakeWatch(UniqueFd fd, packet::Family family) : fd_(std::move(fd)), family_(family) {}
  UniqueFd fd_;
  packet::Family family_;
};

} // namespace xtg::net
