// SPDX-License-Identifier: BSD-2-Clause
// Encodes a stream's frame for the kernel program (xtg/abi/tx.h).
#pragma once

#include <cstdint>
#include <vector>

#include "packet/frame.h"
#include "xtg/abi/tx.h"

namespace xtg::packet {

/// One stream and its tables. All indices are relative to the stream's own tables; assemble()
/// (packet/assemble.h) combines the streams of a run.
struct EncodedStream {
  xtg_stream stream{};
  std::vector<xtg_size> sizes{};          ///< empty: one size
  std::vector<std::uint64_t> values{};    ///< of fields with a list
  std::vector<std::uint64_t> next_hops{}; ///< for XTG_HOP_LISTED
  std::vector<std::uint8_t> page{};       ///< the template of the largest size
};

/// The constants of one stream's frames. The plan (plan/pacing.h) decides which streams are paced
/// and the weights of the others. Checksums that are the same in every frame are finished in the
/// header template, so the program need not compute them.
EncodedStream encode(const Frame& frame);

/// The worker byte shifted to its place in the signature's `u64`, in this machine's byte order.
std::uint64_t worker_u64(SignatureForm form, std::uint8_t worker);

} // namespace xtg::packet
