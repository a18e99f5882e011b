// SPDX-License-Identifier: BSD-2-Clause
#include "packet/frame.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "packet/bytes.h"
#include "packet/checksum.h"
#include "xtg/abi/base.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/sweep.h"

namespace xtg::packet {

namespace {

constexpr std::uint16_t kEthBytes = 14;
constexpr std::uint16_t kIpv4Bytes = 20;
constexpr std::uint16_t kIpv6Bytes = 40;
constexpr std::uint16_t kUdpBytes = 8;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::uint16_t kDontFragment = 0x4000;

constexpr std::string_view kSentence =
    "This frame was made by xdp-trafficgen to try out a network; its text means nothing else. ";

using Bytes = std::span<std::uint8_t>;

void copy_to(Bytes out, std::span<const std::uint8_t> in) {
  std::copy(in.begin(), in.end(), out.begin());
}

std::span<const std::uint8_t> wire(const Ip& ip) {
  return std::span(ip.bytes).first(ip.size());
}

/// Where the addresses lie in a frame.
struct AddressPlaces {
  std::uint16_t src, dst, size;
};

AddressPlaces addresses(const Frame& frame) {
  const std::uint16_t l3 = frame.l3_offset;
  if (frame.spec.dst_addr.is_v4()) {
    return {static_cast<std::uint16_t>(l3 + 12), static_cast<std::uint16_t>(l3 + 16), 4};
  }
  return {static_cast<std::uint16_t>(l3 + 8), static_cast<std::uint16_t>(l3 + 24), 16};
}

Status check(const FrameSpec& spec) {
  if (spec.dst_addr.family != spec.src_addr.family) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("source address {} and destination address {} are of different families",
                    spec.src_addr.to_string(), spec.dst_addr.to_string()));
  }
  const Family family = spec.dst_addr.family;
  if (const std::uint32_t least = min_frame_size(family); spec.frame_size < least) {
    return fail(Errc::InvalidArgument,
                fmt::format("a frame of {} bytes is too small: at least {} with FCS ({})",
                            spec.frame_size, least,
                            family == Family::V4
                                ? "the smallest Ethernet frame"
                                : "Ethernet, IPv6 and UDP headers without payload"));
  }
  if (spec.frame_size > max_frame_size()) {
    return fail(Errc::InvalidArgument,
                fmt::format("a frame of {} bytes is too large: at most {} with FCS (what one page "
                            "leaves for a frame when the kernel sends it)",
                            spec.frame_size, max_frame_size()));
  }
  if (family == Family::V6 && !spec.udp_checksum) {
    return fail(Errc::InvalidArgument,
                "UDP over IPv6 needs its checksum (RFC 8200 8.1): only IPv4 may go without");
  }
  if (!spec.mirror) return {};
  if (!spec.signature)
    return fail(Errc::InvalidArgument, "a mirror's words take a signature behind them");
  if (const std::uint32_t least = min_mirror_frame_size(family); spec.frame_size < least) {
    return fail(Errc::InvalidArgument,
                fmt::format("a frame of {} bytes has no room for a mirror's words: at least {} "
                            "with FCS",
                            spec.frame_size, least));
  }
  return {};
}

void lay_out(Frame& frame) {
  const FrameSpec& spec = frame.spec;
  const bool v4 = spec.dst_addr.is_v4();
  frame.bytes.resize(spec.frame_size - kFcsBytes);
  frame.l3_offset = kEthBytes;
  frame.l4_offset = static_cast<std::uint16_t>(frame.l3_offset + (v4 ? kIpv4Bytes : kIpv6Bytes));
  frame.payload_offset = static_cast<std::uint16_t>(frame.l4_offset + kUdpBytes);
  frame.header_len = frame.payload_offset;
  if (v4) frame.ip_csum_offset = static_cast<std::uint16_t>(frame.l3_offset + 10);
  if (spec.udp_checksum) frame.l4_csum_offset = static_cast<std::uint16_t>(frame.l4_offset + 6);

  const std::size_t payload = frame.bytes.size() - frame.payload_offset;
  std::size_t length = 0;
  if (spec.signature && payload >= XTG_SIG_FULL_LEN) {
    frame.signature = SignatureForm::Full;
    length = XTG_SIG_FULL_LEN;
  } else if (spec.signature && payload >= XTG_SIG_COMPACT_LEN) {
    frame.signature = SignatureForm::Compact;
    length = XTG_SIG_COMPACT_LEN;
  }
  if (length != 0) frame.signature_offset = static_cast<std::uint16_t>(frame.bytes.size() - length);
  if (spec.mirror)
    frame.mirror_offset = static_cast<std::uint16_t>(frame.signature_offset - XTG_SIG_MIRROR_LEN);
}

