// SPDX-License-Identifier: BSD-2-Clause
// A connection whose sender begins just below the end of the sequence space. The kernel makes the
// initial number of a hash over addresses and ports, the same for all of its uptime, and of a clock
// that adds one in 64 ns (RFC 6528). So the hash is learned by trial for some ports, and the
// connect() of the process under test held back until the clock is where it is wanted.
#pragma once

#include <cstdint>
#include <thread>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::peer {

struct Moment {
  std::uint16_t src_port = 0;
  std::uint64_t real_ns = 0; ///< connect() then, and the number is the one wanted
};

/// The first in which a connection between the ends of a Wire begins with `isn`, not before so
/// long.
Result<Moment> find_moment(std::uint16_t port, std::uint32_t isn, std::uint64_t lead_ns);

/// Holds back one process's connect() to a port (seccomp notification).
class ConnectGate {
public:
  static Result<ConnectGate> make(std::uint16_t port);
  ConnectGate(ConnectGate&&) = default;
  ~ConnectGate();

  /// In the child, before it becomes the program.
  void install() const;
  /// In the test, after the child's start: lets connect() go on at that time.
  void open_at(std::uint64_t real_ns);

private:
  ConnectGate(std::uint16_t port, UniqueFd ours, UniqueFd childs)
      : port_(port), ours_(std::move(ours)), childs_(std::move(childs)) {}

  std::uint16_t port_ = 0;
  UniqueFd ours_, childs_;
  UniqueFd stop_;
  std::thread thread_;
};

} // namespace xtg::peer
