// SPDX-License-Identifier: BSD-2-Clause
#include "serve/event_reader.h"

#include <cstddef>

#include <fmt/format.h>

namespace xtg::serve {

void read_events(const std::string& id, const GetPieces& get,
                 const std::function<bool(std::string_view)>& print,
                 const std::function<bool()>& pause) {
  std::size_t lines = 0;
  bool more = true;
  for (bool last = false;; last = !pause()) {
    std::string partial;
    const auto take = [&](std::string_view piece) {
      partial += piece;
      for (auto end = partial.find('\n'); more && end != std::string::npos;
           end = partial.find('\n')) {
        more = print(std::string_view(partial).substr(0, end));
        partial.erase(0, end + 1);
        ++lines;
      }
      return more;
    };
    const bool whole = get(fmt::format("/v1/tests/{}/events?from={}", id, lines), take).has_value();
    if (whole || last || !more) return;
  }
}

} // namespace xtg::serve
