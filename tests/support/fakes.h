// SPDX-License-Identifier: BSD-2-Clause
// A sending thread's surroundings that record what is done to them. Time passes only in calls and
// sleeps.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "tx/worker.h"

namespace xtg::test {

class FakeClock : public tx::Clock {
public:
  std::uint64_t now = 1'000'000'000;
  std::vector<std::uint64_t> sleeps; ///< until when
  std::function<void()> on_sleep;

  std::uint64_t now_ns() override { return now; }
  void sleep_until_ns(std::uint64_t deadline_ns) override {
    sleeps.push_back(deadline_ns);
    if (deadline_ns > now) now = deadline_ns;
    if (on_sleep) on_sleep();
  }
};

class FakeWorker : public tx::Worker {
public:
  struct Call {
    std::uint32_t runs = 0;
    std::uint32_t batch = 0;
    std::uint64_t spin_ns = 0;
    std::uint64_t at_ns = 0;
    bool operator==(const Call&) const = default;
  };

  explicit FakeWorker(FakeClock& clock) : clock_(clock) {}

  // What the worker is to do.
  std::uint64_t left = ~std::uint64_t{0}; ///< frames of the amount
  std::size_t max_calls = 1'000;          ///< after so many it is done
  std::uint64_t ns_per_run = 0;
  std::uint64_t ns_per_call = 0;
  std::uint64_t deadline = 0;
  std::uint64_t end = ~std::uint64_t{0}; ///< of the run
  bool has_pending = false;              ///< until the next call that completes
  unsigned stays_pending = 0;            ///< or for so many more of them
  std::uint64_t retry = 0;
  std::uint64_t interval = 0;       ///< a call advances the deadline by it
  std::uint64_t skips_per_call = 0; ///< slots given up in each call
  static constexpr std::size_t kAll = ~std::size_t{0};
  std::size_t behind_stream = kAll; ///< of this stream, or of each
  std::function<Result<tx::CallEnd>()> answer = [] { return tx::CallEnd::Complete; };

  // What was done to it.
  std::vector<Call> calls;
  std::vector<std::uint32_t> batch_slots;
  std::vector<std::size_t> batch_streams; ///< of which stream, in step with batch_slots
  unsigned nomem = 0;
  std::uint64_t frames_claimed = 0;

  Status enter() override { return {}; }
  Result<tx::CallEnd> call(std::uint32_t runs, std::uint32_t batch,
                           std::uint64_t spin_ns) override {
    calls.push_back({runs, batch, spin_ns, clock_.now});
    auto answered = answer();
    if (!answered || *answered != tx::CallEnd::Complete) return answered;
    clock_.now += ns_per_call + runs * ns_per_run;
    has_pending = has_pending && stays_pending != 0;
    if (has_pending) stays_pending--;
    frames_claimed += left < runs ? left : runs;
    if (left != ~std::uint64_t{0}) left -= left < runs ? left : runs;
    deadline += interval;
    skipped_ += skips_per_call;
    return answered;
  }
  [[nodiscard]] bool done() const override { return left == 0 || calls.size() >= max_calls; }
  [[nodiscard]] std::uint64_t unclaimed() const override { return left; }
  [[nodiscard]] std::uint64_t claimed() const override { return frames_claimed; }
  [[nodiscard]] bool pending() const override { return has_pending; }
  [[nodiscard]] std::uint64_t next_ns() const override { return has_pending ? retry : deadline; }
  [[nodiscard]] std::uint64_t end_ns() const override { return end; }
  [[nodiscard]] std::uint64_t skipped_slots(std::size_t stream) const override {
    return behind_stream == kAll || stream == behind_stream ? skipped_ : 0;
  }
  void set_batch_slots(std::size_t stream, std::uint32_t slots) override {
    batch_slots.push_back(slots);
    batch_streams.push_back(stream);
  }
  void count_nomem() override { nomem++; }

private:
  FakeClock& clock_;
  std::uint64_t skipped_ = 0;
};

} // namespace xtg::test
