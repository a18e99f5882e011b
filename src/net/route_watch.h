// SPDX-License-Identifier: BSD-2-Clause
// Notices that the kernel's routing or neighbour tables change. Belongs to the namespace in which
// it was opened. Not thread-safe.
#pragma once

#include "core/result.h"
#include "net/netlink.h"

namespace xtg::net {

class RouteWatch {
public:
  static Result<RouteWatch> open();
  /// Something has changed since the last call, whatever it concerns: time to ask again.
  bool changed();

private:
  explicit RouteWatch(nl::Socket socket) : socket_(std::move(socket)) {}
  nl::Socket socket_;
};

} // namespace xtg::net
