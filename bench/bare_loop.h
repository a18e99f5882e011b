// SPDX-License-Identifier: BSD-2-Clause
// The simplest live-frame sender there can be, as a yardstick: one thread, one program of one
// helper call, kept in the dispatcher; no header, no signature, no counting.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "net/veth_test_bed.h"

namespace xtg::bench {

enum class Bare { Redirect, Drop };

/// Runs for `seconds` on `cpu`; the drop loop returns its runs per second, the other 0 (the far end
/// counts).
Result<double> run_bare(const net::VethTestBed& bed, Bare kind, double seconds, int cpu);

/// The same with what a receiver wants to see: 128-byte frames with the full signature of one of
/// `streams` streams in turn. The send time is read once per batch.
Status run_signed(const net::VethTestBed& bed, unsigned streams, double seconds, int cpu);

} // namespace xtg::bench
