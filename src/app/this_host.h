// SPDX-License-Identifier: BSD-2-Clause
// The machine under a run: clock, file descriptors, host name. Internal to app.
#pragma once

#include "report/event.h"
#include "run/course.h"

namespace xtg::app {

class ThisHost final : public run::Host {
public:
  /// Completes what the asker has filled in.
  explicit ThisHost(report::RunInfo asker);

  [[nodiscard]] const report::RunInfo& info() const { return info_; }
  std::uint64_t now_ns() override;
  Status wait(std::span<const int> fds, std::uint64_t until_ns) override;
  double cpu_s() override;
  Error explain(Error error) override;

private:
  report::RunInfo info_;
  double cpu_before_s_ = 0;
};

} // namespace xtg::app
