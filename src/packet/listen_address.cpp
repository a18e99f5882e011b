// SPDX-License-Identifier: BSD-2-Clause
#include "packet/listen_address.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.h"

namespace xtg::packet {

Result<ListenAddress> ListenAddress::parse(std::string_view text, std::uint16_t port) {
  const auto refused = fail(Errc::InvalidArgument,
                            "expected an address of this host with or without a port, such as "
                            "198.18.0.1, [2001:db8::1]:9950 or any");
  std::string_view host = text, digits;
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return refused;
    digits = host.substr(end + 1);
    host = host.substr(1, end - 1);
    if (!digits.empty() && !digits.starts_with(':')) return refused;
  } else if (std::ranges::count(host, ':') == 1 || host.starts_with("any:")) {
    digits = host.substr(host.find(':'));
    host = host.substr(0, host.find(':'));
  }
  if (!digits.empty()) {
    const auto given = parse_unsigned<std::uint16_t>(digits.substr(1));
    if (!given) return refused;
    port = *given;
  }
  if (host == "any") return ListenAddress{Ip::parse("::").value(), port};
  const auto ip = Ip::parse(host);
  if (!ip) return refused;
  return ListenAddress{*ip, port};
}

std::string ListenAddress::to_string() const {
  return ip.is_v4() ? fmt::format("{}:{}", ip.to_string(), port)
                    : fmt::format("[{}]:{}", ip.to_string(), port);
}

std::string host_and_port(const ListenAddress& at, std::uint16_t usual) {
  return at.port == usual ? at.ip.to_string() : at.to_string();
}

} // namespace xtg::packet
