// SPDX-License-Identifier: BSD-2-Clause
// What a run of several ports needs to know of the host. Internal to app.
#pragma once

#include <vector>

#include "app/app.h"
#include "plan/facts.h"
#include "plan/test_spec.h"

namespace xtg::app {

/// Gathers the facts of every port and replaces the port's interface by its canonical name. Adds
/// the return paths, which lead to the first sender's addresses.
std::vector<plan::HostFacts> gather_ports(plan::TestSpec& test, Context& context);

} // namespace xtg::app