void write_headers(Frame& frame) {
  const FrameSpec& spec = frame.spec;
  const Bytes all(frame.bytes);
  const bool v4 = spec.dst_addr.is_v4();
  copy_to(all.subspan(0, 6), spec.dst_mac.bytes);
  copy_to(all.subspan(6, 6), spec.src_mac.bytes);
  store_be(all.subspan(12, 2), v4 ? 0x0800 : 0x86dd);

  const Bytes l3 = all.subspan(frame.l3_offset);
  const std::size_t segment = all.size() - frame.l4_offset;
  if (v4) {
    // ID 0: a datagram that may not be fragmented needs none (RFC 6864).
    l3[0] = 0x45;
    l3[1] = spec.tos;
    store_be(l3.subspan(2, 2), l3.size());
    store_be(l3.subspan(6, 2), kDontFragment);
    l3[8] = spec.hop_limit;
    l3[9] = kProtocolUdp;
  } else {
    store_be(l3.subspan(0, 4), 0x60000000U | std::uint32_t{spec.tos} << 20);
    store_be(l3.subspan(4, 2), segment);
    l3[6] = kProtocolUdp;
    l3[7] = spec.hop_limit;
  }
  const AddressPlaces at = addresses(frame);
  copy_to(all.subspan(at.src, at.size), wire(spec.src_addr));
  copy_to(all.subspan(at.dst, at.size), wire(spec.dst_addr));

  const Bytes udp = all.subspan(frame.l4_offset);
  store_be(udp.subspan(0, 2), spec.src_port);
  store_be(udp.subspan(2, 2), spec.dst_port);
  store_be(udp.subspan(4, 2), segment);
}

std::uint8_t payload_byte(const FrameSpec& spec, std::size_t i) {
  switch (spec.payload) {
  case Payload::Zeros:
    break;
  case Payload::Pattern:
    return static_cast<std::uint8_t>(i);
  case Payload::Text:
    return static_cast<std::uint8_t>(kSentence[i % kSentence.size()]);
  case Payload::Random:
    // Eight bytes of SplitMix64's output per draw, the low one first.
    return static_cast<std::uint8_t>(
        xtg_mix64(spec.payload_seed + 0x9e3779b97f4a7c15ULL * (i / 8 + 1)) >> (i % 8 * 8));
  }
  return 0;
}

struct Changing {
  std::uint64_t seq = 0;
  std::uint64_t tx_ns = 0;
  std::uint8_t lane = 0;
};

void sign(const Frame& frame, Bytes bytes, const Changing& now) {
  const FrameSpec& spec = frame.spec;
  const auto put = [&](const auto& wire_form) {
    std::memcpy(bytes.data() + frame.signature_offset, &wire_form, sizeof(wire_form));
  };
  if (frame.signature == SignatureForm::Full) {
    xtg_sig_full full{};
    store_be(full.seq, now.seq);
    store_be(full.tx_ns, now.tx_ns);
    store_be(full.session, spec.session);
    store_be(full.stream, spec.stream);
    full.lane = now.lane;
    full.flags = spec.signature_flags;
    if (spec.mirror) full.flags |= XTG_SIG_F_MIRROR;
    full.type = XTG_SIG_DATA;
    full.version = XTG_SIG_VERSION;
    store_be(full.magic, XTG_SIG_MAGIC);
    put(full);
  } else if (frame.signature == SignatureForm::Compact) {
    xtg_sig_compact compact{};
    store_be(compact.seq, now.seq);
    store_be(compact.tx_ns, now.tx_ns);
    store_be(compact.session, spec.session);
    compact.stream = static_cast<std::uint8_t>(spec.stream);
    compact.lane = now.lane;
    store_be(compact.magic, XTG_SIG_COMPACT_MAGIC | XTG_SIG_VERSION);
    put(compact);
  }
}

