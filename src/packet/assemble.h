// SPDX-License-Identifier: BSD-2-Clause
// Combines the streams of one run for the kernel program: one set of tables, and one template with
// which every page of the kernel's pool is filled (xtg/abi/tx.h).
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "packet/encode.h"
#include "xtg/abi/long.h"
#include "xtg/abi/tx.h"

namespace xtg::packet {

/// Input of a run's programs.
struct RunTables {
  std::vector<xtg_stream> streams{};
  std::vector<xtg_size> sizes{};
  std::vector<std::uint64_t> values{};
  std::vector<std::uint64_t> next_hops{};
  std::vector<std::uint8_t> page{}; ///< the template: as long as the largest frame
  std::uint32_t page_len =
      0; ///< its part in the kernel's pages: all of it, except for longer frames
  std::vector<xtg_long> longs{};           ///< by stream
  std::vector<std::uint16_t> size_extra{}; ///< by entry of `sizes`, see xtg_long
  bool fill = false;               ///< longer frames have payload other than zeros after the page
  std::vector<xtg_place> places{}; ///< empty when clean_from is set: too many for a list
  std::uint32_t clean_from = 0;    ///< offset of the first place; 0: none
};

/// Errors (InvalidArgument): more sizes, listed values or next hops than the programs can hold; or
/// two streams with different payload at the same offset, since pages pass from stream to stream
/// and payload is not rewritten.
Result<RunTables> assemble(std::vector<EncodedStream> streams);

} // namespace xtg::packet
