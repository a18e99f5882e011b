// SPDX-License-Identifier: BSD-2-Clause
#include "spec/parsers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>

#include "core/replace_file.h"
#include "core/text.h"
#include "packet/frame.h"
#include "plan/rx_plan.h"
#include "plan/spec.h"

namespace xtg::spec {
namespace {

constexpr Nanoseconds kMinInterval = std::chrono::milliseconds(100);
constexpr std::size_t kRunIdDigits = 8;
constexpr std::size_t kMaxHostName = 253;  // RFC 1035 in text form
constexpr std::size_t kMaxStreamName = 15; // as long as a thread's or an interface's

/// Splits into words, keeping the blanks.
template <class Change>
Result<std::string> each_word(std::string_view text, Change change) {
  std::string out;
  while (true) {
    const std::string_view word = text.substr(0, text.find(' '));
    Result<std::string> changed = change(word);
    if (!changed) return changed;
    out += *changed;
    text.remove_prefix(word.size());
    if (text.empty()) return out;
    out += ' ';
    text.remove_prefix(1);
  }
}

} // namespace

Result<std::vector<int>> parse_cpus(std::string_view text) {
  auto cpus = parse_cpu_list(text);
  if (cpus && cpus->size() > plan::kMaxThreads)
    return fail(Errc::InvalidArgument,
                fmt::format("names {} CPUs; at most {} are accepted, one for each thread",
                            cpus->size(), plan::kMaxThreads));
  return cpus;
}

Result<plan::QueueLaw> parse_queues(std::string_view text) {
  if (text == "auto") return plan::QueueLaw{.all = true};
  if (const auto count = parse_unsigned<std::uint32_t>(text); count && *count != 0)
    return plan::QueueLaw{.count = *count};
  const auto list = parse_cpu_list(text);
  if (list && text.find_first_of(",-") != std::string_view::npos)
    return plan::QueueLaw{.list = *list};
  return fail(
      Errc::InvalidArgument,
      "expected a number of queues from 1 on, a list such as 0,2-5 (queue 3 alone: 3-3), or "
      "auto");
}

Result<Nanoseconds> parse_interval(std::string_view text) {
  const auto value = parse_duration(text);
  if (!value || *value < kMinInterval)
    return fail(Errc::InvalidArgument,
                fmt::format("expected a duration of at least {}, such as 1, 500ms or 1m",
                            format_duration(kMinInterval)));
  return *value;
}

std::string interval_help() {
  return fmt::format("time between output lines: seconds, 500ms or 1m; at least {}",
                     format_duration(kMinInterval));
}

Result<std::uint32_t> parse_window(std::string_view text) {
  const auto value = parse_count(text);
  if (!value || !std::has_single_bit(*value) || *value < plan::kRxWindowLeast ||
      *value > plan::kRxWindowMost)
    return fail(Errc::InvalidArgument,
                fmt::format("expected a power of two from {} to {}, such as 65536",
                            plan::kRxWindowLeast, plan::kRxWindowMost));
  return static_cast<std::uint32_t>(*value);
}

std::string window_help() {
  return fmt::format("numbers tracked per stream, a power of two, {} to {}", plan::kRxWindowLeast,
                     plan::kRxWindowMost);
}

Result<std::string> parse_interface(std::string_view text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '/' && c != ':';
  });
  if (text.empty() || text.size() > plan::kMaxInterfaceName || !printable || text == "." ||
      text == ".." || text.starts_with('-'))
    return fail(Errc::InvalidArgument,
                fmt::format("expected the name of a network interface: 1 to {} characters without "
                            "white space, \"/\" or \":\", the first no \"-\"",
                            plan::kMaxInterfaceName));
  return std::string(text);
}

Result<std::string> take_zone(std::string_view text, std::string& zone) {
  const std::size_t percent = text.find_last_of('%');
  if (percent == std::string_view::npos) return std::string(text);
  const std::string_view from_percent = text.substr(percent);
  const std::string suffix(from_percent.substr(0, from_percent.find('/'))); // "%eth0"
  std::string address(text);
  for (std::size_t at; (at = address.find(suffix)) != std::string::npos;) // both ends of a range
    address.erase(at, suffix.size());
  auto name = parse_interface(suffix.substr(1));
  const auto first =
      packet::Ip::parse(std::string_view(address).substr(0, address.find_first_of("-/,")));
  if (!name || !first || first->is_v4() || !(first->is_link_local() || first->is_multicast()))
    return fail(Errc::InvalidArgument,
                "a zone is the interface of an IPv6 link-local or multicast address, such as "
                "fe80::1%eth0");
  if (!zone.empty() && zone != *name)
    return fail(Errc::InvalidArgument,
                fmt::format("%{}: another address of this run is on %{}; a run has one interface",
                            *name, zone));
  zone = std::move(*name);
  return address;
}

Result<std::string> take_zones(std::string_view text, std::string& zone) {
  return each_word(text, [&](std::string_view word) { return take_zone(word, zone); });
}

std::string with_zone(std::string_view text, const std::string& zone) {
  const auto first = packet::Ip::parse(text.substr(0, text.find_first_of("-/,")));
  const bool takes_one =
      first && !first->is_v4() && (first->is_link_local() || first->is_multicast());
  return std::string(text) + (takes_one && !zone.empty() ? "%" + zone : "");
}

std::string with_zones(std::string_view text, const std::string& zone) {
  return *each_word(
      text, [&](std::string_view word) -> Result<std::string> { return with_zone(word, zone); });
}

