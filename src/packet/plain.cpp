// SPDX-License-Identifier: BSD-2-Clause
#include "packet/plain.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace xtg::packet {

namespace {

/// Which of a stream's checksums xtg_tx has as its UDP one and as its IPv4 one.
struct Chosen {
  std::optional<std::uint32_t> udp;
  std::optional<std::uint32_t> ip;
};

/// Nothing: frames change more checksums than xtg_tx knows, or the signature counts in another.
std::optional<Chosen> choose(const xtg_stream& s) {
  Chosen chosen;
  for (std::uint32_t i = 0; i < s.n_sums; i++) {
    if (s.sums[i].off == 0) continue; // finished in the header
    auto& slot = s.sums[i].kind == XTG_SUM_UDP ? chosen.udp : chosen.ip;
    if (slot) return std::nullopt;
    slot = i;
  }
  const std::uint32_t udp_bit = chosen.udp ? 1U << *chosen.udp : 0;
  if ((s.sig_sums & ~udp_bit) != 0) return std::nullopt;
  return chosen;
}

/// The code by which xtg_tx knows which of these two checksums something counts in.
std::uint16_t sums_code(bool udp, bool ip) {
  if (udp) return ip ? XTG_PLAIN_BOTH : XTG_PLAIN_UDP;
  return ip ? XTG_PLAIN_IP : 0;
}

/// Of several sizes, each says by itself whether it starts at an odd byte.
std::uint32_t signature_code(const xtg_stream& s) {
  if (s.sig_form == XTG_SIG_NONE) return XTG_PLAIN_UNSIGNED;
  if (s.n_sizes > 1) return s.sig_form == XTG_SIG_FULL ? XTG_PLAIN_FULL : XTG_PLAIN_COMPACT;
  if (s.sig_form == XTG_SIG_FULL) return s.sig_odd != 0 ? XTG_PLAIN_FULL_ODD : XTG_PLAIN_FULL;
  return s.sig_odd != 0 ? XTG_PLAIN_COMPACT_ODD : XTG_PLAIN_COMPACT;
}

std::uint16_t law_code(const xtg_field& field) {
  if ((field.flags & XTG_FIELD_RANDOM) != 0) return XTG_PLAIN_DRAWN;
  return field.list == 0 && field.step == 1 ? XTG_PLAIN_NEXT : XTG_PLAIN_VALUE;
}

} // namespace

void make_plain(xtg_stream& s, std::span<xtg_size> sizes) {
  if (s.n_sizes > 1 && s.stamp_each != 0) return;
  const auto chosen = choose(s);
  if (!chosen) return;
  const auto has = [](std::uint32_t bits, const std::optional<std::uint32_t>& i) {
    return i && (bits & (1U << *i)) != 0;
  };
  s.plain = signature_code(s);
  s.plain_sums = sums_code(chosen->udp.has_value(), chosen->ip.has_value());
  for (std::uint32_t i = 0; i < s.n_fields; i++) {
    xtg_field& field = s.fields[i];
    const bool udp = has(field.sums, chosen->udp), ip = has(field.sums, chosen->ip);
    field.plain_law = law_code(field);
    field.plain_sums = sums_code(udp, ip);
    field.sums = static_cast<std::uint16_t>((udp ? 1U : 0U) | (ip ? 2U : 0U));
  }
  const xtg_stream before = s;
  s.sums[0] = chosen->udp ? before.sums[*chosen->udp] : xtg_sum{};
  s.sums[1] = chosen->ip ? before.sums[*chosen->ip] : xtg_sum{};
  s.n_sums = 2;
  for (xtg_size& size : sizes) {
    const xtg_size old = size;
    size.base[0] = chosen->udp ? old.base[*chosen->udp] : 0;
    size.base[1] = chosen->ip ? old.base[*chosen->ip] : 0;
    size.sig_odd = s.sig_sums != 0 && old.sig_odd != 0 ? 1 : 0;
  }
  s.sig_odd = s.sig_sums != 0 && s.sig_odd != 0 ? 1 : 0;
  s.sig_sums = s.sig_sums != 0 ? 1 : 0;
}

} // namespace xtg::packet
