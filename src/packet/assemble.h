// SPDX-License-Identifier: BSD-2-Clause
// The streams of one run, put together for the kernel program: one set of tables for all of them,
// and one template that every page of the kernel's pool is filled with (xtg/abi/tx.h).
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "packet/encode.h"
#include "xtg/abi/tx.h"

namespace xtg::packet {

/// What a run's programs work from.
struct RunTables {
  std::vector<xtg_stream> streams{};
  std::vector<xtg_size> sizes{};
  std::vector<std::uint64_t> values{};
  std::vector<std::uint64_t> next_hops{};
};

/// Errors (InvalidArgument): more sizes, listed values or next hops than the programs have room
/// for.
Result<RunTables> assemble(std::vector<EncodedStream> streams);

} // namespace xtg::packet
