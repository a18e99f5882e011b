// SPDX-License-Identifier: BSD-2-Clause
// A stream's frame in the form in which the kernel program reads it (xtg/abi/tx.h).
#pragma once

#include <cstdint>
#include <vector>

#include "packet/frame.h"
#include "xtg/abi/tx.h"

namespace xtg::packet {

/// One stream with its tables, in which all positions count from the tables' own beginnings;
/// assemble() (packet/assemble.h) puts the streams of a run together.
struct EncodedStream {
  xtg_stream stream{};
  std::vector<xtg_size> sizes{};          ///< empty: one size
  std::vector<std::uint64_t> values{};    ///< of listed fields
  std::vector<std::uint64_t> next_hops{}; ///< of XTG_HOP_LISTED
  std::vector<std::uint8_t> page{};       ///< the template of the largest size
};

/// The constants of one stream's frames; which streams are paced, and the weights of the others,
/// are the plan's (plan/pacing.h). Checksums that no frame changes are finished here and go into
/// the header template, so that the program need not compute them.
EncodedStream encode(const Frame& frame);

/// The worker byte at its place within the signature word that carries it, as this machine loads
/// it.
std::uint64_t worker_u64(SignatureForm form, std::uint8_t worker);

} // namespace xtg::packet
