// SPDX-License-Identifier: BSD-2-Clause
// The kernel program of a receiver: loads it, attaches it, reads its counters. Owns the loaded
// object and its one attachment; both end with the Receiver, also when the process is killed
// (bpf_link). Methods may be called from one thread at a time.
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

class KeptLinks;

/// Takes a sampled frame and its bytes, which are valid only during the call.
using TakeSample = std::function<Status(const xtg_rx_sample&, std::span<const std::uint8_t>)>;

class Receiver {
public:
  /// `config`: complete except shared and has_tai, which load() sets. `filters`: for frames without
  /// a signature; `ethernet`: the interface has Ethernet framing; `sampling`: complete except
  /// watch. `beside`: a receiver of the same streams on another interface; the two then share the
  /// streams' sequence positions.
  static Result<Receiver> load(const xtg_rx_config& config, const xtg_rx_filters& filters,
                               AttachMode attach_mode, bool ethernet = true,
                               const xtg_rx_sampling& sampling = {},
                               const Receiver* beside = nullptr);
  Receiver(Receiver&&) noexcept;
  Receiver& operator=(Receiver&&) noexcept;
  ~Receiver();

  /// Attaches to the interface, in the calling thread's network namespace. NotSupported: the driver
  /// does not support this mode, or another program is attached; nothing was changed. `kept`: an
  /// XDP attachment stays there.
  Status attach(int ifindex, KeptLinks* kept = nullptr);
  /// For whoever attaches it otherwise.
  [[nodiscard]] int program() const;
  /// Starts counting; until then all frames pass.
  void start();
  /// Stops counting: from now on all frames pass.
  void stop();

  /// If few slots are left, reclaims some from idle streams, so that new streams are counted. Call
  /// several times a second. The counts of reclaimed slots stay in snapshots; if there are too many
  /// of them, they count as packets of streams without a slot.
  Status make_room();

  /// Test frames counted so far.
  [[nodiscard]] std::uint64_t counted() const;
  /// Counts so far; the caller adds link counters. `words`: with the windows' bitmaps, for the end.
  [[nodiscard]] Result<stats::RxSnapshot> snapshot(bool words) const;

  /// Increases with every announcement.
  [[nodiscard]] std::uint64_t announced() const;
  /// Removes and returns the announcements since the last call, which frees space for others.
  [[nodiscard]] Result<std::vector<stats::RxAnnouncement>> take_announcements();
  /// Packets so far of every record of frames with a signature.
  [[nodiscard]] std::vector<stats::RxArrived> arrived() const;
  /// Frames that the limit has admitted.
  [[nodiscard]] std::uint64_t taken() const;
  /// Excludes the first `taken` frames from the limit, and starts the "first" samples over.
  void restart_limit(std::uint64_t taken);
  /// Restarts the smallest and the largest frame size of each filter, except for filters without a
  /// frame before `before_ns`.
  void restart_sizes(std::uint64_t before_ns);
  /// Hands over the frames sampled so far, but no more than one ring's worth, so that it ends while
  /// others arrive. An error of `take` ends it.
  Status take_samples(const TakeSample& take);
  /// Sampled frames for which the ring had no space.
  [[nodiscard]] std::uint64_t samples_lost() const;
  /// Checksum results, if checksums are verified.
  [[nodiscard]] stats::RxVerified verified() const;

private:
  struct Impl;
  explicit Receiver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace xtg::xdp
