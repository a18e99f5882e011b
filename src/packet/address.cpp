// SPDX-License-Identifier: BSD-2-Clause
#include "packet/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "core/text.h"
#include "packet/bytes.h"
#include "packet/prefix.h"

namespace xtg::packet {

namespace {

std::optional<Mac> parse_mac(std::string_view text) {
  Mac mac;
  const char separator = text.find(':') != std::string_view::npos ? ':' : '-';
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    const std::size_t end = text.find(separator);
    if ((end == std::string_view::npos) != (i + 1 == mac.bytes.size())) return std::nullopt;
    const std::string_view group = text.substr(0, end);
    const auto byte = parse_unsigned<std::uint8_t>(group, 16);
    if (!byte || group.size() > 2) return std::nullopt;
    mac.bytes[i] = *byte;
    text.remove_prefix(std::min(text.size(), group.size() + 1));
  }
  return mac;
}

std::optional<Ip> parse_ip(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  const std::string copy(text);
  Ip ip;
  if (::inet_pton(AF_INET, copy.c_str(), ip.bytes.data()) == 1) return ip;
  ip = Ip{Family::V6, {}};
  if (::inet_pton(AF_INET6, copy.c_str(), ip.bytes.data()) == 1) return ip;
  return std::nullopt;
}

Result<IpRange> parse_prefix(std::string_view text, std::size_t slash) {
  const std::optional<Ip> ip = parse_ip(text.substr(0, slash));
  const auto length = parse_unsigned<unsigned>(text.substr(slash + 1));
  const unsigned bits = ip && ip->is_v4() ? 32 : 128;
  if (!ip || !length || *length > bits) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is not a prefix: say \"192.0.2.0/24\" or \"2001:db8::/112\"",
                            quoted(text)));
  }
  const unsigned host_bits = bits - *length;
  if (host_bits > 32) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("{} is too large a range: at most 2^32 addresses, a prefix length of at "
                    "least 96",
                    quoted(text)));
  }
  const std::uint64_t count = std::uint64_t{1} << host_bits;
  return IpRange{ip->with_low(ip->low() & ~(count - 1)), count};
}

Result<IpRange> parse_ip_list(std::string_view text) {
  std::vector<Values> ranges;
  std::optional<Ip> first;
  for (const std::string_view piece : split_list(text)) {
    auto range = IpRange::parse(piece);
    if (!range) return range;
    if (!first) first = range->first;
    if (range->first.family != first->family || range->first.with_low(first->low()) != *first)
      return fail(Errc::InvalidArgument,
                  fmt::format("{}: a list has addresses of one family, and IPv6 addresses of one "
                              "/64, of which only the low 64 bits vary",
                              quoted(text)));
    ranges.push_back(range->values());
  }
  auto list = listed(text, ranges);
  if (!list) return tl::unexpected(std::move(list.error()));
  return IpRange{*first, list->size(), 1, std::move(*list)};
}

} // namespace

Result<Mac> Mac::parse(std::string_view text) {
  if (const std::optional<Mac> mac = parse_mac(text)) return *mac;
  return fail(
      Errc::InvalidArgument,
      fmt::format("{} is not a MAC address: say six hexadecimal bytes with colons or dashes "
                  "(\"02:00:00:00:00:01\")",
                  quoted(text)));
}

Mac Mac::from_u64(std::uint64_t value) {
  Mac mac;
  store_be(mac.bytes, value);
  return mac;
}

std::uint64_t Mac::to_u64() const {
  return load_be(bytes);
}

std::string Mac::to_string() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2],
                     bytes[3], bytes[4], bytes[5]);
}

Result<Ip> Ip::parse(std::string_view text) {
  if (const std::optional<Ip> ip = parse_ip(text)) return *ip;
  return fail(
      Errc::InvalidArgument,
      fmt::format("{} is not an IP address: say \"192.0.2.1\" or \"2001:db8::1\"", quoted(text)));
}

std::string Ip::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

bool Ip::is_multicast() const {
  return is_v4() ? (bytes[0] & 0xf0) == 0xe0 : bytes[0] == 0xff;
}

bool Ip::is_link_local() const {
  if (is_v4()) return bytes[0] == 169 && bytes[1] == 254; // RFC 3927
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;   // RFC 4291
}

bool Ip::is_unspecified() const {
  return *this == Ip{family, {}};
}

bool Ip::is_loopback() const {
  return is_v4() ? bytes[0] == 127 : *this == Ip{family, {}}.with_low(1);
}

bool Ip::needs_zone() const {
  if (is_v4()) return false;
  const unsigned scope = bytes[1] & 0x0f;
  return is_link_local() || (is_multicast() && (scope == 1 || scope == 2));
}

bool Ip::is_non_public() const {
  if (is_multicast()) {
    if (!is_v4()) return (bytes[1] & 0x0f) < 0x0e; // RFC 4291 2.7: scope
    return bytes[0] == 239 || (bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0); // RFC 5771
  }
  return std::ranges::any_of(non_public_blocks(),
                             [this](const IpPrefix& block) { return block.contains(*this); });
}

std::uint64_t Ip::low() const {
  const std::span<const std::uint8_t> all(bytes);
  return load_be(is_v4() ? all.first(4) : all.last(8));
}

Ip Ip::with_low(std::uint64_t value) const {
  Ip ip = *this;
  const std::span<std::uint8_t> all(ip.bytes);
  store_be(is_v4() ? all.first(4) : all.last(8), value);
  return ip;
}

