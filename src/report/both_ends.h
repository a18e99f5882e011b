// SPDX-License-Identifier: BSD-2-Clause
// Objects in the JSON of tests that see both ends, whether these are of one host or of two.
#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "report/starts_apart.h"
#include "stats/ledger.h"

namespace xtg::report {

/// Every column of a ledger; whose it is comes before these.
nlohmann::ordered_json ledger_value(const stats::Ledger& ledger);
/// Null: one direction, or not known.
nlohmann::ordered_json starts_value(const std::optional<StartsApart>& starts);

} // namespace xtg::report
