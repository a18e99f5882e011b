// SPDX-License-Identifier: BSD-2-Clause
// A stream's frame in the form in which the kernel program reads it (xtg/abi/tx.h).
#pragma once

#include <cstdint>

#include "packet/frame.h"
#include "xtg/abi/tx.h"

namespace xtg::packet {

struct EncodeOptions {
  bool stamp_each = false;
  bool paced = false;
  bool tai = false;           ///< the send time is CLOCK_TAI
  std::uint32_t hop_base = 0; ///< where the stream's listed next hops begin in the run's list
};

/// The constants of one stream. Checksums that no frame changes are finished here and go into the
/// header template, so that the program need not compute them.
xtg_stream encode(const Frame& frame, const EncodeOptions& options);

/// The lane byte at its place within the signature word that carries it, as this machine loads it.
std::uint64_t lane_word(SignatureForm form, std::uint8_t lane);

} // namespace xtg::packet
