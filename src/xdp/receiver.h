// SPDX-License-Identifier: BSD-2-Clause
// The kernel program of a receiver: loading it, attaching it, reading what it counted. Owns the
// loaded object and its one attachment; both are gone when the Receiver is, also when the process
// is killed (bpf_link). Methods may be called from one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/result.h"
#include "stats/rx.h"
#include "stats/rx_samples.h"
#include "stats/rx_sender.h"
#include "xdp/attach_mode.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/rx_match.h"
#include "xtg/abi/rx_sample.h"

namespace xtg::xdp {

/// Takes a frame that the program shows, and its bytes, which are gone afterwards.
using TakeSample = std::function<Status(const xtg_rx_sample&, std::span<const std::uint8_t>)>;

class Receiver {
public:
  /// `config`: complete but for shared and has_tai, which are filled in here.
  /// `filters`: for frames without a signature; `sampling`: complete but for watch. `beside`: a
  /// receiver of the same streams on another interface; both then know where a stream's numbers
  /// are.
  static Result<Receiver> load(const xtg_rx_config& config, const xtg_rx_filters& filters,
                               AttachMode attach_mode, const xtg_rx_sampling& sampling = {},
                               const Receiver* beside = nullptr);
  Receiver(Receiver&&) noexcept;
  Receiver& operator=(Receiver&&) noexcept;
  ~Receiver();

  /// Attaches to the interface, in the calling thread's network namespace. NotSupported: the driver
  /// cannot do it in this place, or another program is there; nothing was changed.
  Status attach(int ifindex);
  /// From now on frames are counted; before, all of them pass.
  void start();
  /// From now on all frames pass.
  void stop();

  /// Where few slots are left, takes some back from streams of which nothing comes any more, so
  /// that new ones are counted. To be called several times a second. What those counted stays in
  /// snapshots; where they are too many, it counts as of streams without a slot.
  Status make_room();

  /// Test frames counted so far.
  [[nodiscard]] std::uint64_t counted() const;
  /// What was counted; link counters are the caller's. `words`: with the windows, for the end.
  [[nodiscard]] Result<stats::RxSnapshot> snapshot(bool words) const;

  /// Rises with every announcement.
  [[nodiscard]] std::uint64_t announced() const;
  /// Takes out those since the last call, so that there is room for others.
  [[nodiscard]] Result<std::vector<stats::RxAnnouncement>> take_announcements();
  /// What came so far of every record of frames with a signature.
  [[nodiscard]] std::vector<stats::RxArrived> arrived() const;
  /// Frames that the limit has let through.
  [[nodiscard]] std::uint64_t taken() const;
  /// The limit does not count the first so many of them, and which samples are the first holds
  /// anew.
  void restart_limit(std::uint64_t taken);
  /// The smallest and the largest frame of each filter are those that come from now on; of one
  /// that had none before `before_ns` they stay.
  void restart_sizes(std::uint64_t before_ns);
  /// Hands over the frames that are shown so far, but no more than fit the ring at once, so that
  /// it ends while others come. An error of `take` ends it.
  Status take_samples(const TakeSample& take);
  /// Frames that the ring had no room for.
  [[nodiscard]] std::uint64_t samples_lost() const;
  /// What the checksums told, where they are verified.
  [[nodiscard]] stats::RxVerified verified() const;

private:
  struct Impl;
  explicit Receiver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace xtg::xdp
