// SPDX-License-Identifier: BSD-2-Clause
// Which kernel programs a sending run needs, and their constants. Internal to xdp.
#pragma once

#include <memory>
#include <vector>

#include <bpf/libbpf.h>

// The skeleton names the types of the shared ABI, so those headers come first.
#include "xtg/abi/long.h"
#include "xtg/abi/tx.h"
#include "xtg_bpf.skel.h"

#include "core/result.h"
#include "xdp/sender.h"

namespace xtg::xdp {

struct SenderCloser {
  void operator()(xtg_bpf* skeleton) const { xtg_bpf::destroy(skeleton); }
};
using SenderSkeleton = std::unique_ptr<xtg_bpf, SenderCloser>;

/// The send program for a run: the variants differ in their compile-time constants.
bpf_program* send_program(const xtg_bpf& skel, const SenderSpec& spec, bool no_perfmon);
/// The tracepoint programs that count on each path.
std::vector<bpf_program*> counters_of(const xtg_bpf& skel, plan::TxPath via);
/// With the counters, if `tracepoints`.
Result<SenderSkeleton> load_programs(const SenderSpec& spec, bool tracepoints, bool no_perfmon);

/// Some stream's send time is CLOCK_TAI.
bool stamps_tai(const SenderSpec& spec);
/// Some stream's destination MAC follows its address, which without CAP_PERFMON no program can do.
bool follows_address(const SenderSpec& spec);

} // namespace xtg::xdp
