// SPDX-License-Identifier: BSD-2-Clause
// Says what a command is waiting for when that may take seconds before anything is sent: host
// names, neighbours.
#pragma once

#include <string>
#include <thread>

#include "app/app.h"
#include "plan/spec.h"

namespace xtg::app {

/// While it exists nobody else may write to standard error. Silent for machine-readable output.
class Patience {
public:
  /// `what`: "the next hop of eth0".
  Patience(const plan::OutputSpec& output, Context& context, std::string what);

private:
  std::jthread waiting_;
};

} // namespace xtg::app
