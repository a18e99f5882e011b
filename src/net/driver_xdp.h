// SPDX-License-Identifier: BSD-2-Clause
// Asks a driver whether it takes an XDP program, by handing it one. A bpf_link tells only an errno;
// a netlink request brings the driver's own words back.
#pragma once

#include "core/result.h"
#include "plan/refusal.h"

namespace xtg::net {

/// Attaches the program in the driver and takes it off at once; in the calling thread's network
/// namespace. Some drivers reset their queues, or the link, when that is done. The error: that
/// nothing could be asked; EBUSY, that another program is there.
Result<plan::XdpAnswer> ask_driver(int ifindex, int prog_fd);

} // namespace xtg::net
