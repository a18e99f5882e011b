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

xtg_stream encode(const Frame& frame, const EncodeOptions& options) {
  xtg_stream out{};
  std::array<std::uint8_t, XTG_MAX_HEADER> header{};
  std::copy_n(frame.bytes.begin(), std::min(frame.bytes.size(), header.size()), header.begin());

  out.frame_len = static_cast<std::uint32_t>(frame.bytes.size());
  out.sig_form = form_code(frame.signature);
  out.sig_off = frame.signature_offset;
  out.mirror_off = frame.mirror_offset;
  out.sig_shift = ((frame.signature_offset - frame.l4_offset) & 1) != 0 ? 8 : 0;
  out.stamp_each = options.stamp_each ? 1 : 0;
  out.paced = options.paced ? 1 : 0;
  out.stamp_tai = options.tai ? 1 : 0;
  out.vary = vary_code(frame.sweep.vary);
  out.seed = frame.sweep.seed;
  out.ip_csum_base = xtg_csum_fold(frame.ip_csum_base);
  out.l4_csum_base = xtg_csum_fold(frame.l4_csum_base);

  bool ip_varies = false, l4_varies = frame.signature != SignatureForm::None;
  for (const Field& field : frame.sweep.fields) {
    xtg_field& f = out.fields[out.n_fields++];
    f.offset = field.offset;
    f.width = field.width;
    f.first = field.first;
    f.count = field.count;
    f.in_ip = frame.ip_csum_offset != 0 && is_address(field.kind) ? 1 : 0;
    f.in_l4 = frame.l4_csum_offset != 0 && (is_address(field.kind) || is_port(field.kind)) ? 1 : 0;
    ip_varies |= f.in_ip != 0;
    l4_varies |= f.in_l4 != 0;
  }
  if (const auto dst = frame.sweep.destination()) {
    out.hop_law = hop_code(frame.sweep, *dst);
    out.hop_field = static_cast<std::uint32_t>(*dst);
    out.hop_base = options.hop_base;
  }
  if (frame.ip_csum_offset != 0) {
    if (ip_varies)
      out.ip_csum_off = frame.ip_csum_offset;
    else
      store16(&header[frame.ip_csum_offset], xtg_csum_ip(out.ip_csum_base));
  }
  if (frame.l4_csum_offset != 0) {
    if (l4_varies)
      out.l4_csum_off = frame.l4_csum_offset;
    else
      store16(&header[frame.l4_csum_offset], xtg_csum_udp(out.l4_csum_base));
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
  return out;
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
