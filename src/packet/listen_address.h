// SPDX-License-Identifier: BSD-2-Clause
// Where a server listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "packet/address.h"

namespace xtg::packet {

struct ListenAddress {
  Ip ip;
  std::uint16_t port = 0; ///< 0: the kernel's choice
  bool operator==(const ListenAddress&) const = default;
  /// "192.0.2.1", "192.0.2.1:9950", "2001:db8::1", "[2001:db8::1]:9950", or "any", which is ::.
  /// `port` is taken where none is named.
  static Result<ListenAddress> parse(std::string_view text, std::uint16_t port);
  [[nodiscard]] std::string to_string() const; ///< always with its port
};

/// As --server takes it: without the port, where that is the usual one.
std::string host_and_port(const ListenAddress& at, std::uint16_t usual);

} // namespace xtg::packet
