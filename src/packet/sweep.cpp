// SPDX-License-Identifier: BSD-2-Clause
#include "packet/sweep.h"

#include <fmt/format.h>

#include "packet/bytes.h"

namespace xtg::packet {

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
  case FieldKind::Vlan:
    return "vlan";
  case FieldKind::Tos:
    return "tos";
  case FieldKind::HopLimit:
    return "hop-limit";
  }
  return "?";
}

std::string_view to_string(Vary vary) {
  switch (vary) {
  case Vary::Together:
    return "together";
  case Vary::Product:
    return "product";
  case Vary::Random:
    return "random";
  }
  return "?";
}

Field Field::of(FieldKind kind, Values values, std::uint8_t nth) {
  Field field;
  field.kind = kind;
  field.first = values.first;
  field.count = values.count;
  field.step = values.step;
  field.list = std::move(values.list);
  field.nth = nth;
  return field;
}

std::string Field::name() const {
  const std::string_view text = to_string(kind);
  return nth == 0 ? std::string(text) : fmt::format("{} {}", text, nth + 1);
}

std::uint64_t FlowLaw::position(std::uint64_t k) const {
  if (flows == 0) return k;
  const std::uint64_t round = packets == 0 ? 0 : k / flows / packets;
  return round * flows + k % flows;
}

std::uint64_t Sweep::index(std::size_t f, std::uint64_t k) const {
  const std::uint64_t count = fields[f].count;
  std::uint64_t position = flow.position(k);
  switch (vary) {
  case Vary::Together:
    break;
  case Vary::Product:
    // Dividing field by field avoids a product of counts, which could overflow.
    for (std::size_t faster = 0; faster < f; ++faster)
      position /= fields[faster].count;
    break;
  case Vary::Random:
    return xtg_sweep_random(seed, static_cast<std::uint32_t>(f), position, count);
  }
  return position % count;
}

std::optional<std::size_t> Sweep::destination() const {
  for (std::size_t f = 0; f < fields.size(); ++f)
    if (fields[f].kind == FieldKind::DstAddr && fields[f].nth == 0) return f;
  return std::nullopt;
}

void Sweep::apply(std::span<std::uint8_t> frame, std::uint64_t k) const {
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const Field& field = fields[f];
    store_be(frame.subspan(field.offset, field.width), field.wire(index(f, k)));
  }
  const auto dst = destination();
  if (!dst || hop_law == HopLaw::Fixed) return;
  const Field& field = fields[*dst];
  const std::uint64_t at = index(*dst, k);
  if (hop_law == HopLaw::Listed)
    store_be(frame.first(6), next_hops[at]);
  else if (field.width == 4)
    store_be(frame.subspan(3, 3), field.at(at) & 0x7fffff);
  else
    store_be(frame.subspan(2, 4), field.at(at));
}

} // namespace xtg::packet
