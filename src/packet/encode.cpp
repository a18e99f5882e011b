// SPDX-License-Identifier: BSD-2-Clause
#include "packet/encode.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "xtg/abi/csum.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/sweep.h"

namespace xtg::packet {

namespace {

/// Which of a stream's checksums is which.
constexpr std::uint32_t kIpSum = 0, kL4Sum = 1;

bool is_address(FieldKind kind) {
  return kind == FieldKind::DstAddr || kind == FieldKind::SrcAddr;
}
bool is_port(FieldKind kind) {
  return kind == FieldKind::DstPort || kind == FieldKind::SrcPort;
}

std::uint32_t vary_code(Vary vary) {
  switch (vary) {
  case Vary::Together:
    return XTG_VARY_TOGETHER;
  case Vary::Product:
    return XTG_VARY_PRODUCT;
  case Vary::Random:
    return XTG_VARY_RANDOM;
  }
  return XTG_VARY_TOGETHER;
}

std::uint32_t form_code(SignatureForm form) {
  switch (form) {
  case SignatureForm::None:
    return XTG_SIG_NONE;
  case SignatureForm::Compact:
    return XTG_SIG_COMPACT;
  case SignatureForm::Full:
    return XTG_SIG_FULL;
  }
  return XTG_SIG_NONE;
}

std::uint32_t hop_code(const Sweep& sweep, std::size_t dst) {
  if (sweep.hop_law == HopLaw::Fixed) return XTG_HOP_FIXED;
  if (sweep.hop_law == HopLaw::Listed) return XTG_HOP_LISTED;
  return sweep.fields[dst].width == 4 ? XTG_HOP_GROUP4 : XTG_HOP_GROUP6;
}

void store16(std::uint8_t* at, std::uint16_t value) {
  std::memcpy(at, &value, sizeof value);
}

} // namespace

EncodedStream encode(const Frame& frame, const EncodeOptions& options) {
  EncodedStream encoded;
  encoded.page = frame.bytes;
  encoded.next_hops = frame.sweep.next_hops;
  xtg_stream& out = encoded.stream;
  std::array<std::uint8_t, XTG_MAX_HEADER> header{};
  std::copy_n(frame.bytes.begin(), std::min(frame.bytes.size(), header.size()), header.begin());

  out.frame_len = static_cast<std::uint32_t>(frame.bytes.size());
  out.sig_form = form_code(frame.signature);
  out.sig_off = frame.signature_offset;
  out.mirror_off = frame.mirror_offset;
  out.stamp_each = options.stamp_each ? 1 : 0;
  out.paced = options.paced ? 1 : 0;
  out.stamp_tai = options.tai ? 1 : 0;
  out.vary = vary_code(frame.sweep.vary);
  out.seed = frame.sweep.seed;
  out.weight = 1;
  out.n_sums = 2;
  xtg_sum& ip = out.sums[kIpSum];
  xtg_sum& l4 = out.sums[kL4Sum];
  ip.base = xtg_csum_fold(frame.ip_csum_base);
  l4.base = xtg_csum_fold(frame.l4_csum_base);
  l4.kind = XTG_SUM_UDP;
  out.sig_sums = 1U << kL4Sum;
  out.sig_odd = ((frame.signature_offset - frame.l4_offset) & 1) != 0 ? 1U << kL4Sum : 0;

  bool ip_varies = false, l4_varies = frame.signature != SignatureForm::None;
  for (const Field& field : frame.sweep.fields) {
    xtg_field& f = out.fields[out.n_fields++];
    f.offset = field.offset;
    f.width = field.width;
    f.first = field.first;
    f.count = field.count;
    f.step = 1;
    if (frame.sweep.vary == Vary::Random) f.flags = XTG_FIELD_RANDOM;
    const bool in_ip = frame.ip_csum_offset != 0 && is_address(field.kind);
    const bool in_l4 = frame.l4_csum_offset != 0 && (is_address(field.kind) || is_port(field.kind));
    f.sums = static_cast<__u16>((in_ip ? 1U << kIpSum : 0U) | (in_l4 ? 1U << kL4Sum : 0U));
    ip_varies |= in_ip;
    l4_varies |= in_l4;
  }
  if (const auto dst = frame.sweep.destination()) {
    out.hop_law = hop_code(frame.sweep, *dst);
    out.hop_field = static_cast<std::uint32_t>(*dst);
  }
  if (frame.ip_csum_offset != 0) {
    if (ip_varies)
      ip.off = frame.ip_csum_offset;
    else
      store16(&header[frame.ip_csum_offset], xtg_csum_ip(ip.base));
  }
  if (frame.l4_csum_offset != 0) {
    if (l4_varies)
      l4.off = frame.l4_csum_offset;
    else
      store16(&header[frame.l4_csum_offset], xtg_csum_udp(l4.base));
  }

  // Whole words where the frame has room: what follows the header is constant payload then.
  const std::uint32_t rounded = (frame.header_len + 7U) / 8 * 8;
  if (rounded <= out.frame_len) {
    out.copy_words = rounded / 8;
  } else {
    out.copy_words = frame.header_len / 8U;
    out.copy_tail = frame.header_len % 8U;
  }
  std::memcpy(out.header, header.data(), header.size());

  if (frame.signature == SignatureForm::Full)
    std::memcpy(out.sig_const, &frame.bytes[frame.signature_offset + 16U], 16);
  if (frame.signature == SignatureForm::Compact)
    std::memcpy(out.sig_const, &frame.bytes[frame.signature_offset + 8U], 8);
  return encoded;
}

std::uint64_t lane_word(SignatureForm form, std::uint8_t lane) {
  std::array<std::uint8_t, 8> bytes{};
  if (form == SignatureForm::Full) bytes[offsetof(xtg_sig_full, lane) - 16] = lane;
  if (form == SignatureForm::Compact) bytes[offsetof(xtg_sig_compact, lane) - 8] = lane;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
}

} // namespace xtg::packet
