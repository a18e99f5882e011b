// SPDX-License-Identifier: BSD-2-Clause
// Varying fields of a stream: which bytes of the frame they are and what they hold in packet k.
// This is the plain reference for what the kernel program does with the same rules
// (xtg/abi/sweep.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace xtg::packet {

enum class FieldKind : std::uint8_t { DstMac, SrcMac, DstAddr, SrcAddr, DstPort, SrcPort };
std::string_view to_string(FieldKind kind); // the option's name: "dst-mac"

/// The swept part of a field is its last `width` bytes, read as one big-endian number; it takes the
/// values first ... first+count-1. Width 2 (port), 4 (IPv4), 6 (MAC) or 8 (low half of an IPv6
/// address).
struct Field {
  FieldKind kind = FieldKind::DstPort;
  std::uint16_t offset = 0; ///< of the swept part, in the frame
  std::uint8_t width = 2;
  std::uint64_t first = 0;
  std::uint64_t count = 1; ///< 2 ... kMaxRangeCount: a field that does not vary is not listed
  bool operator==(const Field&) const = default;
};

enum class Vary : std::uint8_t { Together, Product, Random }; ///< XTG_VARY_*

/// How the destination MAC follows a destination address that varies: not; as that of a multicast
/// group does (RFC 1112 6.4, RFC 2464 7); or from a list with one for each address of the range.
enum class HopLaw : std::uint8_t { Fixed, Group, Listed };

struct Sweep {
  std::vector<Field> fields; ///< in the order in which an odometer turns, fastest first
  Vary vary = Vary::Together;
  std::uint64_t seed = 0; ///< of Vary::Random
  HopLaw hop_law = HopLaw::Fixed;
  std::vector<std::uint64_t> next_hops{}; ///< of HopLaw::Listed: Mac::to_u64()
  bool operator==(const Sweep&) const = default;

  /// Index in [0, count) of field `f` in packet k.
  [[nodiscard]] std::uint64_t index(std::size_t f, std::uint64_t k) const;
  /// Which field is the destination address; none when it does not vary.
  [[nodiscard]] std::optional<std::size_t> destination() const;
  /// Writes the values of packet k into a frame (which must hold every field).
  void apply(std::span<std::uint8_t> frame, std::uint64_t k) const;
};

} // namespace xtg::packet
