// SPDX-License-Identifier: BSD-2-Clause
// Writes frames as a capture file with nanosecond time stamps: the classic format, or pcapng, which
// takes a comment for each frame, where the file's name ends in ".pcapng".
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace xtg::packet {

struct TimedFrame {
  std::uint64_t time_ns = 0;       ///< since the epoch that the capture is to show
  std::vector<std::uint8_t> bytes; ///< Ethernet, without FCS
};

/// A frame that need not be whole.
struct Captured {
  std::uint64_t time_ns = 0; ///< since the epoch that the capture is to show
  std::span<const std::uint8_t> bytes;
  std::uint32_t length = 0; ///< of the frame, without FCS: no less than the bytes
};

/// Writes frame by frame. Errors name the file.
class PcapWriter {
public:
  /// Replaces what is there. "-": the standard output.
  static Result<PcapWriter> create(const std::string& path);
  /// `comment`: only pcapng has room for it.
  Status write(const Captured& frame, std::string_view comment = {});
  /// Everything written so far is in the file.
  Status flush();
  /// Nothing is written after it.
  Status close();
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  PcapWriter(std::string path, std::FILE* file);
  Status put(const std::string& bytes);

  std::string path_;
  bool commented_ = false; ///< pcapng
  std::unique_ptr<std::FILE, Closer> file_;
};

/// Writes a file, replacing what is there.
Status write_pcap(const std::string& path, std::span<const TimedFrame> frames);

} // namespace xtg::packet
