// SPDX-License-Identifier: BSD-2-Clause
// A receiver of this host beside a test of another one: a run in a thread of its own. Internal to
// app.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "app/front_end.h"
#include "app/two_hosts.h"
#include "core/clock.h"
#include "core/stop_token.h"
#include "core/units.h"

namespace xtg::app {

class NearRun {
public:
  /// Begins at once. `more`: further arguments of measure().
  template <class Plan, class... More>
  NearRun(Plan plan, std::unique_ptr<report::Sink> shown, report::RunInfo asker, More... more)
      : tee_(journal_, std::move(shown)),
        thread_([this, plan = std::move(plan), asker = std::move(asker), more...] {
          finish(measure(plan, tee_, stop_, asker, more...), tee_);
          journal_.close();
          over_ = true;
        }) {}
  ~NearRun() { stop(); }
  NearRun(const NearRun&) = delete;
  NearRun& operator=(const NearRun&) = delete;

  void await_begin() const {
    while (!journal_.begun() && !over_)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  void stop() { stop_.trip(monotonic_ns()); }
  [[nodiscard]] bool over() const { return over_; }
  /// Its result; it is stopped when it has none after so long.
  serve::HalfResult finish_within(Nanoseconds patience) {
    const std::uint64_t until = monotonic_ns() + static_cast<std::uint64_t>(patience.count());
    while (!over_ && monotonic_ns() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    stop();
    thread_.join();
    thread_ = {};
    return result_of(journal_);
  }

private:
  StopToken stop_;
  serve::Journal journal_{serve::Journal::kUnbounded};
  Tee tee_;
  std::atomic<bool> over_{false};
  std::jthread thread_;
};

} // namespace xtg::app
