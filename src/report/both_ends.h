// SPDX-License-Identifier: BSD-2-Clause
// Objects in the JSON of tests that see both ends, whether these are of one host or of two.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "stats/ledger.h"

namespace xtg::report {

/// Every column of a ledger; whose it is comes before these.
nlohmann::ordered_json ledger_value(const stats::Ledger& ledger);

} // namespace xtg::report
