// SPDX-License-Identifier: BSD-2-Clause
// A frame's headers as a stack of layers. A layer describes itself: its bytes, which of them may
// vary, where its length and checksum are and what they cover, and how it identifies the next
// layer. This file derives what depends on the whole stack (offsets, types of next layers, lengths,
// checksums). A new kind of header is one function that returns a Layer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "packet/address.h"
#include "packet/sweep.h"

namespace xtg::packet {

/// How a layer identifies the next one.
enum class NextName : std::uint8_t { None, EtherType, IpProtocol };

/// Offsets are within the layer.
struct LayerField {
  FieldKind kind = FieldKind::DstPort;
  std::uint16_t offset = 0; ///< of the bytes written; even
  std::uint8_t width = 2;   ///< number of those: 2, 4, 6 or 8
  std::uint8_t bits = 16;   ///< bits that belong to the field
  std::uint8_t shift = 0;   ///< distance from the rightmost bit
};
struct LayerLength {
  std::uint16_t offset = 0; ///< two bytes: the number of bytes from `from` to the frame's end
  std::uint16_t from = 0;
};
/// How a zero sum is sent: as it is, or as all ones (RFC 768).
enum class ZeroRule : std::uint8_t { Zero, AllOnes };
struct LayerChecksum {
  std::uint16_t offset = 0;
  bool to_end = false; ///< covers the layer and all that follows; otherwise the layer alone
  bool pseudo = false; ///< includes the pseudo-header of the nearest preceding addresses
  ZeroRule zero = ZeroRule::Zero;
};
struct LayerAddresses {
  std::uint16_t src = 0, dst = 0, size = 0;
};

struct Layer {
  std::string_view name;
  std::vector<std::uint8_t> bytes; ///< zero where the stack fills in values
  std::vector<LayerField> fields{};
  std::optional<LayerLength> length{};
  std::optional<LayerChecksum> checksum{};
  std::optional<LayerAddresses> addresses{};
  NextName next = NextName::None;
  std::uint16_t next_offset = 0;
  std::uint16_t ether_type = 0; ///< type of this layer over Ethernet
  std::uint8_t ip_protocol = 0; ///< and over IP
};

struct VlanTag {
  std::uint16_t tpid = 0x8100;
  std::uint8_t priority = 0; ///< 0 to 7
  std::uint16_t id = 0;      ///< 0 to 4094
  bool operator==(const VlanTag&) const = default;
};

Layer ethernet_layer(const Mac& dst, const Mac& src);
Layer vlan_layer(const VlanTag& tag);
/// IPv4 or IPv6, by the family of the addresses.
Layer ip_layer(const Ip& src, const Ip& dst, std::uint8_t tos, std::uint8_t hop_limit);
Layer udp_layer(std::uint16_t src_port, std::uint16_t dst_port, bool checksum);

/// A checksum of a frame; offsets are in the frame.
struct Checksum {
  std::uint16_t offset = 0; ///< of its two bytes, which are summed as zero
  std::uint16_t from = 0;
  std::uint16_t to = 0; ///< 0: the frame's end
  ZeroRule zero = ZeroRule::Zero;
  bool pseudo = false;
  std::uint16_t src = 0, dst = 0, address_size = 0; ///< of the pseudo-header
  std::uint8_t protocol = 0;
  bool operator==(const Checksum&) const = default;
  /// Whether it covers the byte at `at`, in the header or in the pseudo-header.
  [[nodiscard]] bool covers(std::uint16_t at) const;
  /// Checksum of the frame, whose checksum field must be zero; in host order, with the rule for
  /// zero applied.
  [[nodiscard]] std::uint16_t compute(std::span<const std::uint8_t> frame) const;
};

/// A length field of a frame: two bytes that hold frame_len + delta.
struct LengthPlace {
  std::uint16_t offset = 0;
  std::int16_t delta = 0;
  bool operator==(const LengthPlace&) const = default;
};

/// Position of a field in the frame.
struct FieldPlace {
  FieldKind kind = FieldKind::DstPort;
  std::uint8_t nth = 0;
  std::uint16_t offset = 0;
  std::uint8_t width = 2, bits = 16, shift = 0;
};

/// Concatenates the layers; lengths and checksums are zero.
struct Stack {
  std::vector<std::uint8_t> bytes;
  std::uint16_t l3_offset = 0; ///< of the outermost layer with addresses
  std::vector<FieldPlace> fields;
  std::vector<LengthPlace> lengths;
  std::vector<Checksum> checksums; ///< outermost first
};
Stack stack_up(std::span<const Layer> layers);

} // namespace xtg::packet
