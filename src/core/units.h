// SPDX-License-Identifier: BSD-2-Clause
// Numbers with units as people type and read them. Suffixes K M G T are decimal (10^3 ...), upper
// or lower case; white space is not accepted. Parsers accept the whole text or return a one-line
// error that names the accepted forms; none throws. Formatting uses no locale.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace xtg {

using Nanoseconds = std::chrono::nanoseconds;

/// "10000", "10k", "1.5M": a count. A fraction is accepted when the product is whole.
Result<std::uint64_t> parse_count(std::string_view text);

/// "10", "10s" (seconds), "500ms", "250us", "100ns", "2m", "1h", "1.5s". Zero is accepted.
Result<Nanoseconds> parse_duration(std::string_view text);
/// Shortest text that parse_duration() reads back to the same value: "10s", "1.5s", "500ms".
std::string format_duration(Nanoseconds value);

/// Which bits a bit rate counts. L3: the IP packet; L2: the frame with its 4-byte FCS; L1: L2 plus
/// preamble, start delimiter (8) and inter-frame gap (12), IEEE 802.3.
enum class Layer { L1, L2, L3 };
std::string_view to_string(Layer layer); // "l1"

/// Bits of one frame of `frame_size` bytes (with FCS) on a layer; `l3_offset` is the length of the
/// link-layer header before the IP packet.
std::uint64_t frame_bits(std::uint32_t frame_size, std::uint32_t l3_offset, Layer layer);

struct Rate {
  enum class Unit { Max, Pps, Bps };
  Unit unit = Unit::Max;
  double value = 0; ///< packets or bits per second; > 0 unless Max
  bool operator==(const Rate&) const = default;
};
/// "max", "1500pps", "1.5Mpps", "10Gbps", "10Gbit/s", "800kbit". A bare number is rejected as
/// ambiguous.
Result<Rate> parse_rate(std::string_view text);
std::string format_rate(const Rate& rate); // "max", "1.5Mpps", "10Gbps"; parse_rate() reads it back

/// 1234567 -> "1,234,567"
std::string with_thousands(std::uint64_t value);
/// Four significant digits with a decimal prefix and the unit: (4.2e9, "bit/s") -> "4.200 Gbit/s".
std::string with_prefix(double value, std::string_view unit);

/// "0,2-5" -> {0,2,3,4,5}: a CPU list in taskset format. Order is kept, duplicates are rejected.
Result<std::vector<int>> parse_cpu_list(std::string_view text);

} // namespace xtg
