// SPDX-License-Identifier: BSD-2-Clause
// Internet checksums (RFC 1071) two ways: accumulators for senders that add up known parts (see
// xtg/abi/csum.h), and plain sums over finished bytes, which are the independent check of the
// former. Also what a receiver reads from a frame's tail.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "packet/frame.h"

namespace xtg::packet {

/// Accumulator over bytes in memory order, to be added to others and folded; an odd last byte
/// counts as the first of a word.
std::uint64_t csum_accumulate(std::span<const std::uint8_t> bytes);

/// The checksum of these bytes, in host order; 0 when they contain a right checksum already.
std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes);

/// Same with the pseudo-header of RFC 768 and RFC 8200 in front: addresses, protocol, length.
std::uint16_t transport_checksum(std::span<const std::uint8_t> src,
                                 std::span<const std::uint8_t> dst, std::uint8_t protocol,
                                 std::span<const std::uint8_t> segment);

/// Whether the frame (without FCS) is Ethernet, VLAN tags (802.1Q, 802.1ad), IPv4 or IPv6 and UDP
/// with consistent lengths and right checksums. No UDP checksum is right over IPv4 and wrong over
/// IPv6.
bool checksums_valid(std::span<const std::uint8_t> frame);

/// A signature as read from the wire. The compact form carries only the low bits of the numbers.
struct Signature {
  SignatureForm form = SignatureForm::None;
  std::uint64_t seq = 0;
  std::uint64_t tx_ns = 0;
  std::uint32_t run_id = 0;
  std::uint16_t stream = 0;
  std::uint8_t worker = 0;
  std::uint8_t flags = 0; ///< XTG_SIG_F_*; of the compact form XTG_SIG_F_REFLECTED at most
  std::uint8_t version = 0;
  bool operator==(const Signature&) const = default;
};

/// The signature at the end of a frame without FCS and padding; none of a version not known here.
std::optional<Signature> find_signature(std::span<const std::uint8_t> frame);

} // namespace xtg::packet
