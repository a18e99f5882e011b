// SPDX-License-Identifier: BSD-2-Clause
#include "packet/checksum.h"

#include <cstring>

#include "packet/bytes.h"
#include "xtg/abi/csum.h"
#include "xtg/abi/signature.h"

namespace xtg::packet {

namespace {

constexpr std::uint8_t kUdp = 17;

/// Sum of big-endian 16-bit words, not folded.
std::uint64_t plain_sum(std::span<const std::uint8_t> bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint64_t{bytes[i]} << 8 : std::uint64_t{bytes[i]};
  }
  return sum;
}

std::uint16_t complement(std::uint64_t sum) {
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

bool is_tag(std::uint64_t ethertype) {
  return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100;
}

bool udp_valid(std::span<const std::uint8_t> src, std::span<const std::uint8_t> dst,
               std::span<const std::uint8_t> segment) {
  if (segment.size() < 8 || load_be(segment.subspan(4, 2)) != segment.size()) return false;
  if (load_be(segment.subspan(6, 2)) == 0) return src.size() == 4;
  return transport_checksum(src, dst, kUdp, segment) == 0;
}

template <class Wire>
std::optional<Wire> tail(std::span<const std::uint8_t> frame) {
  if (frame.size() < sizeof(Wire)) return std::nullopt;
  Wire wire;
  std::memcpy(&wire, frame.last(sizeof(Wire)).data(), sizeof(Wire));
  return wire;
}

} // namespace

std::uint64_t csum_accumulate(std::span<const std::uint8_t> bytes) {
  std::uint64_t acc = 0;
  while (!bytes.empty()) {
    const std::size_t take = bytes.size() < 8 ? bytes.size() : 8;
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), take);
    acc = xtg_csum_add64(acc, word);
    bytes = bytes.subspan(take);
  }
  return acc;
}

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) {
  return complement(plain_sum(bytes));
}

std::uint16_t transport_checksum(std::span<const std::uint8_t> src,
                                 std::span<const std::uint8_t> dst, std::uint8_t protocol,
                                 std::span<const std::uint8_t> segment) {
  return complement(plain_sum(src) + plain_sum(dst) + protocol + segment.size() +
                    plain_sum(segment));
}

bool checksums_valid(std::span<const std::uint8_t> frame) {
  if (frame.size() < 14) return false;
  std::size_t l3 = 14;
  while (is_tag(load_be(frame.subspan(l3 - 2, 2))) && frame.size() >= l3 + 4)
    l3 += 4;
  const std::uint64_t ethertype = load_be(frame.subspan(l3 - 2, 2));
  const std::span<const std::uint8_t> packet = frame.subspan(l3);
  if (ethertype == 0x0800 && packet.size() >= 20) {
    const std::size_t header = (packet[0] & 0x0fU) * 4;
    const std::size_t total = load_be(packet.subspan(2, 2));
    if (packet[0] >> 4 != 4 || header < 20 || total < header || total > packet.size()) return false;
    if (packet[9] != kUdp || internet_checksum(packet.first(header)) != 0) return false;
    return udp_valid(packet.subspan(12, 4), packet.subspan(16, 4),
                     packet.subspan(header, total - header));
  }
  if (ethertype == 0x86dd && packet.size() >= 40) {
    const std::size_t length = load_be(packet.subspan(4, 2));
    if (packet[0] >> 4 != 6 || packet[6] != kUdp || length > packet.size() - 40) return false;
    return udp_valid(packet.subspan(8, 16), packet.subspan(24, 16), packet.subspan(40, length));
  }
  return false;
}

std::optional<Signature> find_signature(std::span<const std::uint8_t> frame) {
  Signature out;
  if (const auto full = tail<xtg_sig_full>(frame); full && load_be(full->magic) == XTG_SIG_MAGIC) {
    if (full->version != XTG_SIG_VERSION) return std::nullopt;
    out.form = SignatureForm::Full;
    out.seq = load_be(full->seq);
    out.tx_ns = load_be(full->tx_ns);
    out.run_id = static_cast<std::uint32_t>(load_be(full->run_id));
    out.stream = static_cast<std::uint16_t>(load_be(full->stream));
    out.worker = full->worker;
    out.flags = full->flags;
    out.version = full->version;
    return out;
  }
  const auto compact = tail<xtg_sig_compact>(frame);
  if (!compact) return std::nullopt;
  const std::uint64_t magic = load_be(compact->magic);
  const bool reflected = (magic & XTG_SIG_COMPACT_REFLECTED) != 0;
  if ((magic & ~std::uint64_t{XTG_SIG_COMPACT_REFLECTED}) !=
      (XTG_SIG_COMPACT_MAGIC | XTG_SIG_VERSION))
    return std::nullopt;
  out.form = SignatureForm::Compact;
  out.seq = load_be(compact->seq);
  out.tx_ns = load_be(compact->tx_ns);
  out.run_id = static_cast<std::uint32_t>(load_be(compact->run_id));
  out.stream = compact->stream;
  out.worker = compact->worker;
  out.flags = reflected ? XTG_SIG_F_REFLECTED : 0;
  out.version = XTG_SIG_VERSION;
  return out;
}

} // namespace xtg::packet
