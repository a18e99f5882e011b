// SPDX-License-Identifier: BSD-2-Clause
// What a run of several ports needs to know of the host. Internal to app.
#pragma once

#include <vector>

#include "app/app.h"
#include "plan/facts.h"
#include "plan/test_spec.h"

namespace xtg::app {

/// gather_facts_of_ports() of a test on this terminal: long waits for a neighbour are reported.
std::vector<plan::HostFacts> gather_ports(plan::TestSpec& test, Context& context);

} // namespace xtg::app
