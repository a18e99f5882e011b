// SPDX-License-Identifier: BSD-2-Clause
// The capture file of a receiver: the test frames that --sample selects, with their wall-clock
// arrival times. Internal to app.
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

/// Which frames the kernel program samples, and whether it verifies checksums.
xtg_rx_sampling sampling_of(const plan::RxSpec& spec);

/// A frame's comment in the capture file: "late", "after a gap of 137 ...".
std::string sample_comment(const xtg_rx_sample& sample);

class SampleFile {
public:
  /// Replaces an existing file. InvalidArgument: the file cannot be written.
  static Result<SampleFile> create(const std::string& path);

  /// Writes the frames sampled so far.
  Status take(xdp::Receiver& receiver);
  /// After the program has stopped: writes the rest and closes the file.
  Status finish(xdp::Receiver& receiver);
  [[nodiscard]] const stats::RxSamples& written() const { return told_; }

private:
  SampleFile(packet::PcapWriter writer, std::uint64_t epoch_ns);
  Status write(const xtg_rx_sample& sample, std::span<const std::uint8_t> bytes);

  packet::PcapWriter writer_;
  std::uint64_t epoch_ns_; ///< wall-clock time at CLOCK_MONOTONIC zero
  stats::RxSamples told_;
};

} // namespace xtg::app
