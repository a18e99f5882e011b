// SPDX-License-Identifier: BSD-2-Clause
// What a run of several ports needs to know of the host. Internal to app.
#pragma once

#include <vector>

#include "app/app.h"
#include "plan/facts.h"
#include "plan/test_spec.h"

namespace xtg::app {

/// The facts of every port, which from here on has its interface's own name; with them the ways
/// back, whose addresses are the first sender's.
std::vector<plan::HostFacts> gather_ports(plan::TestSpec& test, Context& context);

} // namespace xtg::app
