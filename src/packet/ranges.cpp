// SPDX-License-Identifier: BSD-2-Clause
#include "packet/ranges.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/text.h"

namespace xtg::packet {

namespace {

constexpr std::uint16_t kLastVlan = 4094; // 4095 is reserved (IEEE 802.1Q)
constexpr std::uint16_t kFirstEtherType = 0x600;

template <class T>
std::optional<T> decimal_or_hex(std::string_view text) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  return parse_unsigned<T>(is_hex ? text.substr(2) : text, is_hex ? 16 : 10);
}

} // namespace

Result<ByteRange> ByteRange::parse(std::string_view text, std::uint8_t least) {
  auto values = parse_values(
      text,
      [least](std::string_view one) -> std::optional<std::uint64_t> {
        const auto value = decimal_or_hex<std::uint8_t>(one);
        if (!value || *value < least) return {};
        return *value;
      },
      fmt::format("a number from {0} to 255 or from 0x{0:x} to 0xff, a range or a list of them",
                  least));
  if (!values) return tl::unexpected(std::move(values.error()));
  ByteRange out;
  out.values_ = std::move(*values);
  return out;
}

std::string ByteRange::to_string() const {
  return packet::to_string(values_, [](std::uint64_t v) { return std::to_string(v); });
}

Result<VlanRange> VlanRange::parse(std::string_view text) {
  VlanRange out;
  std::string_view ids = text;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    const auto priority = parse_unsigned<std::uint8_t>(text.substr(colon + 1));
    if (!priority || *priority > 7)
      return fail(Errc::InvalidArgument,
                  fmt::format("{}: the priority after the colon is 0 to 7", quoted(text)));
    out.priority = *priority;
    ids = text.substr(0, colon);
  }
  auto values = parse_values(
      ids,
      [](std::string_view one) -> std::optional<std::uint64_t> {
        const auto id = parse_unsigned<std::uint16_t>(one);
        if (!id || *id > kLastVlan) return {};
        return *id;
      },
      "a VLAN: say an ID from 0 to 4094, a range or a list, with or without a priority (\"100\", "
      "\"100-199\", \"100:5\")");
  if (!values) return tl::unexpected(std::move(values.error()));
  out.first = static_cast<std::uint16_t>(values->first);
  out.count = static_cast<std::uint32_t>(values->count);
  out.step = static_cast<std::uint32_t>(values->step);
  out.list = std::move(values->list);
  return out;
}

std::string VlanRange::to_string() const {
  std::string out = packet::to_string(values(), [](std::uint64_t v) { return std::to_string(v); });
  if (priority != 0) out += fmt::format(":{}", priority);
  return out;
}

Result<std::vector<std::uint16_t>> parse_tpids(std::string_view text) {
  std::vector<std::uint16_t> out;
  for (const std::string_view piece : split_list(text)) {
    const auto tpid = decimal_or_hex<std::uint16_t>(piece);
    if (!tpid || *tpid < kFirstEtherType)
      return fail(Errc::InvalidArgument,
                  "expected EtherTypes of VLAN tags, 0x600 to 0xffff, such as 0x8100, 0x88a8 or "
                  "0x88a8,0x8100");
    out.push_back(*tpid);
  }
  return out;
}

std::string tpid_text(std::uint16_t tpid) {
  return fmt::format("0x{:04x}", tpid);
}

std::uint16_t default_tpid(std::size_t i, std::size_t tags) {
  return i + 1 == tags ? 0x8100 : 0x88a8;
}

} // namespace xtg::packet
