// SPDX-License-Identifier: BSD-2-Clause
#include "packet/frame.h"

#include <algorithm>
#include <array>
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

constexpr std::uint32_t kMinEthernet = 64; // with FCS

constexpr std::string_view kSentence =
    "This frame was made by xdp-trafficgen to try out a network; its text means nothing else. ";

using Bytes = std::span<std::uint8_t>;

std::uint32_t header_bytes(Family family, std::size_t tags) {
  FrameSpec spec;
  spec.dst_addr.family = spec.src_addr.family = family;
  spec.tags.resize(tags);
  std::size_t bytes = 0;
  for (const Layer& layer : layers_of(spec))
    bytes += layer.bytes.size();
  return static_cast<std::uint32_t>(bytes);
}

Status check_sizes(const FrameSpec& spec) {
  const Family family = spec.dst_addr.family;
  const std::uint32_t smallest = spec.frame_size.smallest(), largest = spec.frame_size.largest();
  if (const std::uint32_t least = min_frame_size(family, spec.tags.size()); smallest < least) {
    const std::string_view tags = spec.tags.empty() ? "" : " VLAN tags,";
    return fail(Errc::InvalidArgument,
                fmt::format("a frame of {} bytes is too small: at least {} with FCS ({})", smallest,
                            least,
                            least == kMinEthernet
                                ? "the smallest Ethernet frame"
                                : fmt::format("Ethernet,{} {} and UDP headers without payload",
                                              tags, family == Family::V4 ? "IPv4" : "IPv6")));
  }
  if (largest > max_frame_size()) {
    return fail(Errc::InvalidArgument,
                fmt::format("a frame of {} bytes is too large: at most {} with FCS (what one page "
                            "leaves for a frame when the kernel sends it)",
                            largest, max_frame_size()));
  }
  if (!spec.reflector) return {};
  if (!spec.signature)
    return fail(Errc::InvalidArgument, "reflector timestamps need a signature after them");
  if (const std::uint32_t least = min_reflector_frame_size(family, spec.tags.size());
      smallest < least) {
    return fail(Errc::InvalidArgument,
                fmt::format("a frame of {} bytes has no room for reflector timestamps: at least {} "
                            "with FCS",
                            smallest, least));
  }
  return {};
}

Status check(const FrameSpec& spec) {
  if (spec.dst_addr.family != spec.src_addr.family) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("source address {} and destination address {} are of different families",
                    spec.src_addr.to_string(), spec.dst_addr.to_string()));
  }
  if (spec.tags.size() > kMaxTags)
    return fail(Errc::InvalidArgument,
                fmt::format("{} VLAN tags: at most {}", spec.tags.size(), kMaxTags));
  if (Status sizes = check_sizes(spec); !sizes) return sizes;
  if (spec.dst_addr.family == Family::V6 && !spec.udp_checksum) {
    return fail(Errc::InvalidArgument,
                "UDP over IPv6 needs its checksum (RFC 8200 8.1): only IPv4 may go without");
  }
  return {};
}

SignatureForm form_in(std::size_t payload) {
  if (payload >= XTG_SIG_FULL_LEN) return SignatureForm::Full;
  return payload >= XTG_SIG_COMPACT_LEN ? SignatureForm::Compact : SignatureForm::None;
}

std::uint16_t length_of_form(SignatureForm form) {
  if (form == SignatureForm::None) return 0;
  return form == SignatureForm::Full ? XTG_SIG_FULL_LEN : XTG_SIG_COMPACT_LEN;
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
  std::uint8_t worker = 0;
};

void sign(const Frame& frame, Bytes bytes, const Changing& now) {
  const FrameSpec& spec = frame.spec;
  const std::uint16_t at = frame.signature_at(static_cast<std::uint32_t>(bytes.size()));
  const auto put = [&](const auto& wire_form) {
    std::memcpy(bytes.data() + at, &wire_form, sizeof(wire_form));
  };
  if (frame.signature == SignatureForm::Full) {
    xtg_sig_full full{};
    store_be(full.seq, now.seq);
    store_be(full.tx_ns, now.tx_ns);
    store_be(full.run_id, spec.run_id);
    store_be(full.stream, spec.stream);
    full.worker = now.worker;
    full.flags = spec.signature_flags;
    if (spec.reflector) full.flags |= XTG_SIG_F_REFLECTOR;
    full.type = XTG_SIG_DATA;
    full.version = XTG_SIG_VERSION;
    store_be(full.magic, XTG_SIG_MAGIC);
    put(full);
  } else if (frame.signature == SignatureForm::Compact) {
    xtg_sig_compact compact{};
    store_be(compact.seq, now.seq);
    store_be(compact.tx_ns, now.tx_ns);
    store_be(compact.run_id, spec.run_id);
    compact.stream = static_cast<std::uint8_t>(spec.stream);
    compact.worker = now.worker;
    store_be(compact.magic, XTG_SIG_COMPACT_MAGIC | XTG_SIG_VERSION);
    put(compact);
  }
}