/// Offset and width of a field's swept part.
void place(const Frame& frame, Field& field) {
  const AddressPlaces at = addresses(frame);
  const std::uint16_t swept = at.size == 4 ? 4 : 8;
  const auto end_of = [&](std::uint16_t address) {
    return static_cast<std::uint16_t>(address + at.size - swept);
  };
  switch (field.kind) {
  case FieldKind::DstMac:
    field.offset = 0, field.width = 6;
    break;
  case FieldKind::SrcMac:
    field.offset = 6, field.width = 6;
    break;
  case FieldKind::SrcAddr:
    field.offset = end_of(at.src), field.width = static_cast<std::uint8_t>(swept);
    break;
  case FieldKind::DstAddr:
    field.offset = end_of(at.dst), field.width = static_cast<std::uint8_t>(swept);
    break;
  case FieldKind::SrcPort:
    field.offset = frame.l4_offset, field.width = 2;
    break;
  case FieldKind::DstPort:
    field.offset = static_cast<std::uint16_t>(frame.l4_offset + 2), field.width = 2;
    break;
  }
}

Status place_sweep(Frame& frame) {
  std::vector<Field>& fields = frame.sweep.fields;
  std::erase_if(fields, [](const Field& field) { return field.count == 1; });
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Field& field = fields[i];
    place(frame, field);
    const std::string_view name = to_string(field.kind);
    for (std::size_t j = 0; j < i; ++j) {
      if (fields[j].kind != field.kind) continue;
      return fail(Errc::InvalidArgument, fmt::format("{} varies twice", name));
    }
    if (field.count == 0 || field.count > kMaxRangeCount) {
      return fail(Errc::InvalidArgument,
                  fmt::format("{} varies over {} values: 1 to {} are possible", name, field.count,
                              kMaxRangeCount));
    }
    const std::uint64_t highest = ~std::uint64_t{0} >> (64 - 8 * field.width);
    if (field.first > highest || field.count - 1 > highest - field.first) {
      return fail(Errc::InvalidArgument,
                  fmt::format("{} varies past the end of its {} bytes", name, field.width));
    }
  }
  return {};
}

Status check_next_hops(const Sweep& sweep) {
  if (sweep.hop_law != HopLaw::Listed) return {};
  const auto dst = sweep.destination();
  if (dst && sweep.next_hops.size() != sweep.fields[*dst].count)
    return fail(Errc::InvalidArgument,
                fmt::format("{} next hops for {} destination addresses", sweep.next_hops.size(),
                            sweep.fields[*dst].count));
  return {};
}

void blank_and_sum(Frame& frame) {
  const Bytes all(frame.bytes);
  for (const Field& field : frame.sweep.fields)
    store_be(all.subspan(field.offset, field.width), 0);
  if (frame.ip_csum_offset != 0) {
    frame.ip_csum_base =
        csum_accumulate(all.subspan(frame.l3_offset, frame.l4_offset - frame.l3_offset));
  }
  if (frame.l4_csum_offset == 0) return;
  const AddressPlaces at = addresses(frame);
  const Bytes segment = all.subspan(frame.l4_offset);
  std::array<std::uint8_t, 4> protocol_and_length{0, kProtocolUdp, 0, 0};
  store_be(Bytes(protocol_and_length).last(2), segment.size());
  frame.l4_csum_base = csum_accumulate(all.subspan(at.src, at.size)) +
                       csum_accumulate(all.subspan(at.dst, at.size)) +
                       csum_accumulate(protocol_and_length) + csum_accumulate(segment);
}

} // namespace

std::string_view to_string(Payload payload) {
  switch (payload) {
  case Payload::Zeros:
    return "zeros";
  case Payload::Pattern:
    return "pattern";
  case Payload::Random:
    return "random";
  case Payload::Text:
    return "text";
  }
  return "?";
}

