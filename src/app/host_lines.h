// SPDX-License-Identifier: BSD-2-Clause
// --json-stream of two hosts: the lines of both ends as they come, each marked with where it is
// from. Internal to app.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/http.h"
#include "report/sink.h"

namespace xtg::app {

/// Where a run's lines are from: "near" or "far", and which way its frames travel.
struct LineMark {
  bool near_end = true;
  bool forward = true; ///< from the near end to the far end
};

class HostLines {
public:
  explicit HostLines(std::ostream& out) : out_(out) {}
  /// Gives up what is followed.
  ~HostLines();
  HostLines(const HostLines&) = delete;
  HostLines& operator=(const HostLines&) = delete;
  /// By any thread.
  void write(std::string_view line, const LineMark& mark);
  /// Whether all lines could be written.
  Status status();
  /// A sink for a run here.
  std::unique_ptr<report::Sink> sink(const LineMark& mark);
  /// Prints the events of a test of the server, until it is over.
  void follow(const net::HttpTarget& server, const std::string& id, const LineMark& mark);
  /// To be called when the tests that are followed are over, or the server no longer answers: waits
  /// for their last lines.
  void join();

private:
  std::ostream& out_;
  std::mutex mutex_;
  std::atomic<bool> ending_{false}, cut_{false};
  std::vector<std::jthread> followers_;
};

} // namespace xtg::app
