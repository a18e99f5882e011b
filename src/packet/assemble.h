// SPDX-License-Identifier: BSD-2-Clause
// The streams of one run, put together for the kernel program: one set of tables for all of them,
// and one template that every page of the kernel's pool is filled with (xtg/abi/tx.h).
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "packet/encode.h"
#include "xtg/abi/long.h"
#include "xtg/abi/tx.h"

namespace xtg::packet {

/// What a run's programs work from.
struct RunTables {
  std::vector<xtg_stream> streams{};
  std::vector<xtg_size> sizes{};
  std::vector<std::uint64_t> values{};
  std::vector<std::uint64_t> next_hops{};
  std::vector<std::uint8_t> page{}; ///< the template: as long as the largest frame
  std::uint32_t page_len = 0;       ///< of it in the kernel's pages: all, but of longer frames
  std::vector<xtg_long> longs{};    ///< by stream
  std::vector<std::uint16_t> size_extra{}; ///< by entry of `sizes`, see xtg_long
  bool fill = false;               ///< longer frames have payload other than zeros after the page
  std::vector<xtg_place> places{}; ///< empty with clean_from set: too many for a list
  std::uint32_t clean_from = 0;    ///< where the first place is; 0: there is none
};

/// Errors (InvalidArgument): more sizes, listed values or next hops than the programs have room
/// for; streams of which one has payload that another one has otherwise at the same place, since
/// pages go from stream to stream and payload is not written again.
Result<RunTables> assemble(std::vector<EncodedStream> streams);

} // namespace xtg::packet