Result<std::uint8_t> parse_tos(std::string_view text) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const auto digits = is_hex ? text.substr(2) : text;
  const auto value = parse_unsigned<std::uint8_t>(digits, is_hex ? 16 : 10);
  if (!value)
    return fail(Errc::InvalidArgument, "expected a number from 0 to 255 or from 0x0 to 0xff");
  return *value;
}

Result<std::uint8_t> parse_dscp_byte(std::string_view text) {
  auto value = parse_tos(text);
  if (value && (*value & 3) != 0)
    return fail(Errc::InvalidArgument, "the two low bits are for ECN, which TCP sets by itself: "
                                       "expected a multiple of 4 up to 252 or 0xfc");
  return value;
}

Result<std::uint8_t> parse_dscp(std::string_view text) {
  struct Name {
    std::string_view name;
    unsigned point;
  };
  constexpr std::array<Name, 3> kNames = {{{"EF", 46}, {"VA", 44}, {"LE", 1}}};
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto digit = [&name](std::size_t at) { return static_cast<unsigned>(name[at] - '0'); };
  std::optional<unsigned> point;
  if (const auto number = parse_unsigned<std::uint8_t>(text); number && *number < 64)
    point = *number;
  for (const Name& each : kNames)
    if (each.name == name) point = each.point;
  if (name.size() == 3 && name.starts_with("CS") && digit(2) <= 7) point = digit(2) * 8;
  if (name.size() == 4 && name.starts_with("AF") && digit(2) - 1 < 4 && digit(3) - 1 < 3)
    point = digit(2) * 8 + digit(3) * 2;
  if (!point)
    return fail(Errc::InvalidArgument, "expected EF, VA, LE, AF11 to AF43, CS0 to CS7 or a number "
                                       "from 0 to 63");
  return static_cast<std::uint8_t>(*point << 2);
}

Result<std::uint32_t> parse_run_id(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  const auto value = parse_unsigned<std::uint32_t>(digits, 16);
  // All digits are required, so that a number truncated in copying is not taken for another
  // session.
  if (!value || digits.size() != kRunIdDigits)
    return fail(Errc::InvalidArgument,
                "expected the 8 hexadecimal digits of a session, such as 1a2b3c4d or 0x1a2b3c4d");
  return *value;
}

Result<std::string> parse_path(std::string_view text) {
  if (text.empty()) return fail(Errc::InvalidArgument, "expected the name of a file");
  if (text.size() > 1 && text.front() == '-')
    return fail(
        Errc::InvalidArgument,
        fmt::format("an option, not the name of a file; such a name is given as ./{}", text));
  return std::string(text);
}

Result<packet::ListenAddress> parse_metrics_address(std::string_view text) {
  const bool port_only = text.find_first_not_of("0123456789") == text.npos;
  const auto at = packet::ListenAddress::parse(
      port_only ? "127.0.0.1:" + std::string(text) : std::string(text), 0);
  if (at && at->port != 0) return *at;
  return fail(Errc::InvalidArgument, "expected a port, 1 to 65535, with or without an address of "
                                     "this host, such as 9101, 198.18.0.1:9101 or any:9101");
}

Result<std::string> parse_new_file(std::string_view text) {
  auto path = parse_path(text);
  if (!path) return path;
  if (auto writable = can_replace_file(*path); !writable)
    return tl::unexpected<Error>(std::move(writable.error()));
  return path;
}

Result<std::string> parse_output_file(std::string_view text) {
  return text == "-" ? Result<std::string>(std::string(text)) : parse_new_file(text);
}

Result<std::string> parse_stream_name(std::string_view text) {
  const bool printable =
      std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c < 0x7f; });
  if (text.empty() || text.size() > kMaxStreamName || !printable)
    return fail(Errc::InvalidArgument,
                fmt::format("expected 1 to {} printable ASCII characters", kMaxStreamName));
  return std::string(text);
}

Result<std::string> parse_host(std::string_view text) {
  const bool is_clean = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  });
  const bool has_colon = text.find(':') != std::string_view::npos;
  if (text.empty() || text.size() > kMaxHostName || !is_clean || text.front() == '-' ||
      (has_colon && !packet::Ip::parse(text)))
    return fail(Errc::InvalidArgument, "expected the name or the address of a host, such as "
                                       "server1, 198.18.0.2 or 2001:db8::1; a port goes with "
                                       "--port, an interface with --interface");
  return std::string(text);
}

Result<Nanoseconds> parse_positive_duration(std::string_view text) {
  const auto value = parse_duration(text);
  if (!value || *value <= Nanoseconds::zero())
    return fail(Errc::InvalidArgument,
                "expected a duration above zero: seconds, or such as 500ms, 10s, 2m, 1h");
  return *value;
}

Result<Nanoseconds> parse_signed_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  auto value = parse_duration(text.substr(negative ? 1 : 0));
  if (!value) return value;
  return negative ? -*value : *value;
}

Result<Rate> parse_packet_rate(std::string_view text) {
  auto rate = parse_rate(text);
  if (!rate) return rate;
  if (rate->unit == Rate::Unit::Bps || (rate->unit == Rate::Unit::Pps && rate->value < 1))
    return fail(Errc::InvalidArgument,
                "expected packets per second, at least 1pps, such as 2Mpps, or max");
  return rate;
}

} // namespace xtg::spec
