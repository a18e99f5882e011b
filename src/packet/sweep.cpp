// SPDX-License-Identifier: BSD-2-Clause
#include "packet/sweep.h"

#include "packet/bytes.h"
#include "xtg/abi/sweep.h"

namespace xtg::packet {

static_assert(static_cast<int>(Vary::Together) == XTG_VARY_TOGETHER);
static_assert(static_cast<int>(Vary::Product) == XTG_VARY_PRODUCT);
static_assert(static_cast<int>(Vary::Random) == XTG_VARY_RANDOM);

std::string_view to_string(FieldKind kind) {
  switch (kind) {
  case FieldKind::DstMac:
    return "dst-mac";
  case FieldKind::SrcMac:
    return "src-mac";
  case FieldKind::DstAddr:
    return "dst-addr";
  case FieldKind::SrcAddr:
    return "src-addr";
  case FieldKind::DstPort:
    return "dst-port";
  case FieldKind::SrcPort:
    return "src-port";
  }
  return "?";
}

std::uint64_t Sweep::index(std::size_t f, std::uint64_t k) const {
  const std::uint64_t count = fields[f].count;
  switch (vary) {
  case Vary::Together:
    break;
  case Vary::Product:
    // Dividing wheel by wheel needs no product of counts, which could overflow.
    for (std::size_t faster = 0; faster < f; ++faster)
      k /= fields[faster].count;
    break;
  case Vary::Random:
    return xtg_sweep_random(seed, static_cast<std::uint32_t>(f), k, count);
  }
  return k % count;
}

std::optional<std::size_t> Sweep::destination() const {
  for (std::size_t f = 0; f < fields.size(); ++f)
    if (fields[f].kind == FieldKind::DstAddr) return f;
  return std::nullopt;
}

void Sweep::apply(std::span<std::uint8_t> frame, std::uint64_t k) const {
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const Field& field = fields[f];
    store_be(frame.subspan(field.offset, field.width), field.first + index(f, k));
  }
  const auto dst = destination();
  if (!dst || hop_law == HopLaw::Fixed) return;
  const Field& field = fields[*dst];
  const std::uint64_t at = index(*dst, k);
  if (hop_law == HopLaw::Listed)
    store_be(frame.first(6), next_hops[at]);
  else if (field.width == 4)
    store_be(frame.subspan(3, 3), (field.first + at) & 0x7fffff);
  else
    store_be(frame.subspan(2, 4), field.first + at);
}

} // namespace xtg::packet
