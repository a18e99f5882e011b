// SPDX-License-Identifier: BSD-2-Clause
// The receiving program on one interface, with the interface's own counters. Internal to app.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/interface.h"
#include "net/tc_filter.h"
#include "plan/rx_plan.h"
#include "stats/rx.h"
#include "xdp/kept_links.h"
#include "xdp/receiver.h"

namespace xtg::app {

class Listener {
public:
  /// The plan must outlive the listener.
  explicit Listener(const plan::RxPlan& plan) : plan_(plan) {}

  /// Loads the program and attaches it in the driver, in generic mode or at tc ingress, as planned.
  /// Frames still pass. `beside`: a prepared listener that may receive the same streams. `kept`:
  /// where an XDP attachment stays for the next listener.
  Status prepare(const Listener* beside = nullptr, xdp::KeptLinks* kept = nullptr);
  /// "native", "generic" or "tc".
  [[nodiscard]] const char* mode() const;
  /// Why the driver rejected the program, if it runs elsewhere for that reason.
  [[nodiscard]] const std::optional<Error>& refusal() const { return refusal_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  /// Starts counting. Earlier drops of the interface are not counted.
  void start();
  void stop() { receiver_->stop(); }
  /// Call several times a second: see xdp::Receiver.
  Status make_room() { return receiver_->make_room(); }
  /// Frames counted and dropped up to the start of a run.
  struct Baseline {
    std::uint64_t counted = 0;
    std::optional<net::LinkCounters> link;
    stats::RxVerified verified;
    std::uint64_t taken = 0;
  };
  Baseline baseline();
  /// Counts, and the limit, start over from `baseline`.
  void restart(const Baseline& baseline);
  /// Checksum results since start() or restart().
  [[nodiscard]] stats::RxVerified verified() const {
    return receiver_->verified() - verified_before_;
  }
  /// Valid after prepare().
  [[nodiscard]] xdp::Receiver& receiver() { return *receiver_; }
  [[nodiscard]] const xdp::Receiver& receiver() const { return *receiver_; }
  [[nodiscard]] std::uint64_t counted() const { return receiver_->counted() - counted_before_; }
  /// Includes the interface's drops since start().
  Result<stats::RxSnapshot> snapshot(bool words);
  /// An error if the interface is down or gone.
  [[nodiscard]] std::optional<Error> fault() const;

private:
  Status load_and_attach(xdp::AttachMode attach_mode, const Listener* beside, xdp::KeptLinks* kept);

  const plan::RxPlan& plan_;
  std::optional<xdp::Receiver> receiver_;
  std::optional<net::TcFilter> filter_; ///< its attachment, where it has none of its own
  xdp::AttachMode attach_mode_ = xdp::AttachMode::Native;
  std::optional<Error> refusal_;
  std::vector<std::string> notes_;
  std::optional<net::LinkCounters> link_before_, link_now_; ///< empty: not read yet
  std::uint64_t counted_before_ = 0;                        ///< at the baseline of restart()
  stats::RxVerified verified_before_;                       ///< likewise
};

} // namespace xtg::app
