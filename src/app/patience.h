// SPDX-License-Identifier: BSD-2-Clause
// Says what a command waits for that may take seconds before anything is sent: names, neighbours.
#pragma once

#include <string>
#include <thread>

#include "app/app.h"
#include "plan/spec.h"

namespace xtg::app {

/// While it lives nobody else writes to the standard error. Says nothing to programs.
class Patience {
public:
  /// `what`: "the next hop of eth0".
  Patience(const plan::OutputSpec& output, Context& context, std::string what);

private:
  std::jthread waiting_;
};

} // namespace xtg::app
