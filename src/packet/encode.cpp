// SPDX-License-Identifier: BSD-2-Clause
#include "packet/encode.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <map>

#include "xtg/abi/csum.h"
#include "xtg/abi/signature.h"
#include "xtg/abi/sweep.h"

namespace xtg::packet {

namespace {

std::uint32_t hop_code(const Sweep& sweep, std::size_t dst) {
  if (sweep.hop_law == HopLaw::Fixed) return XTG_HOP_FIXED;
  if (sweep.hop_law == HopLaw::Listed) return XTG_HOP_LISTED;
  return sweep.fields[dst].width == 4 ? XTG_HOP_GROUP4 : XTG_HOP_GROUP6;
}

/// Bit i: what begins at `at` counts in checksum i.
std::uint32_t sums_of(const Frame& frame, std::uint16_t at) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < frame.checksums.size(); i++)
    if (frame.checksums[i].covers(at)) bits |= 1U << i;
  return bits;
}

/// Bit i: it begins at an odd byte of what checksum i covers.
std::uint32_t odd_of(const Frame& frame, std::uint16_t at) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < frame.checksums.size(); i++)
    if (((at - frame.checksums[i].from) & 1) != 0) bits |= 1U << i;
  return bits & sums_of(frame, at);
}

void encode_fields(const Frame& frame, EncodedStream& encoded) {
  xtg_stream& out = encoded.stream;
  for (const Field& field : frame.sweep.fields) {
    xtg_field& f = out.fields[out.n_fields++];
    f.offset = field.offset;
    f.width = field.width;
    f.first = field.wire(0);
    f.count = field.count;
    f.step = field.step << field.shift;
    if (frame.sweep.vary == Vary::Random) f.flags = XTG_FIELD_RANDOM;
    f.sums = static_cast<__u16>(sums_of(frame, field.offset));
    if (field.list.empty()) continue;
    f.list = static_cast<__u32>(encoded.values.size() + 1);
    for (std::uint64_t i = 0; i < field.count; i++)
      encoded.values.push_back(field.wire(i));
  }
  if (const auto dst = frame.sweep.destination()) {
    out.hop_law = hop_code(frame.sweep, *dst);
    out.hop_field = static_cast<std::uint32_t>(*dst);
  }
  out.flows = static_cast<std::uint32_t>(frame.sweep.flow.flows);
  out.flow_packets = static_cast<std::uint32_t>(frame.sweep.flow.packets);
}

/// The table of sizes, the field that goes through it, and the length fields that follow.
void encode_sizes(const Frame& frame, EncodedStream& encoded) {
  xtg_stream& out = encoded.stream;
  if (frame.mix.constant()) return;
  std::map<std::uint32_t, xtg_size> known;
  for (const std::uint32_t with_fcs : frame.mix.sizes()) {
    const auto [at, fresh] = known.try_emplace(with_fcs - kFcsBytes);
    if (fresh) {
      const std::uint32_t length = at->first;
      xtg_size& size = at->second;
      size.frame_len = static_cast<__u16>(length);
      size.sig_off = frame.signature_at(length);
      size.sig_odd = static_cast<__u16>(odd_of(frame, size.sig_off));
      if (frame.spec.reflector)
        size.reflector_off = static_cast<__u16>(size.sig_off - XTG_SIG_REFLECTOR_LEN);
      const auto bases = frame.checksum_bases(length);
      for (std::size_t i = 0; i < bases.size(); i++)
        size.base[i] = xtg_csum_fold(bases[i]);
    }
    encoded.sizes.push_back(at->second);
  }
  out.n_sizes = static_cast<__u32>(encoded.sizes.size());
  out.size_field = out.n_fields;
  xtg_field& f = out.fields[out.n_fields++];
  f.count = out.n_sizes;
  f.step = 1;
  if (frame.mix.random()) f.flags = XTG_FIELD_RANDOM;
  for (const LengthPlace& place : frame.lengths)
    out.lengths[out.n_lengths++] = {place.offset, place.delta};
}