/// Where the field lies, and what else is in its bytes.
Status place(const Stack& stack, Field& field) {
  const auto at = std::ranges::find_if(stack.fields, [&](const FieldPlace& f) {
    return f.kind == field.kind && f.nth == field.nth;
  });
  if (at == stack.fields.end())
    return fail(Errc::InvalidArgument, fmt::format("these frames have no {}", field.name()));
  const std::uint64_t highest = ~std::uint64_t{0} >> (64 - at->bits);
  const std::uint64_t most = highest - std::min(field.first, highest);
  if (field.count == 0 || field.count > kMaxRangeCount)
    return fail(Errc::InvalidArgument, fmt::format("{} varies over {} values: 1 to {} are possible",
                                                   field.name(), field.count, kMaxRangeCount));
  const bool past = field.list.empty()
                        ? field.first > highest || field.step > highest ||
                              field.count - 1 > most / std::max<std::uint64_t>(field.step, 1)
                        : field.values().highest() > highest;
  if (past || field.step == 0)
    return fail(
        Errc::InvalidArgument,
        at->bits % 8 == 0
            ? fmt::format("{} varies past the end of its {} bytes", field.name(), at->bits / 8)
            : fmt::format("{} varies past the end of its {} bits", field.name(), at->bits));
  field.offset = at->offset;
  field.width = at->width;
  field.shift = at->shift;
  field.rest =
      load_be(std::span(stack.bytes).subspan(at->offset, at->width)) & ~(highest << at->shift);
  return {};
}

