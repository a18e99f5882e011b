// SPDX-License-Identifier: BSD-2-Clause
// A test between this host and a server's, by a connection that lasts longer. Internal to app.
#pragma once

#include "app/app.h"
#include "app/far_host.h"
#include "app/kept_ports.h"
#include "plan/far_end.h"
#include "plan/test_spec.h"
#include "serve/both_hosts.h"

namespace xtg::app {

/// What went wrong is in the result. Shown as the test's output says. Both ends keep their
/// attachments for the next test: this one in `kept`, the server for a few seconds.
serve::BothHosts measure_between(const plan::TestSpec& test, const plan::FarEnd& far, FarHost& host,
                                 KeptPort& kept, Context& context);

} // namespace xtg::app
