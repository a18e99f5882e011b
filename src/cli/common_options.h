// SPDX-License-Identifier: BSD-2-Clause
// Options that several commands share, with the rules that hold between them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_set.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"

namespace xtg::cli {

/// A name that a network interface can have.
Result<std::string> parse_interface(std::string_view text);

/// A frame's size with its FCS, within what any header stack and the kernel allow.
Result<std::uint32_t> parse_frame_size(std::string_view text);

/// A byte in decimal, or in hexadecimal behind 0x as ToS values are often written.
Result<std::uint8_t> parse_tos(std::string_view text);

/// The eight hexadecimal digits that name a session of a sender.
Result<std::uint32_t> parse_session(std::string_view text);

Result<std::string> parse_path(std::string_view text);

/// --key of both sides.
void add_key(OptionSet& options, std::optional<SipKey>& key);

/// Takes the zone off an address, a range or a prefix: "fe80::1%eth0" leaves "fe80::1". All
/// addresses of a run name the same zone, which is kept in `zone`.
Result<std::string> take_zone(std::string_view text, std::string& zone);

/// The same for each word of a text, such as a filter.
Result<std::string> take_zones(std::string_view text, std::string& zone);

/// Setter of an address that may have a zone; `parse` gets it without.
template <class Parse, class Target>
Setter into_zoned(Parse parse, Target& target, std::string& zone) {
  return [parse, &target, &zone](const std::string& text) -> Status {
    auto address = take_zone(text, zone);
    if (!address) return tl::unexpected<Error>(std::move(address.error()));
    return into(parse, target)(*address);
  };
}

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

void add_threads(OptionSet& options, const std::string& names, std::uint32_t& threads,
                 std::vector<int>& cpus);
/// Each CPU carries one thread: settles the thread count and refuses counts that differ.
Status settle_threads(const OptionSet& options, std::uint32_t& threads,
                      const std::vector<int>& cpus);

/// --rate and --rate-layer.
void add_rate(OptionSet& options, plan::RateLaw& rate);
Status check_rate(const OptionSet& options, const plan::RateLaw& rate);
/// --burst of a rate, and with it the check of all three.
void add_rate_burst(OptionSet& options, plan::RateLaw& rate);
Status check_rate_and_burst(const OptionSet& options, const plan::RateLaw& rate);

/// --window of a receiver.
void add_window(OptionSet& options, std::uint32_t& window);

/// --mode of a program that receives.
void add_mode(OptionSet& options, plan::RxMode& mode);

void add_interval(OptionSet& options, Nanoseconds& interval);
/// Parser of a duration above zero.
Result<Nanoseconds> parse_positive_duration(std::string_view text);

void add_json(OptionSet& options, plan::OutputSpec& output);
Status check_json(const plan::OutputSpec& output);
void add_talk(OptionSet& options, plan::OutputSpec& output); ///< --quiet, --verbose

/// --allow-default-route, --allow-public, --fix, under a heading of their own. Spec: plan::RunSpec
/// or plan::TcpSpec.
template <class Spec>
void add_safety(OptionSet& options, Spec& spec) {
  options.group("Safety");
  options.flag({"--allow-default-route", "", "send on the interface that has the default route"},
               [&spec] { spec.allow_default_route = true; });
  options.flag({"--allow-public", "", "send to public addresses"},
               [&spec] { spec.allow_public = true; });
  options.flag({"--fix", "", "repair what keeps frames from leaving, for the run"},
               [&spec] { spec.fix = true; });
}

} // namespace xtg::cli