std::string_view to_string(SignatureForm form) {
  switch (form) {
  case SignatureForm::None:
    return "none";
  case SignatureForm::Compact:
    return "compact";
  case SignatureForm::Full:
    return "full";
  }
  return "?";
}

std::uint32_t min_frame_size(Family family) {
  return family == Family::V4 ? 64 : kEthBytes + kIpv6Bytes + kUdpBytes + kFcsBytes;
}

std::uint32_t min_signed_frame_size(Family family) {
  const std::uint32_t headers =
      kEthBytes + (family == Family::V4 ? kIpv4Bytes : kIpv6Bytes) + kUdpBytes;
  return std::max(min_frame_size(family),
                  headers + static_cast<std::uint32_t>(XTG_SIG_COMPACT_LEN) + kFcsBytes);
}

std::uint32_t min_mirror_frame_size(Family family) {
  return kEthBytes + (family == Family::V4 ? kIpv4Bytes : kIpv6Bytes) + kUdpBytes +
         XTG_SIG_MIRROR_LEN + XTG_SIG_FULL_LEN + kFcsBytes;
}

std::uint32_t max_frame_size() {
  return XTG_FRAME_MAX + kFcsBytes;
}

Result<Frame> build(const FrameSpec& spec, Sweep sweep) {
  if (Status good = check(spec); !good) return tl::unexpected(std::move(good.error()));
  Frame frame;
  frame.spec = spec;
  frame.sweep = std::move(sweep);
  lay_out(frame);
  if (Status good = place_sweep(frame); !good) return tl::unexpected(std::move(good.error()));
  if (Status good = check_next_hops(frame.sweep); !good)
    return tl::unexpected(std::move(good.error()));
  write_headers(frame);
  for (std::size_t i = frame.payload_offset; i < frame.bytes.size(); ++i) {
    frame.bytes[i] = payload_byte(spec, i - frame.payload_offset);
  }
  if (frame.mirror_offset != 0)
    std::fill_n(frame.bytes.begin() + frame.mirror_offset, XTG_SIG_MIRROR_LEN, std::uint8_t{0});
  sign(frame, frame.bytes, Changing{});
  blank_and_sum(frame);
  return frame;
}

std::vector<std::uint8_t> render(const Frame& frame, std::uint64_t k, std::uint8_t lane,
                                 std::uint64_t tx_ns) {
  std::vector<std::uint8_t> bytes = frame.bytes;
  const Bytes all(bytes);
  frame.sweep.apply(all, k);
  sign(frame, all, Changing{k, tx_ns, lane});
  write_checksums(frame, all);
  return bytes;
}

void write_checksums(const Frame& frame, std::span<std::uint8_t> all) {
  const auto clear = [&](std::uint16_t at) { store_be(all.subspan(at, 2), 0); };
  if (frame.ip_csum_offset != 0) {
    clear(frame.ip_csum_offset);
    store_be(all.subspan(frame.ip_csum_offset, 2),
             internet_checksum(all.subspan(frame.l3_offset, frame.l4_offset - frame.l3_offset)));
  }
  if (frame.l4_csum_offset != 0) {
    clear(frame.l4_csum_offset);
    const AddressPlaces at = addresses(frame);
    const std::uint16_t sum =
        transport_checksum(all.subspan(at.src, at.size), all.subspan(at.dst, at.size), kProtocolUdp,
                           all.subspan(frame.l4_offset));
    store_be(all.subspan(frame.l4_csum_offset, 2), sum == 0 ? 0xffff : sum);
  }
}

std::string hex_dump(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kPerLine = 16;
  std::string out;
  for (std::size_t from = 0; from < bytes.size(); from += kPerLine) {
    const auto line = bytes.subspan(from, std::min(kPerLine, bytes.size() - from));
    std::string ascii;
    for (const std::uint8_t byte : line) {
      ascii += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    }
    out += fmt::format("{:04x}  {:<47}  |{}|\n", from, fmt::format("{:02x}", fmt::join(line, " ")),
                       ascii);
  }
  return out;
}

} // namespace xtg::packet
