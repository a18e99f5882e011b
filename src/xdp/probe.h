// SPDX-License-Identifier: BSD-2-Clause
// Tests what this kernel and these permissions allow, by trying the smallest real operation.
#pragma once

#include "core/result.h"

namespace xtg::xdp {

/// Loads a dropping XDP program and runs one 64-byte frame (60 without FCS) through it in live mode
/// (Linux 5.18). NoPermission, NotSupported or System, with the kernel's errno.
Status probe_live_frames();

/// Loads a program for the raw tracepoint xdp_devmap_xmit: needs CAP_PERFMON and kernel BTF.
Status probe_tracepoint();

} // namespace xtg::xdp
