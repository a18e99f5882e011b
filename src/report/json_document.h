// SPDX-License-Identifier: BSD-2-Clause
// The frames that every command's JSON has: the document (iperf3's skeleton: start, intervals, end)
// and the stream (iperf3's events). Internal to this folder.
#pragma once

#include <ostream>
#include <string_view>

#include "core/result.h"
#include "report/json_values.h"

namespace xtg::report {

/// Collects a document and writes it once.
class JsonDocument {
public:
  explicit JsonDocument(std::ostream& out) : out_(out) {}
  void start(Json value) { start_ = std::move(value); }
  void interval(Json value) { intervals_.push_back(std::move(value)); }
  void forget_intervals() { intervals_ = Json::array(); }
  void end(Json value) { end_ = std::move(value); }
  /// The first one counts: what follows is its consequence.
  void error(const Error& error, int exit_status);
  void finish();

private:
  std::ostream& out_;
  Json start_ = start_value();
  Json intervals_ = Json::array();
  Json end_;
  Json error_;
  int exit_status_ = 0;
  bool finished_ = false;
};

/// Writes a line per event, at once.
class JsonLines {
public:
  explicit JsonLines(std::ostream& out) : out_(out) {}
  void event(std::string_view name, Json data);
  void error(const Error& error, int exit_status);

private:
  void write(const Json& event);
  std::ostream& out_;
};

} // namespace xtg::report
