// SPDX-License-Identifier: BSD-2-Clause
// Decides whether the fastest send program can send a stream.
#pragma once

#include <span>

#include "xtg/abi/tx.h"

namespace xtg::packet {

/// For the only stream of a run and its sizes, as encoded for the program. If xtg_tx, xtg_tx_stamp
/// or xtg_tx_sized can send it (conditions in bpf/tx_plain.bpf.h), sets `plain` and related fields
/// and orders the checksums as those programs expect; otherwise `plain` stays 0.
void make_plain(xtg_stream& stream, std::span<xtg_size> sizes);

} // namespace xtg::packet
