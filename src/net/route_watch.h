// SPDX-License-Identifier: BSD-2-Clause
// Detects changes of the kernel's routing and neighbour tables. Belongs to the namespace in which
// it was opened. Not thread-safe.
#pragma once

#include "core/result.h"
#include "net/netlink.h"

namespace xtg::net {

class RouteWatch {
public:
  static Result<RouteWatch> open();
  /// True if anything has changed since the last call: the tables must be read again.
  bool changed();

private:
  explicit RouteWatch(nl::Socket socket) : socket_(std::move(socket)) {}
  nl::Socket socket_;
};

} // namespace xtg::net
