// SPDX-License-Identifier: BSD-2-Clause
// Filters for frames of any sender: a small subset of pcap-filter(7) with the same keywords and
// meaning. Primitives are joined by "and"; alternatives are separate filters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/address.h"
#include "xtg/abi/rx_match.h"

namespace xtg::packet {

struct Primitive {
  enum class Kind : std::uint8_t {
    Ip,
    Ip6,
    Arp,
    Udp,
    Tcp,
    Icmp,
    Icmp6,
    Vlan,    ///< `low`: the identifier, if `numbered`; a second one matches the inner tag
    Proto,   ///< `low`: protocol of the IP header; `of`: Ip, Ip6 or nothing
    Host,    ///< `address`
    Net,     ///< `address`, zero after `prefix` bits
    Port,    ///< `low` to `high`; `of`: Udp, Tcp or nothing
    Ether,   ///< `mac`
    Less,    ///< at most `low` bytes without FCS
    Greater, ///< at least `low` bytes without FCS
  };
  enum class Side : std::uint8_t { Either, Source, Destination };

  Kind kind = Kind::Ip;
  Side side = Side::Either;
  std::optional<Kind> of{};
  bool numbered = false;
  std::uint32_t low = 0, high = 0;
  Ip address{};
  unsigned prefix = 0;
  Mac mac{};
  bool operator==(const Primitive&) const = default;
  [[nodiscard]] std::string to_string() const; ///< "udp dst port 10000"
};

struct Filter {
  std::vector<Primitive> primitives; ///< at least one; a frame matches when all do
  bool operator==(const Filter&) const = default;

  /// "udp dst port 10000 and net 198.18.0.0/15". Errors quote the offending word and say what is
  /// accepted. Filters that no frame can match are rejected.
  static Result<Filter> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const; ///< in the notation of parse()
};

/// An error if no frame can match, or the kernel program cannot evaluate the filter.
Status check(const Filter& filter);

/// Encoded for the kernel program; only for filters that check() accepts.
xtg_rx_match encode(const Filter& filter);
/// All filters of a run, at most XTG_RX_MATCHES. `take`: the program drops matching frames.
xtg_rx_filters encode(const std::vector<Filter>& filters, bool take);

} // namespace xtg::packet
