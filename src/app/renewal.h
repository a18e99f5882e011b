// SPDX-License-Identifier: BSD-2-Clause
// Whether a run's send program has to renew its frames. Internal to app.
#pragma once

#include "core/result.h"
#include "plan/renewal.h"

namespace xtg::app {

/// What this kernel does, found out once per process, over devices of our own that are gone
/// afterwards.
const Result<plan::PageReuse>& page_reuse();

/// plan::must_renew(), which asks the kernel only where the driver gives reason to.
Result<bool> must_renew(const plan::InterfaceFacts& iface);

} // namespace xtg::app
