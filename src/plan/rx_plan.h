// SPDX-License-Identifier: BSD-2-Clause
// `rx`: checks, and the verdict on what was received. Needs only values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plan/facts.h"
#include "plan/rx_spec.h"

namespace xtg::plan {

/// --window: a power of two within these; the limits of xtg/abi/rx.h.
inline constexpr std::uint32_t kRxWindowLeast = 1'024, kRxWindowMost = 1'048'576;

/// --match, so many times.
inline constexpr std::size_t kMaxRxFilters = 16;

struct RxPlan {
  RxSpec spec;
  InterfaceFacts iface;
  std::vector<std::string> notes;
};

/// InvalidArgument, NotFound (no such interface) or NotSupported (native asked for where the driver
/// is known not to have it, another XDP program attached); each names the option or the interface
/// and what would do.
Result<RxPlan> resolve_rx(const RxSpec& spec, const HostFacts& facts);

/// "loss<0.001%,p99<50us,rx=10000": conditions joined by commas; relations < <= = == >= >.
/// Spaces around a name and a value do not count; "@eth2" behind the name, and a share such as
/// 10/11 as a value of rx, are for runs that see both ends. InvalidArgument begins with the
/// condition that is wrong.
Result<std::vector<Condition>> parse_expect(std::string_view text);

/// The names that parse_expect() knows, for messages and the man page.
std::string_view to_string(Expected what);
bool counted_by_receiver(Expected what); ///< else only its sender knows
std::string_view to_string(Relation relation);
std::string_view to_string(RxMode mode); // "auto", "native", "generic"

/// Whether `value` meets the condition. Equal compares exactly.
bool holds(const Condition& condition, double value);

} // namespace xtg::plan
