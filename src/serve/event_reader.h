// SPDX-License-Identifier: BSD-2-Clause
// The events of a test, read line by line from a stream that may be cut.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace xtg::serve {

/// Hands over the body at a path in pieces, as long as its argument returns true; a value means
/// that the body ended by itself.
using GetPieces = std::function<Status(const std::string& path,
                                       const std::function<bool(std::string_view piece)>&)>;

/// Reads the events of test `id` until they end or `print` returns false. `print` gets each line
/// once, without its end. After a cut `pause` is called, and the rest is asked for; where `pause`
/// returns false, because the test is over, only once more.
void read_events(const std::string& id, const GetPieces& get,
                 const std::function<bool(std::string_view line)>& print,
                 const std::function<bool()>& pause);

} // namespace xtg::serve
