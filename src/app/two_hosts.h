// SPDX-License-Identifier: BSD-2-Clause
// Parts of the commands whose other end is a server's. Internal to app.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/app.h"
#include "app/far_host.h"
#include "app/far_runs.h"
#include "app/kept_ports.h"
#include "core/clock.h"
#include "core/stop_token.h"
#include "core/units.h"
#include "report/sink.h"
#include "serve/both_hosts.h"
#include "serve/journal.h"

namespace xtg::app {

/// Keeps the run's document, and shows the run.
class Tee final : public report::Sink {
public:
  Tee(serve::Journal& journal, std::unique_ptr<report::Sink> shown)
      : journal_(journal), shown_(std::move(shown)) {}
  void take(const report::Event& event) override {
    journal_.take(event);
    shown_->take(event);
  }
  [[nodiscard]] Status status() const override { return shown_->status(); }

private:
  serve::Journal& journal_;
  std::unique_ptr<report::Sink> shown_;
};

inline serve::HalfResult result_of(const serve::Journal& journal) {
  return {journal.document(), journal.exit_status(), journal.error()};
}

/// Waits so long for the result of a test of the server; what went wrong is added to `errors`.
inline serve::HalfResult far_result(FarRuns& far, const std::string& id, Nanoseconds patience,
                                    std::vector<Error>& errors) {
  auto state = far.finish(id, patience);
  if (state) return {std::move(state->document), state->exit_status, std::move(state->error)};
  errors.push_back(std::move(state.error()));
  return {};
}

/// Ends a sender of ours when the server's test that it needs is over: at the server's ceiling, or
/// because somebody stopped it.
class EndsWith {
public:
  EndsWith(const FarRuns& runs, std::string id, StopToken sender)
      : thread_([this, &runs, id = std::move(id), sender = std::move(sender)]() mutable {
          constexpr auto kLook = std::chrono::milliseconds(20);
          for (; !ending_ && !over_; std::this_thread::sleep_for(kLook))
            over_ = runs.over(id);
          if (over_) sender.trip(monotonic_ns());
        }) {}
  ~EndsWith() { ending_ = true; }
  EndsWith(const EndsWith&) = delete;
  EndsWith& operator=(const EndsWith&) = delete;
  [[nodiscard]] bool over() const { return over_; }

private:
  std::atomic<bool> ending_{false}, over_{false};
  std::jthread thread_; ///< last: it is joined first
};

/// Longer than a receiver takes to notice the end.
constexpr Nanoseconds kMore{3'000'000'000};

/// One test of a series. What went wrong is in the result. Shown as the test's output says. Both
/// ends keep their attachments for the next test: this one in `kept`, the server for a few seconds.
serve::BothHosts measure_between(const plan::TestSpec& test, const plan::FarEnd& far, FarHost& host,
                                 KeptPort& kept, Context& context);

/// Prints the result of both hosts in the form that was asked for; returns the exit status.
int print_hosts(const serve::BothHosts& hosts, const plan::OutputSpec& output, Context& context);

/// udp --server --round-trip: the far end reflects, and the near end sends and receives.
serve::BothHosts round_trip_with_server(const plan::TestSpec& test, const plan::FarEnd& far,
                                        Context& context);

} // namespace xtg::app
