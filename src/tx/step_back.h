// SPDX-License-Identifier: BSD-2-Clause
// A sending thread that mostly waits for a far end on the same machine (veth) takes the CPU from
// the very receiver it waits for. Stepping back, the thread leaves its CPU to whoever wants it, and
// the scheduler treats that CPU as an idle one when it places threads (SCHED_IDLE, sched(7)).
#pragma once

namespace xtg::tx {

/// Of the calling thread.
class StepBack {
public:
  /// `allowed`: the thread may step forward again, which takes CAP_SYS_NICE (or RLIMIT_NICE).
  explicit StepBack(bool allowed) : allowed_(allowed) {}
  void set(bool back);
  [[nodiscard]] bool is_back() const { return back_; }

private:
  bool allowed_;
  bool back_ = false;
};

} // namespace xtg::tx