/// Those that no frame changes are finished in the header.
void encode_sums(const Frame& frame, xtg_stream& out) {
  const auto bases = frame.checksum_bases(out.frame_len);
  const bool sized = out.n_sizes > 1;
  for (const Checksum& checksum : frame.checksums) {
    const std::size_t i = out.n_sums++;
    xtg_sum& sum = out.sums[i];
    sum.kind = checksum.zero == ZeroRule::AllOnes ? XTG_SUM_UDP : XTG_SUM_PLAIN;
    sum.base = xtg_csum_fold(bases[i]);
    const std::uint32_t bit = 1U << i;
    bool varies = (out.sig_sums & bit) != 0 || (sized && checksum.to == 0);
    for (std::uint32_t f = 0; f < out.n_fields; f++)
      varies |= (out.fields[f].sums & bit) != 0;
    for (std::uint32_t l = 0; l < out.n_lengths; l++)
      varies |= checksum.covers(out.lengths[l].off);
    if (varies) {
      sum.off = checksum.offset;
      continue;
    }
    const std::uint16_t value =
        sum.kind == XTG_SUM_UDP ? xtg_csum_udp(sum.base) : xtg_csum_ip(sum.base);
    std::memcpy(reinterpret_cast<std::uint8_t*>(out.header) + checksum.offset, &value, 2);
  }
}

/// Whole words where every frame has room: what follows the header is constant payload then.
void encode_copy(const Frame& frame, xtg_stream& out) {
  const std::uint32_t rounded = (frame.header_len + 7U) / 8 * 8;
  if (rounded <= frame.mix.smallest() - kFcsBytes) {
    out.copy_u64s = rounded / 8;
  } else {
    out.copy_u64s = frame.header_len / 8U;
    out.copy_tail = frame.header_len % 8U;
  }
}

} // namespace

EncodedStream encode(const Frame& frame) {
  EncodedStream encoded;
  encoded.page = frame.bytes;
  encoded.next_hops = frame.sweep.next_hops;
  xtg_stream& out = encoded.stream;
  std::memcpy(out.header, frame.bytes.data(), std::min(frame.bytes.size(), sizeof out.header));
  out.frame_len = static_cast<std::uint32_t>(frame.bytes.size());
  out.sig_form = static_cast<std::uint32_t>(frame.signature);
  out.sig_off = frame.signature_offset;
  out.reflector_off = frame.reflector_offset;
  out.stamp_each = (frame.spec.signature_flags & XTG_SIG_F_STAMP_EACH) != 0 ? 1 : 0;
  out.stamp_tai = (frame.spec.signature_flags & XTG_SIG_F_TAI) != 0 ? 1 : 0;
  out.vary = static_cast<std::uint32_t>(frame.sweep.vary);
  out.seed = frame.sweep.seed;
  out.weight = 1;
  if (frame.signature != SignatureForm::None) {
    out.sig_sums = sums_of(frame, frame.signature_offset);
    out.sig_odd = odd_of(frame, frame.signature_offset);
  }
  encode_fields(frame, encoded);
  encode_sizes(frame, encoded);
  encode_sums(frame, out);
  encode_copy(frame, out);

  if (frame.signature == SignatureForm::Full)
    std::memcpy(out.sig_const, &frame.bytes[frame.signature_offset + 16U], 16);
  if (frame.signature == SignatureForm::Compact)
    std::memcpy(out.sig_const, &frame.bytes[frame.signature_offset + 8U], 8);
  return encoded;
}

std::uint64_t worker_u64(SignatureForm form, std::uint8_t worker) {
  std::array<std::uint8_t, 8> bytes{};
  if (form == SignatureForm::Full) bytes[offsetof(xtg_sig_full, worker) - 16] = worker;
  if (form == SignatureForm::Compact) bytes[offsetof(xtg_sig_compact, worker) - 8] = worker;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
}

} // namespace xtg::packet
