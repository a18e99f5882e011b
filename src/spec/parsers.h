// SPDX-License-Identifier: BSD-2-Clause
// Parsers of values that only options have. Errors say what is accepted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/result.h"
#include "core/sip_key.h"
#include "core/units.h"
#include "packet/address.h"
#include "packet/listen_address.h"
#include "plan/spec.h"

namespace xtg::spec {

/// A valid network interface name.
Result<std::string> parse_interface(std::string_view text);
/// The name of a file that can be written, or replaced, as it is now.
Result<std::string> parse_new_file(std::string_view text);
/// The same, or "-" for the standard output.
Result<std::string> parse_output_file(std::string_view text);
/// "9101", on loopback, or "198.18.0.1:9101", "[2001:db8::1]:9101", "any:9101".
Result<packet::ListenAddress> parse_metrics_address(std::string_view text);
/// A name or an address.
Result<std::string> parse_host(std::string_view text);
/// A frame size with FCS, within the limits of all header stacks and the kernel.
/// A byte in decimal, or in hexadecimal with 0x, as ToS values are often written.
Result<std::uint8_t> parse_tos(std::string_view text);
/// The same without ECN bits, which TCP sets by itself.
Result<std::uint8_t> parse_dscp_byte(std::string_view text);
/// A code point by name or number, as the byte that carries it (RFC 2474, 2597, 3246, 5865, 8622).
Result<std::uint8_t> parse_dscp(std::string_view text);
/// The eight hexadecimal digits of a sender's session.
Result<std::uint32_t> parse_run_id(std::string_view text);
Result<std::string> parse_path(std::string_view text);
Result<std::string> parse_stream_name(std::string_view text);
Result<std::vector<int>> parse_cpus(std::string_view text);
/// A number of queues, a list of them, or "auto".
Result<plan::QueueLaw> parse_queues(std::string_view text);
Result<Nanoseconds> parse_interval(std::string_view text);
std::string interval_help();
Result<Nanoseconds> parse_positive_duration(std::string_view text);
/// The same with a sign: "-1.5s".
Result<Nanoseconds> parse_signed_duration(std::string_view text);
Result<std::uint32_t> parse_window(std::string_view text);
std::string window_help();
Result<Rate> parse_packet_rate(std::string_view text);

/// Removes the zone from an address, a range or a prefix: "fe80::1%eth0" leaves "fe80::1". All
/// addresses of a run must name the same zone, which is stored in `zone`.
Result<std::string> take_zone(std::string_view text, std::string& zone);
/// The same for each word of a text, such as a filter.
Result<std::string> take_zones(std::string_view text, std::string& zone);
/// The reverse: appends the zone to an address that can have one.
std::string with_zone(std::string_view text, const std::string& zone);
std::string with_zones(std::string_view text, const std::string& zone);

/// Parser of an amount of `what`; 0 means no limit, as in xdp-tools.
inline auto amount_of(std::string_view what) {
  return [what](std::string_view text) -> Result<std::optional<std::uint64_t>> {
    const auto count = parse_count(text);
    if (!count)
      return fail(
          Errc::InvalidArgument,
          fmt::format("expected a number of {}, such as 1000, 64k or 1.5M; 0 for no limit", what));
    return *count == 0 ? std::nullopt : std::optional(*count);
  };
}

/// Parser of a whole number within limits.
template <class T>
auto whole_number(std::uint64_t min, std::uint64_t max) {
  return [min, max](std::string_view text) -> Result<T> {
    const auto value = parse_count(text);
    if (!value || *value < min || *value > max)
      return fail(Errc::InvalidArgument,
                  fmt::format("expected a whole number from {} to {}", min, max));
    return static_cast<T>(*value);
  };
}

} // namespace xtg::spec