Result<MacRange> MacRange::parse(std::string_view text) {
  if (text.find(',') != std::string_view::npos) {
    std::vector<Values> ranges;
    for (const std::string_view piece : split_list(text)) {
      auto range = parse(piece);
      if (!range) return range;
      ranges.push_back(range->values());
    }
    auto list = listed(text, ranges);
    if (!list) return tl::unexpected(std::move(list.error()));
    return MacRange{Mac::from_u64(list->front()), list->size(), 1, std::move(*list)};
  }
  const std::size_t dash = text.find(':') == std::string_view::npos ? text.npos : text.find('-');
  if (dash == std::string_view::npos) {
    Result<Mac> mac = Mac::parse(text);
    if (!mac) return tl::unexpected(std::move(mac.error()));
    return MacRange{*mac, 1};
  }
  const auto stepped = take_step(text);
  if (!stepped) return tl::unexpected(stepped.error());
  const std::optional<Mac> first = parse_mac(text.substr(0, dash));
  const std::optional<Mac> last = parse_mac(stepped->range.substr(dash + 1));
  if (!first || !last || text.find('-', dash + 1) != std::string_view::npos) {
    return fail(Errc::InvalidArgument, fmt::format("{} is not a range of MAC addresses: say "
                                                   "\"02:00:00:00:00:01-02:00:00:00:00:ff\"",
                                                   quoted(text)));
  }
  if (*last < *first) return backwards(text);
  const std::uint64_t count = count_of(last->to_u64() - first->to_u64(), stepped->step);
  if (count > kMaxRangeCount) return too_many(text);
  return MacRange{*first, count, count == 1 ? 1 : stepped->step};
}

Mac MacRange::at(std::uint64_t i) const {
  return Mac::from_u64(values().at(i));
}

std::string MacRange::to_string() const {
  return packet::to_string(values(), [](std::uint64_t v) { return Mac::from_u64(v).to_string(); });
}

Result<IpRange> IpRange::parse(std::string_view text) {
  if (text.find(',') != std::string_view::npos) return parse_ip_list(text);
  const std::size_t dash = text.find('-');
  if (const std::size_t slash = text.find('/'); slash < dash && slash != text.npos) {
    return parse_prefix(text, slash);
  }
  if (dash == std::string_view::npos) {
    const std::optional<Ip> ip = parse_ip(text);
    if (ip) return IpRange{*ip, 1};
    return fail(Errc::InvalidArgument,
                fmt::format("{} is not an IP address, range or prefix: say \"192.0.2.1\", "
                            "\"192.0.2.1-192.0.2.9\" or \"192.0.2.0/24\"",
                            quoted(text)));
  }
  const auto stepped = take_step(text);
  if (!stepped) return tl::unexpected(stepped.error());
  const std::optional<Ip> first = parse_ip(text.substr(0, dash));
  const std::optional<Ip> last = parse_ip(stepped->range.substr(dash + 1));
  if (!first || !last || first->family != last->family) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is not a range of addresses: say two of one family "
                            "(\"192.0.2.1-192.0.2.9\")",
                            quoted(text)));
  }
  if (*last < *first) return backwards(text);
  if (last->with_low(first->low()) != *first) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} leaves its /64: only the low 64 bits of an IPv6 address vary",
                            quoted(text)));
  }
  const std::uint64_t steps = (last->low() - first->low()) / stepped->step;
  if (steps >= kMaxRangeCount) return too_many(text);
  return IpRange{*first, steps + 1, steps == 0 ? 1 : stepped->step};
}

Ip IpRange::at(std::uint64_t i) const {
  return first.with_low(list.empty() ? first.low() + i * step : list[i]);
}

IpRange IpRange::hull() const {
  const Values all = values();
  return {first.with_low(all.lowest()),
          std::min(all.highest() - all.lowest(), kMaxRangeCount - 1) + 1};
}

IpRange IpRange::without_edges(unsigned length) const {
  if (!first.is_v4() || length == 0 || length > 30 || count < 3) return *this;
  if (!values().contiguous()) return *this; // a list, or single values
  const std::uint64_t hosts = (std::uint64_t{1} << (32 - length)) - 1;
  IpRange range = *this;
  if ((range.first.low() & hosts) == 0) range = {range.at(1), range.count - 1};
  if ((range.last().low() & hosts) == hosts) range.count--;
  return range;
}

std::string IpRange::to_string() const {
  return packet::to_string(values(),
                           [this](std::uint64_t v) { return first.with_low(v).to_string(); });
}

Mac multicast_mac(const Ip& group) {
  const auto& b = group.bytes;
  if (group.is_v4())
    return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(b[1] & 0x7f), b[2], b[3]}};
  return {{0x33, 0x33, b[12], b[13], b[14], b[15]}};
}

Result<PortRange> PortRange::parse(std::string_view text) {
  auto values = parse_values(
      text,
      [](std::string_view one) -> std::optional<std::uint64_t> {
        return parse_unsigned<std::uint16_t>(one);
      },
      "a port or a range of ports: say 0 to 65535 (\"1000\", \"1000-1999\")");
  if (!values) return tl::unexpected(std::move(values.error()));
  return PortRange{static_cast<std::uint16_t>(values->first),
                   static_cast<std::uint32_t>(values->count),
                   static_cast<std::uint32_t>(values->step), std::move(values->list)};
}

std::uint16_t PortRange::at(std::uint64_t i) const {
  return static_cast<std::uint16_t>(list.empty() ? first + i * step : list[i]);
}

std::string PortRange::to_string() const {
  return packet::to_string(values(), [](std::uint64_t v) { return std::to_string(v); });
}

} // namespace xtg::packet
