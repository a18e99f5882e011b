// SPDX-License-Identifier: BSD-2-Clause
// Writes frames as a classic capture file with nanosecond time stamps.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace xtg::packet {

struct TimedFrame {
  std::uint64_t time_ns = 0;       ///< since the epoch that the capture is to show
  std::vector<std::uint8_t> bytes; ///< Ethernet, without FCS
};

/// The file's contents.
std::string pcap_image(std::span<const TimedFrame> frames);

/// Writes it, replacing what is there.
Status write_pcap(const std::string& path, std::span<const TimedFrame> frames);

} // namespace xtg::packet
