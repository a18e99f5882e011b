// SPDX-License-Identifier: BSD-2-Clause
// Ranges of small header fields: a byte of the IP header, a VLAN tag's identifier.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/values.h"

namespace xtg::packet {

/// Values 0 to 255.
class ByteRange {
public:
  ByteRange(std::uint8_t value = 0) {
    values_.first = value;
  } // NOLINT(google-explicit-constructor)
  /// "N", "A-B", "A-B/STEP" or several separated by commas, in decimal, or in hexadecimal with 0x,
  /// as ToS values are often written; all at least `least`.
  static Result<ByteRange> parse(std::string_view text, std::uint8_t least = 0);
  [[nodiscard]] std::uint8_t first() const { return static_cast<std::uint8_t>(values_.first); }
  [[nodiscard]] const Values& values() const { return values_; }
  [[nodiscard]] std::string to_string() const;
  bool operator==(const ByteRange&) const = default;

private:
  Values values_;
};

/// One VLAN tag: its identifiers, 0 to 4094, and its priority.
struct VlanRange {
  std::uint16_t first = 0;
  std::uint32_t count = 1;
  std::uint32_t step = 1;
  std::vector<std::uint64_t> list{};
  std::uint8_t priority = 0; ///< 0 to 7
  bool operator==(const VlanRange&) const = default;
  /// "ID", "A-B", "A-B/STEP" or several separated by commas; each optionally followed by
  /// ":PRIORITY".
  static Result<VlanRange> parse(std::string_view text);
  [[nodiscard]] Values values() const { return {first, count, step, list}; }
  [[nodiscard]] std::string to_string() const;
};

/// TPIDs separated by commas: 0x8100, 0x88a8, 34984; all EtherTypes, 0x600 to 0xffff.
Result<std::vector<std::uint16_t>> parse_tpids(std::string_view text);
std::string tpid_text(std::uint16_t tpid); ///< "0x8100"

/// Default TPID of tag `i` of `tags`, 0 being the outermost: 802.1Q for the innermost, 802.1ad for
/// the others.
std::uint16_t default_tpid(std::size_t i, std::size_t tags);

} // namespace xtg::packet
