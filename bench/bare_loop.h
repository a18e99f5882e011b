// SPDX-License-Identifier: BSD-2-Clause
// The simplest possible live-frame sender, as a yardstick: one thread and one program with one
// helper call, attached to the dispatcher; no header, no signature, no counting.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "net/veth_test_bed.h"

namespace xtg::bench {

enum class Bare { Redirect, Drop };

/// Runs for `seconds` on `cpu`. The drop loop returns its runs per second, the other one 0 (the far
/// end counts).
Result<double> run_bare(const net::VethTestBed& bed, Bare kind, double seconds, int cpu);

/// Frames of this size, without FCS, that leave through tc: one program passes them, another sends
/// them on and, above 60 bytes, makes them as long. Needs Linux 6.6.
Status run_bare_tc(const net::VethTestBed& bed, std::uint32_t frame_bytes, double seconds, int cpu);

/// As run_bare() with frames for a receiver: 128 bytes, with the full signature of one of `streams`
/// streams in turn. The send time is read once per batch.
Status run_signed(const net::VethTestBed& bed, unsigned streams, double seconds, int cpu);

} // namespace xtg::bench
