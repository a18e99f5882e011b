// SPDX-License-Identifier: BSD-2-Clause
// The result of a round trip between two hosts: the near end's ledger, with its losses split by
// what the reflector counted. Pure. Internal to serve, but for RoundTripHalves.
#pragma once

#include <ostream>
#include <string>

#include <nlohmann/json.hpp>

#include "core/result.h"
#include "serve/half_result.h"

namespace xtg::serve {

/// The near end's entry of end.ledger, completed; NotFound where a side's figures are missing.
Result<nlohmann::ordered_json> round_trip_ledger(const RoundTripHalves& halves);
void print_round_trip(std::ostream& out, const RoundTripHalves& halves);

} // namespace xtg::serve
