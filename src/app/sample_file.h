// SPDX-License-Identifier: BSD-2-Clause
// The capture file of a receiver: the test frames that --sample chose, with the time of day at
// which they arrived. Internal to app.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "packet/pcap.h"
#include "plan/rx_spec.h"
#include "stats/rx_samples.h"
#include "xdp/receiver.h"

namespace xtg::app {

/// What the kernel program is to show, and whether it verifies checksums.
xtg_rx_sampling sampling_of(const plan::RxSpec& spec);

/// What a capture file says of a frame: "late", "after a gap of 137 ...".
std::string sample_comment(const xtg_rx_sample& sample);

class SampleFile {
public:
  /// Replaces what is there. InvalidArgument: it cannot be written.
  static Result<SampleFile> create(const std::string& path);

  /// Writes what the program has shown so far.
  Status take(xdp::Receiver& receiver);
  /// Writes the rest, after the program has stopped, and closes the file.
  Status finish(xdp::Receiver& receiver);
  [[nodiscard]] const stats::RxSamples& written() const { return told_; }

private:
  SampleFile(packet::PcapWriter writer, std::uint64_t epoch_ns);
  Status write(const xtg_rx_sample& sample, std::span<const std::uint8_t> bytes);

  packet::PcapWriter writer_;
  std::uint64_t epoch_ns_; ///< time of day at zero of CLOCK_MONOTONIC
  stats::RxSamples told_;
};

} // namespace xtg::app
