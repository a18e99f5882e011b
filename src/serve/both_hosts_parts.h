// SPDX-License-Identifier: BSD-2-Clause
// What the files of the results of two hosts share. Internal to serve.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "serve/both_hosts.h"

namespace xtg::serve {

/// One-way delays of a direction, corrected by what is known about the clocks after the run; null
/// where the receiver has none.
nlohmann::ordered_json delay_value(const Way& way, const Clocks& clocks);

} // namespace xtg::serve
