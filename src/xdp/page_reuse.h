// SPDX-License-Identifier: BSD-2-Clause
// Tests how this kernel's live mode treats frames that a driver has changed, by changing some.
#pragma once

#include "core/result.h"
#include "plan/renewal.h"

namespace xtg::xdp {

/// `near` and `far` are the ends of a veth pair that nobody else uses, both up, in the calling
/// thread's network namespace. Takes some milliseconds, or tens of them.
Result<plan::PageReuse> probe_page_reuse(int near, int far);

} // namespace xtg::xdp
