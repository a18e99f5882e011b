// SPDX-License-Identifier: BSD-2-Clause
// What text and JSON of `rx` say of frames that a reflector sent back. Internal to this folder.
#pragma once

#include <string>
#include <vector>

#include "report/json_values.h"
#include "stats/rx.h"

namespace xtg::report {

std::string_view path_name(stats::RxPath path); ///< "one-way", "round-trip"
std::string_view path_text(stats::RxPath path); ///< "delay", "round trip"

/// Whether delays of the stream have in them the time for which the reflector kept the frame.
bool has_residence(const stats::RxStream& stream);

/// Lines of a stream's own: what the reflector told. None of a stream that came straight.
std::vector<std::string> reflector_text(const stats::RxStream& stream);

/// null for a stream that came straight.
Json reflector_value(const stats::RxStream& stream);

} // namespace xtg::report
