// SPDX-License-Identifier: BSD-2-Clause
// Figures of tests in the text format of Prometheus, version 0.0.4. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/http.h"
#include "serve/figures.h"

namespace xtg::serve {

struct Metric {
  std::string id; ///< of a server's test; else empty
  std::string command, interface;
  bool running = false;
  Figures figures;
};
/// What a server counts beside its tests.
struct ServerCounts {
  std::uint64_t total = 0, refused = 0;
};
HttpAnswer metrics_answer(const std::vector<Metric>& tests, std::optional<ServerCounts> server);

} // namespace xtg::serve
