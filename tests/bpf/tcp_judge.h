// SPDX-License-Identifier: BSD-2-Clause
// A receiver written down plainly, which the ingress programs are compared with.
#pragma once

#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "tcp_program.h"

namespace xtg::test {

/// Writes the TCP checksum anew, or only the sum of the pseudo-header (CHECKSUM_PARTIAL), over what
/// the headers say is the segment; nothing where they are wrong.
void fix_sum(Bytes& frame, bool partial = false);

/// What is to become of a packet.
struct Verdict {
  bool ours = false;                  ///< taken off the interface
  bool unsound = false;               ///< its checksum is wrong
  bool refused = false;               ///< the connection's, with IP options not to be delivered
  bool fragment = false;              ///< a piece of a packet with TCP
  std::optional<xtg_tcp_event> event; ///< but for turn, flow and time
};

/// Of a packet that comes to the end of the connection that sends with `ours` from `port`.
Verdict judge(const packet::TcpHeaderSpec& ours, std::uint16_t port, const Bytes& frame);

/// Both tell the same of the segment.
testing::AssertionResult same_event(const xtg_tcp_event& is, const xtg_tcp_event& want);

} // namespace xtg::test