Status place_sweep(const Stack& stack, Sweep& sweep) {
  std::vector<Field>& fields = sweep.fields;
  std::erase_if(fields, [](const Field& field) { return field.count == 1; });
  for (std::size_t i = 0; i < fields.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (fields[j].kind == fields[i].kind && fields[j].nth == fields[i].nth)
        return fail(Errc::InvalidArgument, fmt::format("{} varies twice", fields[i].name()));
    }
    if (Status placed = place(stack, fields[i]); !placed) return placed;
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

std::vector<Layer> layers_of(const FrameSpec& spec) {
  std::vector<Layer> out = {ethernet_layer(spec.dst_mac, spec.src_mac)};
  for (const VlanTag& tag : spec.tags)
    out.push_back(vlan_layer(tag));
  out.push_back(ip_layer(spec.src_addr, spec.dst_addr, spec.tos, spec.hop_limit));
  out.push_back(udp_layer(spec.src_port, spec.dst_port, spec.udp_checksum));
  return out;
}

std::uint32_t min_frame_size(Family family, std::size_t tags) {
  return std::max(kMinEthernet, header_bytes(family, tags) + kFcsBytes);
}

std::uint32_t min_signed_frame_size(Family family, std::size_t tags) {
  return std::max(min_frame_size(family, tags),
                  header_bytes(family, tags) + std::uint32_t{XTG_SIG_COMPACT_LEN} + kFcsBytes);
}

std::uint32_t min_reflector_frame_size(Family family, std::size_t tags) {
  return header_bytes(family, tags) + XTG_SIG_REFLECTOR_LEN + XTG_SIG_FULL_LEN + kFcsBytes;
}

std::uint32_t max_frame_size() {
  return XTG_FRAME_MAX + kFcsBytes;
}

std::uint32_t Frame::length_of(std::uint64_t k) const {
  const std::vector<std::uint32_t>& sizes = mix.sizes();
  const std::uint64_t entry =
      mix.random() ? xtg_sweep_random(sweep.seed, static_cast<std::uint32_t>(sweep.fields.size()),
                                      k, sizes.size())
                   : k % sizes.size();
  return sizes[entry] - kFcsBytes;
}

std::uint16_t Frame::signature_at(std::uint32_t length) const {
  return static_cast<std::uint16_t>(length - length_of_form(signature));
}

std::vector<std::uint8_t> Frame::constant_bytes(std::uint32_t length) const {
  std::vector<std::uint8_t> out(length);
  const Bytes all(out);
  std::copy_n(bytes.begin(), header_len, out.begin());
  for (const LengthPlace& place : lengths)
    store_be(all.subspan(place.offset, 2),
             static_cast<std::uint64_t>(std::int64_t{length} + place.delta));
  for (std::size_t i = header_len; i < length; ++i)
    out[i] = payload_byte(spec, i - header_len);
  if (spec.reflector) {
    const Bytes words =
        all.subspan(signature_at(length) - XTG_SIG_REFLECTOR_LEN, XTG_SIG_REFLECTOR_LEN);
    std::ranges::fill(words, std::uint8_t{0});
  }
  sign(*this, all, Changing{});
  return out;
}

std::vector<std::uint64_t> Frame::checksum_bases(std::uint32_t length) const {
  const std::vector<std::uint8_t> constant = constant_bytes(length);
  const std::span<const std::uint8_t> all(constant);
  std::vector<std::uint64_t> out;
  for (const Checksum& c : checksums) {
    const auto covered = all.subspan(c.from, (c.to == 0 ? all.size() : c.to) - c.from);
    std::uint64_t sum = csum_accumulate(covered);
    if (c.pseudo) {
      std::array<std::uint8_t, 4> protocol_and_length{0, c.protocol, 0, 0};
      store_be(Bytes(protocol_and_length).last(2), covered.size());
      sum += csum_accumulate(all.subspan(c.src, c.address_size)) +
             csum_accumulate(all.subspan(c.dst, c.address_size)) +
             csum_accumulate(protocol_and_length);
    }
    out.push_back(sum);
  }
  return out;
}

Result<Frame> build(const FrameSpec& spec, Sweep sweep) {
  if (Status good = check(spec); !good) return tl::unexpected(std::move(good.error()));
  Stack stack = stack_up(layers_of(spec));
  if (Status good = place_sweep(stack, sweep); !good)
    return tl::unexpected(std::move(good.error()));
  if (Status good = check_next_hops(sweep); !good) return tl::unexpected(std::move(good.error()));
  for (const Field& field : sweep.fields)
    store_be(Bytes(stack.bytes).subspan(field.offset, field.width), 0);

  Frame frame;
  frame.spec = spec;
  frame.sweep = std::move(sweep);
  frame.mix = spec.frame_size.mix();
  frame.header_len = static_cast<std::uint16_t>(stack.bytes.size());
  frame.l3_offset = stack.l3_offset;
  frame.checksums = std::move(stack.checksums);
  frame.lengths = std::move(stack.lengths);
  const std::uint32_t smallest = frame.mix.smallest() - kFcsBytes;
  const std::uint32_t largest = frame.mix.largest() - kFcsBytes;
  if (spec.signature) frame.signature = form_in(smallest - frame.header_len);
  if (frame.signature != SignatureForm::None) frame.signature_offset = frame.signature_at(largest);
  if (spec.reflector)
    frame.reflector_offset =
        static_cast<std::uint16_t>(frame.signature_offset - XTG_SIG_REFLECTOR_LEN);
  frame.bytes = std::move(stack.bytes);
  frame.bytes = frame.constant_bytes(largest);
  return frame;
}

std::vector<std::uint8_t> render(const Frame& frame, std::uint64_t k, std::uint8_t worker,
                                 std::uint64_t tx_ns) {
  std::vector<std::uint8_t> bytes = frame.constant_bytes(frame.length_of(k));
  const Bytes all(bytes);
  frame.sweep.apply(all, k);
  sign(frame, all, Changing{k, tx_ns, worker});
  write_checksums(frame, all);
  return bytes;
}

void write_checksums(const Frame& frame, std::span<std::uint8_t> all) {
  for (auto c = frame.checksums.rbegin(); c != frame.checksums.rend(); ++c) { // inner ones first
    store_be(all.subspan(c->offset, 2), 0);
    store_be(all.subspan(c->offset, 2), c->compute(all));
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
