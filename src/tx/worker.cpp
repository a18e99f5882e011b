// SPDX-License-Identifier: BSD-2-Clause
#include "tx/worker.h"

#include <algorithm>
#include <utility>

#include "xtg/abi/base.h"

namespace xtg::tx {

namespace {

constexpr std::uint32_t kMaxBatch = XTG_MAX_BATCH;
constexpr std::uint32_t kMaxRuns = 1U << 20;
constexpr std::uint32_t kFirstRuns = 1U << 13;   // until the first call has shown how fast it goes
constexpr std::uint32_t kPendingRuns = 1U << 12; // some 0.2 ms
constexpr std::uint64_t kFirstPauseNs = 1'000'000; // after ENOMEM; doubled each time
constexpr unsigned kBehindCalls = 3;            // in a row that lost slots: release more together
constexpr unsigned kKeptCalls = 40;             // in a row that lost none: some seconds
constexpr std::uint64_t kSleepSpinNs = 300'000; // one program run may wait this long after a sleep

class Loop {
public:
  Loop(Worker& worker, Clock& clock, const WorkerSpec& spec, const std::atomic<bool>& stop)
      : worker_(worker), clock_(clock), spec_(spec), stop_(stop) {
    for (const PacedStream& stream : spec.paced)
      paced_.push_back({stream, stream.batch_slots});
  }

  Status run() {
    while (!over()) {
      if (!nap()) continue;
      auto end = call();
      if (!end) return tl::unexpected<Error>(std::move(end.error()));
      if (auto status = after(*end); !status) return status;
    }
    return {};
  }

private:
  [[nodiscard]] bool over() {
    if (worker_.done()) return true;
    const bool pending = worker_.pending();
    // What is pending has one more call to be sent in.
    if (stop_.load(std::memory_order_relaxed) && (!pending || std::exchange(last_call_, true)))
      return true;
    if (pending) return false;
    if (worker_.unclaimed() == 0) return true;
    // Slots that were due before the end and overslept are counted by the program, in one more
    // call.
    return spec_.sleep && clock_.now_ns() >= worker_.end_ns() &&
           worker_.next_ns() >= worker_.end_ns();
  }

  [[nodiscard]] std::uint32_t batch() const {
    std::uint32_t frames = spec_.flood ? spec_.batch : 1;
    for (const Paced& paced : paced_)
      frames = std::max(frames, paced.spec.slot_frames * paced.slots);
    return frames;
  }

  // Sleeps towards the next deadline, or the next try for refused frames. False: woke early to look
  // at the stop flag.
  bool nap() {
    const bool pending = worker_.pending();
    if (!pending && !spec_.sleep) return true;
    const std::uint64_t due = worker_.next_ns();
    const std::uint64_t now = clock_.now_ns();
    std::uint64_t wake = due > kLeadNs ? due - kLeadNs : 0;
    if (wake <= now) return true;
    if (pending) {
      clock_.sleep_until_ns(std::min(wake, now + kNapNs));
      return true;
    }
    const bool last = due >= worker_.end_ns(); // no slot comes before the end
    if (last) wake = worker_.end_ns();
    clock_.sleep_until_ns(std::min(wake, now + kNapNs));
    return !last && wake <= now + kNapNs;
  }

  Result<CallEnd> call() {
    const std::uint32_t size = batch();
    if (spec_.sleep) return worker_.call(size, size, kSleepSpinNs);

    std::uint64_t runs = runs_;
    // Where refused frames are all that is left, a call passes over what follows the last of them.
    const std::uint64_t least = worker_.pending() ? kPendingRuns : 1;
    if (paced_.empty())
      runs = std::min<std::uint64_t>(runs, std::max<std::uint64_t>(worker_.unclaimed(), least));
    runs = (runs + size - 1) / size * size;
    // A big batch must not be passed over for a deadline that comes before its runs are through.
    const std::uint64_t spin = kSpinNs + 64ULL * (size - 1);
    const std::uint64_t before = clock_.now_ns();
    auto end = worker_.call(static_cast<std::uint32_t>(runs), size, spin);
    if (end && *end == CallEnd::Complete) learn(runs, clock_.now_ns() - before);
    return end;
  }

