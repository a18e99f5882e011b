// SPDX-License-Identifier: BSD-2-Clause
// Where an HTTP/1.1 request ends in the bytes that have come so far. Requests are taken off a
// connection whole, so that one that trickles in holds a buffer and no thread. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace xtg {

struct HttpLimits {
  std::size_t head = 16'384;    ///< request line and headers
  std::size_t body = 1'048'576; ///< as a profile
};

struct HttpFrame {
  enum class State {
    Partial,   ///< more has to come
    Complete,  ///< the first `size` bytes are one request
    Malformed, ///< `status` says why, and the connection ends
  };
  State state = State::Partial;
  std::size_t size = 0;
  int status = 0;
};

/// Of the bytes from the beginning of a request. A length that is missing, given twice or not
/// decimal is no request: what two readers could understand differently is refused.
HttpFrame http_frame(std::string_view bytes, const HttpLimits& limits = {});

} // namespace xtg
