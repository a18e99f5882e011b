// SPDX-License-Identifier: BSD-2-Clause
// What this kernel's live mode does with frames that a driver has changed, found out by changing
// some.
#pragma once

#include "core/result.h"
#include "plan/renewal.h"

namespace xtg::xdp {

/// `near` and `far` are the ends of a veth pair that nobody else uses, both up, in the calling
/// thread's network namespace. Takes some ms, or tens of them.
Result<plan::PageReuse> probe_page_reuse(int near, int far);

} // namespace xtg::xdp
