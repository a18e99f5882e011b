// SPDX-License-Identifier: BSD-2-Clause
// What one contestant of the TCP benchmark sends over: a wire of its own, so that nobody's
// programs, settings or closed connections are in another's way, with the receiver at its far end.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "net/veth_test_bed.h"
#include "tcp_receiver.h"

namespace xtg::bench {

inline constexpr std::uint16_t kPort = 10000;

struct PathSpec {
  std::uint32_t mtu = 1500;
  bool threaded = false; ///< NAPI of the far end in a thread of its own
  bool offloads = true;  ///< TSO and GSO of the near interface
  bool defer = true;     ///< the far end acknowledges its backlog as a whole (Linux 6.7)
};

struct Path {
  net::VethTestBed bed;
  Receiver receiver; // goes first

  static Result<Path> create(const PathSpec& spec = {});
};

} // namespace xtg::bench
