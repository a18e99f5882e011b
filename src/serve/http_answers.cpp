// SPDX-License-Identifier: BSD-2-Clause
#include "serve/http_answers.h"

#include <fmt/format.h>

#include "core/text.h"

namespace xtg::serve {

std::string text_of(const Json& value) {
  // ASCII alone, whatever bytes a name has.
  return value.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

HttpAnswer json(int status, const Json& value) {
  return {status, "application/json", text_of(value)};
}

HttpAnswer problem(int status, std::string_view what) {
  return json(status, {{"error", printable(what)}});
}

HttpAnswer not_found(const std::string& what) {
  return problem(404, what + " does not exist; GET /v1/openapi.json lists what does");
}

HttpAnswer wrong_method(std::string_view allowed) {
  HttpAnswer answer = problem(405, fmt::format("expected {}", allowed));
  answer.headers["Allow"] = allowed;
  return answer;
}

HttpAnswer problem(const Error& error) {
  switch (error.code) {
  case Errc::InvalidArgument:
    return problem(400, error.message());
  case Errc::NotFound:
    return problem(404, error.message());
  case Errc::NotSupported:
  case Errc::NoPermission:
  case Errc::Peer:
  case Errc::Timeout:
    return problem(422, error.message());
  case Errc::System:
  case Errc::Internal:
    break;
  }
  return problem(500, error.message());
}

} // namespace xtg::serve
