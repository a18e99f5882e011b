// SPDX-License-Identifier: BSD-2-Clause
// Tests that a server runs for us: created, kept alive, stopped, their results. A thread asks for
// them all the while, so that the server knows that we are there, and we that it is. Internal to
// app.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "core/stop_token.h"
#include "net/http.h"
#include "serve/clocks.h"
#include "serve/far_end.h"

namespace xtg::app {

class FarRuns {
public:
  FarRuns(net::HttpTarget target, std::ostream& err);
  /// Stops what still runs there.
  ~FarRuns();
  FarRuns(const FarRuns&) = delete;
  FarRuns& operator=(const FarRuns&) = delete;

  Result<std::vector<serve::FarInterface>> interfaces();
  /// InvalidArgument for what its operator does not allow; to be called after interfaces().
  [[nodiscard]] Status check_duration(const std::optional<Nanoseconds>& duration) const;
  /// Exchanges time stamps; nothing is added where the server does not know how.
  void compare_clocks(serve::ClockComparison& clocks);
  /// Answers the server's challenge at this address of ours.
  Status prove(const packet::Ip& address);
  /// `lost` is called by another thread when the server no longer answers, or at once if that is so
  /// already. It replaces an earlier one.
  void when_lost(std::function<void()> lost);
  /// The server keeps attached for a few seconds after each run what the next one needs.
  void run_in_series() { hold_ = "&hold=3s"; }
  struct Start {
    bool wait = false;    ///< for its turn
    bool prepare = false; ///< only prepare it: let_go() starts it
  };
  /// Creates a test and returns once it has begun or is prepared, or is over.
  Result<std::string> start(const std::string& body, Start how, const StopToken& stop);
  /// Starts a prepared test. Returns when it sends its first frame, by the server's clock.
  Result<std::uint64_t> let_go(const std::string& id);
  /// Whether it still ran.
  bool stop(const std::string& id);
  [[nodiscard]] bool over(const std::string& id) const;
  /// The result, once there is one; the test is stopped when there is none after so long.
  Result<serve::FarState> finish(const std::string& id, Nanoseconds patience);
  [[nodiscard]] std::optional<Error> lost() const;
  [[nodiscard]] const net::HttpTarget& target() const { return target_; }

private:
  void keep();
  Result<serve::FarState> ask(net::HttpClient& client, const std::string& id);

  const net::HttpTarget target_;
  std::ostream& err_;
  std::function<void()> on_lost_;
  std::string hold_;
  std::optional<Nanoseconds> max_duration_; ///< none: it did not say
  net::HttpClient client_;                  ///< the caller's thread's
  mutable std::mutex mutex_;
  std::optional<packet::Ip> proven_;
  std::uint64_t proven_until_ns_ = 0;
  std::map<std::string, serve::FarState> runs_;
  std::optional<Error> lost_;
  std::atomic<bool> ending_{false};
  std::jthread keeper_;
};

} // namespace xtg::app
