// SPDX-License-Identifier: BSD-2-Clause
// A tc program at the ingress of a device of our own, and what the kernel calls its reasons to
// drop. Internal to xdp.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::xdp {

/// By tcx, before the programs that are there. EINVAL before Linux 6.6.
Result<UniqueFd> attach_tcx(int prog_fd, int ifindex, const char* what);

/// On a device of our own: by tcx, whose link is returned; else by clsact and cls_bpf, which go
/// with the device, and no descriptor. In the calling thread's network namespace.
Result<UniqueFd> attach_tc_ingress(int prog_fd, int ifindex);

/// "NO_SOCKET": as the running kernel has them in enum skb_drop_reason; else "reason 3".
std::string drop_reason_name(std::uint32_t reason);

/// All of a hash map from numbers to counts.
std::map<std::uint32_t, std::uint64_t> read_counts(int map_fd);

} // namespace xtg::xdp
