// SPDX-License-Identifier: BSD-2-Clause
// A stream's frames: from a stack of layers, a size law and a payload law to exact bytes. `build`
// makes the template (everything that does not change from packet to packet); `render` makes packet
// k as it goes on the wire, lengths and all checksums computed afresh: the reference against which
// the kernel program is tested and what --dry-run and --write-pcap show. Frames here have no FCS;
// sizes that users see count its 4 bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/ethernet.h"
#include "core/result.h"
#include "packet/address.h"
#include "packet/layer.h"
#include "packet/size_law.h"
#include "packet/sweep.h"
#include "xtg/abi/tx.h"

namespace xtg::packet {

using xtg::kFcsBytes;

/// Payload law. Pattern: byte i is i & 0xff. Text: a readable sentence repeated. Random: from the
/// seed.
enum class Payload : std::uint8_t { Zeros, Pattern, Random, Text };
std::string_view to_string(Payload payload);

enum class SignatureForm : std::uint8_t {
  None = XTG_SIG_NONE,
  Compact = XTG_SIG_COMPACT,
  Full = XTG_SIG_FULL,
};
std::string_view to_string(SignatureForm form);

/// What a frame says, before any field varies.
struct FrameSpec {
  Mac dst_mac;
  Mac src_mac;
  Ip dst_addr; ///< same family as src_addr
  Ip src_addr;
  std::uint16_t dst_port = 0;
  std::uint16_t src_port = 0;
  std::uint8_t hop_limit = 64; ///< IPv4 TTL
  std::uint8_t tos = 0;        ///< IPv4 TOS, IPv6 traffic class
  SizeLaw frame_size{64};      ///< with tags and FCS
  Payload payload = Payload::Zeros;
  std::uint64_t payload_seed = 0;
  bool udp_checksum = true; ///< false: none (IPv4 only)
  bool signature = true;    ///< where there is room
  /// Room for reflector timestamps before the signature, which has to be the full one.
  bool reflector = false;
  std::uint32_t run_id = 0;
  std::uint16_t stream = 0;
  std::uint8_t signature_flags = 0; ///< XTG_SIG_F_*, but for XTG_SIG_F_REFLECTOR: see `reflector`
  std::vector<VlanTag> tags{};      ///< the outer one first, at most kMaxTags
  bool operator==(const FrameSpec&) const = default;
};

inline constexpr std::size_t kMaxTags = 4;

/// The layers of such a frame. This is where a spec's new kind of header joins.
std::vector<Layer> layers_of(const FrameSpec& spec);

/// The template, as large as the largest frame. Checksums, varying fields and the changing fields
/// of the signature are zero in `bytes`. All frames of a stream have the signature in one form: the
/// one that has room in the smallest.
struct Frame {
  std::vector<std::uint8_t> bytes;
  std::uint16_t header_len = 0; ///< Ethernet up to and with UDP
  std::uint16_t l3_offset = 0;
  std::vector<Checksum> checksums; ///< the outermost first
  std::vector<LengthPlace> lengths;
  SizeMix mix{{64}};
  SignatureForm signature = SignatureForm::None;
  std::uint16_t signature_offset = 0; ///< in the template; valid when there is one
  std::uint16_t reflector_offset = 0; ///< likewise, of the room for reflector timestamps; 0: none
  Sweep sweep;                        ///< the fields placed
  FrameSpec spec;

  /// Bytes of packet k, without FCS.
  [[nodiscard]] std::uint32_t length_of(std::uint64_t k) const;
  /// Where the signature begins in a frame of this length.
  [[nodiscard]] std::uint16_t signature_at(std::uint32_t length) const;
  /// A frame of this length with all that is constant: what the sums begin with.
  [[nodiscard]] std::vector<std::uint8_t> constant_bytes(std::uint32_t length) const;
  /// For each checksum the accumulator (xtg/abi/csum.h) over those and its pseudo-header, so that a
  /// sender adds only what it writes.
  [[nodiscard]] std::vector<std::uint64_t> checksum_bases(std::uint32_t length) const;
};

/// Smallest frame (with FCS) that the headers allow: 64 (Ethernet's minimum), or where the headers
/// are longer, as of IPv6, 66 and 4 for each tag.
std::uint32_t min_frame_size(Family family, std::size_t tags = 0);
/// Smallest frame (with FCS) with room for a signature: 64, or 82 for IPv6, without tags.
std::uint32_t min_signed_frame_size(Family family, std::size_t tags = 0);
/// Smallest frame (with FCS) with room for reflector timestamps: 102, or 122 for IPv6, without
/// tags.
std::uint32_t min_reflector_frame_size(Family family, std::size_t tags = 0);
/// Largest frame (with FCS) that the kernel's live mode takes: 3412.
std::uint32_t max_frame_size();

/// A range for each field that varies; the bases of all fields are in the spec. `sweep.fields` may
/// come without their places: build() fills them in from kind and number.
/// Errors (InvalidArgument): size out of range (naming limit and reason), mixed families, no UDP
/// checksum over IPv6, no room or no signature for reflector timestamps.
Result<Frame> build(const FrameSpec& spec, Sweep sweep);

/// Packet k of the stream on the wire. `worker` and `tx_ns` go into the signature, if there is one.
std::vector<std::uint8_t> render(const Frame& frame, std::uint64_t k, std::uint8_t worker,
                                 std::uint64_t tx_ns);

/// Computes the checksums of a frame that is laid out as `frame` is.
void write_checksums(const Frame& frame, std::span<std::uint8_t> bytes);

/// Classic "0000  02 00 ...  |ascii|" dump, 16 bytes a line.
std::string hex_dump(std::span<const std::uint8_t> bytes);

} // namespace xtg::packet
