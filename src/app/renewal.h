// SPDX-License-Identifier: BSD-2-Clause
// Whether a run's send program has to renew its frames. Internal to app.
#pragma once

#include "core/result.h"
#include "plan/renewal.h"

namespace xtg::app {

/// How this kernel treats changed pages, tested once per process with devices of our own that are
/// removed afterwards.
const Result<plan::PageReuse>& page_reuse();

/// plan::must_renew(), which tests the kernel only if the driver gives reason to.
Result<bool> must_renew(const plan::InterfaceFacts& iface);

} // namespace xtg::app
