// SPDX-License-Identifier: BSD-2-Clause
// Varying fields of a stream: which bytes of the frame they are, and their values in packet k. This
// is the plain reference for the kernel program, which follows the same rules (xtg/abi/sweep.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/values.h"
#include "xtg/abi/sweep.h"

namespace xtg::packet {

enum class FieldKind : std::uint8_t {
  DstMac,
  SrcMac,
  DstAddr,
  SrcAddr,
  DstPort,
  SrcPort,
  Vlan,
  Tos,
  HopLimit,
};
std::string_view to_string(FieldKind kind); // the option's name: "dst-mac"

/// A field is `width` bytes, read as one big-endian number: 2 (port, VLAN tag), 4 (IPv4), 6 (MAC)
/// or 8 (low half of an IPv6 address). A field of fewer bits is `shift` bits from the right, and
/// `rest` has the other bits.
struct Field {
  FieldKind kind = FieldKind::DstPort;
  std::uint16_t offset = 0; ///< in the frame
  std::uint8_t width = 2;
  std::uint64_t first = 0;
  std::uint64_t count = 1; ///< 2 ... kMaxRangeCount; constant fields are not listed
  std::uint64_t step = 1;
  std::vector<std::uint64_t> list{}; ///< see Values
  std::uint8_t nth = 0;              ///< among the fields of this kind, counted from the outermost
  std::uint8_t shift = 0;
  std::uint64_t rest = 0;
  bool operator==(const Field&) const = default;
  static Field of(FieldKind kind, Values values, std::uint8_t nth = 0);
  [[nodiscard]] Values values() const { return {first, count, step, list}; }
  /// Value number i, and the bytes that encode it.
  [[nodiscard]] std::uint64_t at(std::uint64_t i) const {
    return list.empty() ? first + i * step : list[i];
  }
  [[nodiscard]] std::uint64_t wire(std::uint64_t i) const { return rest | at(i) << shift; }
  [[nodiscard]] std::string name() const; ///< "dst-mac"; of an inner field "vlan 2"
};

enum class Vary : std::uint8_t {
  Together = XTG_VARY_TOGETHER,
  Product = XTG_VARY_PRODUCT,
  Random = XTG_VARY_RANDOM,
};
std::string_view to_string(Vary vary);

/// How the destination MAC follows a varying destination address: not at all; as a multicast
/// group's (RFC 1112 6.4, RFC 2464 7); or from a list with one for each address of the range.
enum class HopLaw : std::uint8_t { Fixed, Group, Listed };

/// Flows in turn: `flows` at a time, one packet each; every flow is replaced by the next after
/// `packets`.
struct FlowLaw {
  std::uint64_t flows = 0;   ///< 0: every packet is the next position
  std::uint64_t packets = 0; ///< of each flow; 0: flows last as long as the stream
  bool operator==(const FlowLaw&) const = default;
  /// The position of packet k among the values of the fields.
  [[nodiscard]] std::uint64_t position(std::uint64_t k) const;
};

struct Sweep {
  std::vector<Field> fields; ///< in odometer order, fastest first
  Vary vary = Vary::Together;
  std::uint64_t seed = 0; ///< of all random fields
  HopLaw hop_law = HopLaw::Fixed;
  std::vector<std::uint64_t> next_hops{}; ///< of HopLaw::Listed: Mac::to_u64()
  FlowLaw flow{};
  bool operator==(const Sweep&) const = default;

  /// Index in [0, count) of field `f` in packet k.
  [[nodiscard]] std::uint64_t index(std::size_t f, std::uint64_t k) const;
  /// Index of the destination address field; none when it does not vary.
  [[nodiscard]] std::optional<std::size_t> destination() const;
  /// Writes the values of packet k into a frame, which must contain every field.
  void apply(std::span<std::uint8_t> frame, std::uint64_t k) const;
};

} // namespace xtg::packet
