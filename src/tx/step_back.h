// SPDX-License-Identifier: BSD-2-Clause
// A sending thread that mostly waits for a far end on the same machine (veth) takes CPU time from
// the receiver that it waits for. Stepping back sets SCHED_IDLE (sched(7)): the thread yields its
// CPU to any other thread, and the scheduler treats the CPU as idle when it places threads.
#pragma once

namespace xtg::tx {

/// Applies to the calling thread.
class StepBack {
public:
  /// `allowed`: the thread may return to its normal policy, which takes CAP_SYS_NICE (or
  /// RLIMIT_NICE).
  explicit StepBack(bool allowed) : allowed_(allowed) {}
  void set(bool back);
  [[nodiscard]] bool is_back() const { return back_; }

private:
  bool allowed_;
  bool back_ = false;
};

} // namespace xtg::tx
