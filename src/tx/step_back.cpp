// SPDX-License-Identifier: BSD-2-Clause
#include "tx/step_back.h"

#include <sched.h>

namespace xtg::tx {

void StepBack::set(bool back) {
  if (!allowed_ || back == back_) return;
  const sched_param ordinary{};
  if (sched_setscheduler(0, back ? SCHED_IDLE : SCHED_OTHER, &ordinary) == 0)
    back_ = back;
  else
    allowed_ = false;
}

} // namespace xtg::tx
