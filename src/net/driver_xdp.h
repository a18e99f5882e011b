// SPDX-License-Identifier: BSD-2-Clause
// Tests whether a driver accepts an XDP program by attaching one. A bpf_link returns only an errno;
// a netlink request also returns the driver's message.
#pragma once

#include "core/result.h"
#include "plan/refusal.h"

namespace xtg::net {

/// Attaches the program in the driver and detaches it at once, in the calling thread's network
/// namespace. Some drivers reset their queues or the link for that. Error: the test was not
/// possible; EBUSY: another program is attached.
Result<plan::XdpAnswer> ask_driver(int ifindex, int prog_fd);

} // namespace xtg::net
