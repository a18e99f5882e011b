// SPDX-License-Identifier: BSD-2-Clause
#include "report/json_document.h"

#include <utility>

#include "report/describe.h"

namespace xtg::report {

void JsonDocument::error(const Error& error, int exit_status) {
  if (!error_.is_null()) return;
  error_ = one_line(error.message());
  exit_status_ = exit_status;
}

void JsonDocument::finish() {
  if (std::exchange(finished_, true)) return;
  Json document;
  document["start"] = std::move(start_);
  document["intervals"] = std::move(intervals_);
  document["end"] = std::move(end_);
  if (!error_.is_null()) document["error"] = std::move(error_);
  document["exit_status"] = exit_status_;
  out_ << to_text(document, 2) << '\n' << std::flush;
}

void JsonLines::event(std::string_view name, Json data) {
  write({{"event", name}, {"data", std::move(data)}});
}

void JsonLines::error(const Error& error, int exit_status) {
  write({{"event", "error"}, {"data", one_line(error.message())}, {"exit_status", exit_status}});
}

void JsonLines::write(const Json& event) {
  out_ << to_text(event, -1) << '\n' << std::flush;
}

} // namespace xtg::report
