// SPDX-License-Identifier: BSD-2-Clause
// `rx`: checks, and the evaluation of its --expect conditions. Needs only values.
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

/// How often --match may be given.
inline constexpr std::size_t kMaxRxFilters = 16;

struct RxPlan {
  RxSpec spec;
  InterfaceFacts iface;
  std::vector<std::string> notes;
};

/// Errors: InvalidArgument, NotFound (no such interface) or NotSupported (native requested where
/// the driver is known to lack it, or another XDP program attached); each names the option or the
/// interface and a remedy.
Result<RxPlan> resolve_rx(const RxSpec& spec, const HostFacts& facts);

/// "loss<0.001%,p99<50us,rx=10000": conditions separated by commas; relations < <= = == >= >.
/// Spaces around names and values are ignored. "@eth2" after the name, and a share such as 10/11 as
/// the value of rx, need a run that sees both ends. InvalidArgument begins with the wrong
/// condition.
Result<std::vector<Condition>> parse_expect(std::string_view text);

/// Names that parse_expect() accepts, for messages and the man page.
std::string_view to_string(Expected what);
bool counted_by_receiver(Expected what); ///< otherwise only its sender knows it
std::string_view to_string(Relation relation);
std::string_view to_string(RxMode mode); // "auto", "native", "generic", "tc"

/// Whether `value` meets the condition. Equal compares exactly.
bool holds(const Condition& condition, double value);

} // namespace xtg::plan
