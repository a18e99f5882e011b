// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.h"

#include <array>

#include "cli/common_options.h"

namespace xtg::cli {
namespace {

using plan::Via;

constexpr std::array kVias = {Choice<Via>{"auto", Via::Auto}, Choice<Via>{"tx", Via::Tx},
                              Choice<Via>{"redirect", Via::Redirect}};

/// Adds a list of prefixes to those of the spec.
Status allow(plan::ReflectSpec& spec, std::string_view text) {
  while (true) {
    const auto comma = text.find(',');
    const auto word = text.substr(0, comma);
    if (word == "any") {
      spec.allow_any = true;
    } else {
      auto address = take_zone(word, spec.zone);
      if (!address) return tl::unexpected<Error>(std::move(address.error()));
      auto prefix = packet::IpPrefix::parse(*address);
      if (!prefix) return tl::unexpected<Error>(std::move(prefix.error()));
      spec.allow.push_back(*prefix);
    }
    if (spec.allow.size() > plan::kMaxAllowed)
      return fail(Errc::InvalidArgument,
                  fmt::format("at most {} prefixes are accepted in all", plan::kMaxAllowed));
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

Result<Rate> parse_max_rate(std::string_view text) {
  auto rate = parse_rate(text);
  if (!rate) return rate;
  if (rate->unit == Rate::Unit::Bps || (rate->unit == Rate::Unit::Pps && rate->value < 1))
    return fail(Errc::InvalidArgument,
                "expected packets per second, at least 1pps, such as 2Mpps, or max");
  return rate;
}

} // namespace

ReflectCommand::ReflectCommand(CLI::App& root)
    : Command(root, "reflect", "Send test frames back to where they came from.") {
  declare_frames();
  declare_way_back();
  options_.group("End");
  options_.value(
      {"-n,--num-packets", "N", "stop when so many test frames were sent back", "0, no limit"},
      into(amount_of("packets"), spec_.num_packets));
  options_.value({"--duration", "TIME", "stop after this: seconds, or 500ms, 2m, 1h", "no limit"},
                 into(parse_positive_duration, spec_.duration));
  options_.group("Output");
  add_interval(options_, spec_.interval);
  add_json(options_, spec_.output);
  add_talk(options_, spec_.output);
}

void ReflectCommand::declare_frames() {
  options_.group("Frames");
  options_.value({"-i,--interface,interface", "INTERFACE",
                  "where to send frames back; the same as the argument"},
                 into(parse_interface, spec_.interface));
  add_mode(options_, spec_.mode);
  options_.value({"--session", "HEX", "only frames of this session: 8 hex digits", "any"},
                 into(parse_session, spec_.session));
  options_.value({"-p,--port", "PORT", "only frames to this UDP port, 0 to 65535", "any"},
                 into(whole_number<std::uint16_t>(0, 65535), spec_.port));
  options_.list({"--allow", "PREFIXES",
                 "only from these: 192.0.2.0/24,2001:db8::1 or any; repeatable", "not public"},
                [this](const std::string& text) { return allow(spec_, text); });
  options_.flag({"--any-mac", "", "also frames to other MAC addresses than the interface's"},
                [this] { spec_.any_mac = true; });
}

void ReflectCommand::declare_way_back() {
  options_.group("Way back");
  options_.value({"--max-rate", "RATE",
                  "packets per second (2Mpps) at most; what is beyond is dropped", "max"},
                 into(parse_max_rate, spec_.max_rate));
  options_.value({"--via", choice_names<Via>(kVias),
                  "how frames leave: XDP_TX, or a redirect where a driver lacks it",
                  choice_name<Via>(kVias, spec_.via)},
                 into(one_of<Via>(kVias), spec_.via));
  options_.flag({"--fix", "", "repair what keeps frames from leaving, for the run"},
                [this] { spec_.fix = true; });
}

Result<Request> ReflectCommand::request() {
  if (auto ok = options_.apply(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = check_json(spec_.output); !ok) return tl::unexpected<Error>(ok.error());
  if (spec_.interface.empty())
    return bad_usage("reflect: expected the name of an interface, such as \"reflect eth0\"");
  return Request(spec_);
}

} // namespace xtg::cli
