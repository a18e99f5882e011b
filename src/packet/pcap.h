// SPDX-License-Identifier: BSD-2-Clause
// Writes frames as a capture file with nanosecond timestamps: classic pcap, or pcapng, which has a
// comment for each frame, when the file name ends in ".pcapng".
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
  std::uint64_t time_ns = 0;       ///< since the capture's epoch
  std::vector<std::uint8_t> bytes; ///< Ethernet, without FCS
};

/// A frame that may be truncated.
struct Captured {
  std::uint64_t time_ns = 0; ///< since the capture's epoch
  std::span<const std::uint8_t> bytes;
  std::uint32_t length = 0; ///< of the whole frame, without FCS: at least the number of bytes
};

/// Writes frame by frame. Errors name the file.
class PcapWriter {
public:
  /// Replaces an existing file. "-": standard output.
  static Result<PcapWriter> create(const std::string& path);
  /// `comment`: written in pcapng only.
  Status write(const Captured& frame, std::string_view comment = {});
  /// Flushes everything written so far to the file.
  Status flush();
  /// No writes are accepted afterwards.
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

/// Writes a whole file, replacing an existing one.
Status write_pcap(const std::string& path, std::span<const TimedFrame> frames);

} // namespace xtg::packet
