// SPDX-License-Identifier: BSD-2-Clause
// Text and JSON of `rx` about reflected frames. Internal to this folder.
#pragma once

#include <string>
#include <vector>

#include "report/json_values.h"
#include "stats/rx.h"

namespace xtg::report {

std::string_view path_name(stats::RxPath path); ///< "one-way", "round-trip"
std::string_view path_text(stats::RxPath path); ///< "delay", "round trip"

/// Whether delays of the stream include the residence time in the reflector.
bool has_residence(const stats::RxStream& stream);

/// A stream's lines about the reflector; none for a direct stream.
std::vector<std::string> reflector_text(const stats::RxStream& stream);

/// null for a direct stream.
Json reflector_value(const stats::RxStream& stream);

} // namespace xtg::report
