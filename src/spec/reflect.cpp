// SPDX-License-Identifier: BSD-2-Clause
// The options of `reflect`.
#include <array>

#include "spec/tables.h"

namespace xtg::spec {
namespace {

using plan::ReflectSpec;
using plan::Via;

constexpr std::array kVias = {Choice<Via>{"auto", Via::Auto}, Choice<Via>{"xdp", Via::Xdp},
                              Choice<Via>{"tx", Via::Tx}, Choice<Via>{"redirect", Via::Redirect},
                              Choice<Via>{"tc", Via::Tc}};

template <class T>
auto of_reflect(T ReflectSpec::*member) {
  return [member](Scope& s) -> T& { return s.get<ReflectSpec>().*member; };
}

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

void allow_row(Table& table) {
  Option& row =
      table.add({"--allow", "PREFIXES",
                 "allowed senders: 192.0.2.0/24,2001:db8::1 or any; repeatable", "not public"},
                Kind::Text);
  row.many = true;
  row.read = [](Scope& s, const std::string& text) { return allow(s.get<ReflectSpec>(), text); };
  row.write = [](Scope& s) {
    const auto& spec = s.get<ReflectSpec>();
    Texts texts;
    for (const packet::IpPrefix& prefix : spec.allow)
      texts.push_back(with_zone(prefix.to_string(), spec.zone));
    if (spec.allow_any) texts.emplace_back("any");
    return texts;
  };
}

Status check_reflect(const Test& test, const Asked& /*asked*/) {
  if (std::get<ReflectSpec>(test.of).interface.empty())
    return bad_usage("reflect: expected the name of an interface, such as \"reflect eth0\"");
  return {};
}

} // namespace

CommandInfo reflect_command() {
  Table table(Command::Reflect, "reflect", "Send test frames back to their sender.");
  table.info().profile = true;
  table.group("Frames");
  interface_row(table, "-i,--interface,interface",
                "interface to reflect on; the same as the argument",
                of_reflect(&ReflectSpec::interface));
  mode_row(table, of_reflect(&ReflectSpec::mode));
  run_id_row(table, "only frames of this session: 8 hex digits", "any",
             of_reflect(&ReflectSpec::run_id));
  table.value({"-p,--port", "PORT", "only frames to this UDP port, 0 to 65535", "any"},
              of_reflect(&ReflectSpec::port), whole_number<std::uint16_t>(0, 65535));
  allow_row(table);
  table.flag("--any-mac", "also reflect frames to other MAC addresses",
             of_reflect(&ReflectSpec::any_mac));
  table.group("Way back");
  table.value({"--max-rate", "RATE", "packets per second (2Mpps) at most; drop the rest"},
              of_reflect(&ReflectSpec::max_rate), parse_packet_rate);
  table.choice("--via", "XDP (by tx, else redirect), or tc (--mode tc)",
               of_reflect(&ReflectSpec::via), kVias);
  table.flag("--fix", "repair what keeps frames from leaving, for the run",
             of_reflect(&ReflectSpec::fix));
  table.group("End");
  table.amount({"-n,--num-packets", "N", "stop after reflecting this many frames"},
               of_reflect(&ReflectSpec::num_packets), "packets");
  duration_row(table, of_reflect(&ReflectSpec::duration));
  table.group("Output");
  interval_row(table, of_reflect(&ReflectSpec::interval));
  json_rows(table, of_reflect(&ReflectSpec::output));
  talk_rows(table, of_reflect(&ReflectSpec::output));
  table.info().check = check_reflect;
  return table.done();
}

} // namespace xtg::spec