  void learn(std::uint64_t runs, std::uint64_t took_ns) {
    if (runs < runs_) return; // cut short by the amount: says nothing about speed
    const std::uint64_t wanted_ns = paced_.empty() ? kCallNs : kPacedCallNs;
    const std::uint64_t fitting = runs * wanted_ns / std::max<std::uint64_t>(took_ns, 1);
    // At most fourfold: the first calls run on cold caches.
    runs_ = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(fitting, kMaxBatch, std::min<std::uint64_t>(kMaxRuns, runs * 4)));
    for (Paced& paced : paced_)
      keep_up(paced, took_ns);
  }

  struct Paced {
    PacedStream spec;
    std::uint32_t slots = 1;
    std::uint64_t skipped = 0;
    unsigned behind_calls = 0;
    unsigned kept_calls = 0;
  };

  // A schedule that one-by-one release cannot keep is released in larger batches, until it has been
  // kept for a while.
  void keep_up(Paced& paced, std::uint64_t took_ns) {
    const std::uint64_t skipped = worker_.skipped_slots(paced.spec.number);
    const bool behind =
        (skipped - paced.skipped) * 1'000 > took_ns / 1'000; // over 1 slot per ms lost
    const bool kept = skipped == paced.skipped;
    paced.skipped = skipped;
    paced.behind_calls = behind ? paced.behind_calls + 1 : 0;
    paced.kept_calls = kept ? paced.kept_calls + 1 : 0;
    const std::uint32_t more = 2 * paced.slots;
    if (paced.behind_calls >= kBehindCalls && more * paced.spec.slot_frames <= kMaxBatch &&
        more <= paced.spec.max_batch_slots) {
      release_together(paced, more);
    } else if (paced.kept_calls >= kKeptCalls && paced.slots > paced.spec.batch_slots) {
      release_together(paced, paced.slots / 2);
    }
  }

  void release_together(Paced& paced, std::uint32_t slots) {
    paced.slots = slots;
    paced.behind_calls = paced.kept_calls = 0;
    worker_.set_batch_slots(paced.spec.number, slots);
  }

  Status after(CallEnd end) {
    const std::uint64_t claimed = worker_.claimed();
    const bool moved = claimed != claimed_;
    claimed_ = claimed;
    if (end != CallEnd::NoMemory || moved) {
      hungry_since_ns_ = 0;
      pause_ns_ = kFirstPauseNs;
    }
    if (end != CallEnd::NoMemory) return {};
    worker_.count_nomem();
    const std::uint64_t now = clock_.now_ns();
    if (hungry_since_ns_ == 0) hungry_since_ns_ = now;
    if (now - hungry_since_ns_ > kNoMemoryNs)
      return fail(Errc::System, "the kernel has had no memory for frames for 5 seconds");
    clock_.sleep_until_ns(now + pause_ns_);
    pause_ns_ = std::min<std::uint64_t>(pause_ns_ * 2, kNapNs);
    runs_ = kFirstRuns;
    return {};
  }

  Worker& worker_;
  Clock& clock_;
  const WorkerSpec spec_;
  const std::atomic<bool>& stop_;
  std::uint32_t runs_ = kFirstRuns;
  std::vector<Paced> paced_;
  bool last_call_ = false; ///< it was told to stop
  std::uint64_t claimed_ = 0;
  std::uint64_t hungry_since_ns_ = 0;
  std::uint64_t pause_ns_ = kFirstPauseNs;
};

} // namespace

Status work(Worker& worker, Clock& clock, const WorkerSpec& spec, const std::atomic<bool>& stop) {
  return Loop(worker, clock, spec, stop).run();
}

} // namespace xtg::tx
