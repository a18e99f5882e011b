// SPDX-License-Identifier: BSD-2-Clause
// The capture file of `udp --write-pcap`: the first frames, as planned. Internal to app.
#pragma once

#include "core/result.h"
#include "plan/plan.h"

namespace xtg::app {

/// Does nothing when no file was requested. InvalidArgument: the file cannot be written.
Status write_planned_frames(const plan::Plan& plan);

} // namespace xtg::app
