// SPDX-License-Identifier: BSD-2-Clause
// Which stream the fastest send program can send, and what it decides by.
#pragma once

#include <span>

#include "xtg/abi/tx.h"

namespace xtg::packet {

/// For the only stream of a run and its sizes, as the program will have them. If xtg_tx,
/// xtg_tx_stamp or xtg_tx_sized can send it (the conditions are in bpf/tx_plain.bpf.h), sets
/// `plain` and its like and puts the checksums in the order that those expect; else `plain` stays
/// 0.
void make_plain(xtg_stream& stream, std::span<xtg_size> sizes);

} // namespace xtg::packet
