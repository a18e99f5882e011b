// SPDX-License-Identifier: BSD-2-Clause
// A frame's headers as a stack of layers. A layer says what it is: its bytes, which of them may
// vary, where its length and its checksum lie and what they cover, how it names what follows. All
// that needs the stack as a whole (offsets, names of what follows, lengths, checksums) is made of
// that here. A new kind of header is one function that returns a Layer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "packet/address.h"
#include "packet/sweep.h"

namespace xtg::packet {

/// How a layer names the one that follows.
enum class NextName : std::uint8_t { None, EtherType, IpProtocol };

/// Offsets are within the layer.
struct LayerField {
  FieldKind kind = FieldKind::DstPort;
  std::uint16_t offset = 0; ///< of the bytes that are written, even
  std::uint8_t width = 2;   ///< 2, 4, 6 or 8 of them
  std::uint8_t bits = 16;   ///< that are the field's
  std::uint8_t shift = 0;   ///< bits to the right of them
};
struct LayerLength {
  std::uint16_t offset = 0; ///< two bytes: how many there are from `from` to the frame's end
  std::uint16_t from = 0;
};
/// What a sum of zero is sent as: itself, or as all ones (RFC 768).
enum class ZeroRule : std::uint8_t { Zero, AllOnes };
struct LayerChecksum {
  std::uint16_t offset = 0;
  bool to_end = false; ///< covers all from the layer to the frame's end; else the layer alone
  bool pseudo = false; ///< and the pseudo-header of the nearest addresses before
  ZeroRule zero = ZeroRule::Zero;
};
struct LayerAddresses {
  std::uint16_t src = 0, dst = 0, size = 0;
};

struct Layer {
  std::string_view name;
  std::vector<std::uint8_t> bytes; ///< zero where the stack fills in
  std::vector<LayerField> fields{};
  std::optional<LayerLength> length{};
  std::optional<LayerChecksum> checksum{};
  std::optional<LayerAddresses> addresses{};
  NextName next = NextName::None;
  std::uint16_t next_offset = 0;
  std::uint16_t ether_type = 0; ///< what it is itself, behind Ethernet
  std::uint8_t ip_protocol = 0; ///< and behind IP
};

struct VlanTag {
  std::uint16_t tpid = 0x8100;
  std::uint8_t priority = 0; ///< 0 to 7
  std::uint16_t id = 0;      ///< 0 to 4094
  bool operator==(const VlanTag&) const = default;
};

Layer ethernet_layer(const Mac& dst, const Mac& src);
Layer vlan_layer(const VlanTag& tag);
/// IPv4 or IPv6, as the addresses are.
Layer ip_layer(const Ip& src, const Ip& dst, std::uint8_t tos, std::uint8_t hop_limit);
Layer udp_layer(std::uint16_t src_port, std::uint16_t dst_port, bool checksum);

/// A checksum of a frame; offsets are in the frame.
struct Checksum {
  std::uint16_t offset = 0; ///< of its two bytes, which count as zero
  std::uint16_t from = 0;
  std::uint16_t to = 0; ///< 0: the frame's end
  ZeroRule zero = ZeroRule::Zero;
  bool pseudo = false;
  std::uint16_t src = 0, dst = 0, address_size = 0; ///< of the pseudo-header
  std::uint8_t protocol = 0;
  bool operator==(const Checksum&) const = default;
  /// Whether it counts the byte at `at`, in the header or in the pseudo-header.
  [[nodiscard]] bool covers(std::uint16_t at) const;
  /// Over the frame as it lies there, the checksum's own bytes being zero; in host order, the rule
  /// for zero applied.
  [[nodiscard]] std::uint16_t compute(std::span<const std::uint8_t> frame) const;
};

/// A length field of a frame: two bytes that hold frame_len + delta.
struct LengthPlace {
  std::uint16_t offset = 0;
  std::int16_t delta = 0;
  bool operator==(const LengthPlace&) const = default;
};

/// Where a field lies in the frame.
struct FieldPlace {
  FieldKind kind = FieldKind::DstPort;
  std::uint8_t nth = 0;
  std::uint16_t offset = 0;
  std::uint8_t width = 2, bits = 16, shift = 0;
};

/// The layers put one behind the other; lengths and checksums are zero.
struct Stack {
  std::vector<std::uint8_t> bytes;
  std::uint16_t l3_offset = 0; ///< of the outermost layer with addresses
  std::vector<FieldPlace> fields;
  std::vector<LengthPlace> lengths;
  std::vector<Checksum> checksums; ///< the outermost first
};
Stack stack_up(std::span<const Layer> layers);

} // namespace xtg::packet
