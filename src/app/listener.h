// SPDX-License-Identifier: BSD-2-Clause
// The receiving program on one interface, and the interface's own counters beside it. Internal to
// app.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/interface.h"
#include "plan/rx_plan.h"
#include "stats/rx.h"
#include "xdp/receiver.h"

namespace xtg::app {

class Listener {
public:
  /// The plan outlives it.
  explicit Listener(const plan::RxPlan& plan) : plan_(plan) {}

  /// Loads and attaches, in the driver or behind it as the plan says. After it frames still pass.
  /// `beside`: one that is prepared and may receive the same streams.
  Status prepare(const Listener* beside = nullptr);
  /// "native" or "generic".
  [[nodiscard]] const char* mode() const;
  /// Why the driver did not take the program, where it runs behind the driver for that.
  [[nodiscard]] const std::optional<Error>& refusal() const { return refusal_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  /// From now on frames are counted; what the interface has dropped so far does not.
  void start();
  void stop() { receiver_->stop(); }
  /// To be called several times a second: see xdp::Receiver.
  Status make_room() { return receiver_->make_room(); }
  /// How much was counted and dropped when a run may begin.
  struct Baseline {
    std::uint64_t counted = 0;
    std::optional<net::LinkCounters> link;
    stats::RxVerified verified;
    std::uint64_t taken = 0;
  };
  Baseline baseline();
  /// What was counted and dropped before `mark` does not count any more, for the limit either.
  void restart(const Baseline& baseline);
  /// What the checksums told since then.
  [[nodiscard]] stats::RxVerified verified() const {
    return receiver_->verified() - verified_before_;
  }
  /// After prepare().
  [[nodiscard]] xdp::Receiver& receiver() { return *receiver_; }
  [[nodiscard]] const xdp::Receiver& receiver() const { return *receiver_; }
  [[nodiscard]] std::uint64_t counted() const { return receiver_->counted() - counted_before_; }
  /// With the interface's drops since start().
  Result<stats::RxSnapshot> snapshot(bool words);
  /// The interface went down or is gone.
  [[nodiscard]] std::optional<Error> fault() const;

private:
  Status load_and_attach(xdp::AttachMode attach_mode, const Listener* beside);

  const plan::RxPlan& plan_;
  std::optional<xdp::Receiver> receiver_;
  xdp::AttachMode attach_mode_ = xdp::AttachMode::Native;
  std::optional<Error> refusal_;
  std::vector<std::string> notes_;
  std::optional<net::LinkCounters> link_before_, link_now_; ///< none: not told yet
  std::uint64_t counted_before_ = 0;                        ///< at the mark of restart()
  stats::RxVerified verified_before_;                       ///< likewise
};

} // namespace xtg::app
