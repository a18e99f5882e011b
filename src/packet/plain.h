// SPDX-License-Identifier: BSD-2-Clause
// Which stream the fastest send program can send, and what it decides by.
#pragma once

#include "xtg/abi/tx.h"

namespace xtg::packet {

/// For the only stream of a run, as the program will have it. If xtg_tx can send it (the conditions
/// are in bpf/tx_plain.bpf.h), sets `plain` and the fields' flags and puts the checksums in the
/// order that xtg_tx expects; else `plain` stays 0.
void make_plain(xtg_stream& stream);

} // namespace xtg::packet
