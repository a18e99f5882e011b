// SPDX-License-Identifier: BSD-2-Clause
// The options of `search`: those of `udp` that describe what is sent, and those of the search.
#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"
#include "plan/search_spec.h"
#include "spec/tables.h"

namespace xtg::spec {
namespace {

using plan::SearchSpec;

/// Options of `udp` that the search decides by itself, or that fit no series of trials.
constexpr std::array<std::string_view, 13> kNotOfSearch = {
    "num-packets", "duration", "announce-gap", "announce",    "key",          "session", "interval",
    "port",        "expect",   "write-pcap",   "show-frames", "no-signature", "clock"};

constexpr std::array kPresets = {Choice<search::Preset>{"default", search::Preset::Default},
                                 Choice<search::Preset>{"quick", search::Preset::Quick},
                                 Choice<search::Preset>{"rfc2544", search::Preset::Rfc2544}};

template <class T>
auto of_search(T SearchSpec::*member) {
  return [member](Scope& s) -> T& { return s.get<SearchSpec>().*member; };
}

/// An option that is a list: text to list and back.
template <class Get, class Parse, class Write>
void list_row(Table& table, OptionText text, Get get, Parse parse, Write write) {
  Option& row = table.add(std::move(text), Kind::Text);
  row.read = [get, parse](Scope& s, const std::string& typed) -> Status {
    auto parsed = parse(typed);
    if (!parsed) return tl::unexpected<Error>(std::move(parsed.error()));
    get(s) = std::move(*parsed);
    return {};
  };
  row.write = [get, write](Scope& s) { return texts_of(write(get(s))); };
}

Result<std::vector<packet::SizeLaw>> parse_sizes(std::string_view text) {
  std::vector<packet::SizeLaw> sizes;
  while (true) {
    const auto comma = text.find(',');
    auto size = packet::SizeLaw::parse(text.substr(0, comma));
    if (!size) return tl::unexpected<Error>(std::move(size.error()));
    sizes.push_back(std::move(*size));
    if (comma == std::string_view::npos) return sizes;
    text.remove_prefix(comma + 1);
  }
}

std::string sizes_text(const std::vector<packet::SizeLaw>& sizes) {
  std::string text;
  for (const packet::SizeLaw& size : sizes)
    text += (text.empty() ? "" : ",") + size.to_string();
  return text;
}

std::string expect_text(const std::vector<plan::SearchCondition>& conditions) {
  std::string text;
  for (const plan::SearchCondition& condition : conditions)
    text += (text.empty() ? "" : ",") + condition.text;
  return text;
}

void goal_rows(Table& table) {
  table.choice("--preset", "goals: NDR and PDR, the same within 15 s, or RFC 2544 with 60 s trials",
               of_search(&SearchSpec::preset), kPresets);
  table.slot("preset");
  for (const auto& preset : {kPresets[1], kPresets[2]}) {
    Option& row = table.add({"--" + std::string(preset.name), "",
                             fmt::format("the same as --preset {}", preset.name), ""},
                            Kind::Flag);
    row.in_json = false;
    row.read = [value = preset.value](Scope& s, const std::string&) -> Status {
      s.get<SearchSpec>().preset = value;
      return {};
    };
    table.slot("preset");
  }
  Option& goal = table.add({"--goal", "GOAL",
                            "a goal in place of the preset's: loss=, duration=, sum=, exceed=, "
                            "width=, initial=, name=",
                            ""},
                           Kind::Text);
  goal.many = true;
  goal.read = [](Scope& s, const std::string& text) -> Status {
    auto parsed = search::parse_goal(text);
    if (!parsed) return tl::unexpected<Error>(std::move(parsed.error()));
    s.get<SearchSpec>().goals.push_back(std::move(*parsed));
    return {};
  };
  goal.write = [](Scope& s) {
    Texts texts;
    for (const search::Goal& each : s.get<SearchSpec>().goals)
      texts.push_back(search::to_string(each));
    return texts;
  };
  list_row(
      table,
      {"--max-latency", "CONDITIONS", "count a trial that breaks one as lossy, as in p99<50us", ""},
      of_search(&SearchSpec::latency), search::parse_latency_limits,
      [](const auto& limits) { return search::to_string(limits); });
}

void search_rows(Table& table) {
  table.place(Place::Run);
  table.group("Search");
  Option& reflector = table.value(
      {"--reflect", "IP", "send to this reflector and receive on the sending interface", ""},
      of_search(&SearchSpec::reflector), [](std::string_view text) -> Result<std::string> {
        auto address = packet::Ip::parse(text);
        if (!address) return tl::unexpected<Error>(std::move(address.error()));
        return address->to_string();
      });
  reflector.kind = Kind::Text;
  goal_rows(table);
  table.value({"--min-rate", "RATE", "lowest load of a port: pps, bps, or % of the link speed",
               "a hundred-thousandth of the ceiling"},
              of_search(&SearchSpec::min_rate), plan::parse_search_rate);
  table.value(
      {"--max-rate", "RATE", "highest load of a port, likewise", "what the generator reaches"},
      of_search(&SearchSpec::max_rate), plan::parse_search_rate);
  table.value({"--resolution", "RATE", "accept bounds that are this close", "the goal's width"},
              of_search(&SearchSpec::resolution), plan::parse_search_rate);
  list_row(
      table,
      {"--sizes", "LIST", "search once for each size, as in 64,128,imix", "that of --pkt-size"},
      of_search(&SearchSpec::sizes), parse_sizes, sizes_text);
  table.value({"--max-time", "TIME", "time limit per size; then report the best bounds so far",
               "no limit, quick: 14s"},
              of_search(&SearchSpec::max_time), parse_positive_duration);
  list_row(table, {"--expect", "CONDITIONS", "exit status 3 unless all hold, as in ndr>1Mpps", ""},
           of_search(&SearchSpec::expect), plan::parse_search_expect, expect_text);
}

Status check_names(const SearchSpec& spec) {
  const auto goals = plan::goals_of(spec);
  for (auto goal = goals.begin(); goal != goals.end(); ++goal)
    if (std::find_if(goals.begin(), goal,
                     [&](const auto& other) { return other.name == goal->name; }) != goal)
      return bad_usage(
          fmt::format("--goal: two goals are called {}: name=NAME distinguishes them", goal->name));
  for (const plan::SearchCondition& condition : spec.expect)
    if (std::ranges::find(goals, condition.goal, &search::Goal::name) == goals.end()) {
      std::vector<std::string> names;
      for (const search::Goal& goal : goals)
        names.push_back(goal.name);
      return bad_usage(fmt::format("--expect {}: no goal has this name; expected one of {}",
                                   xtg::quoted(condition.text), fmt::join(names, ", ")));
    }
  return {};
}

/// Where the frames are received, if not on a server's host.
Status check_receiver(const SearchSpec& spec) {
  const plan::PortSpec& sender = spec.test.ports.front();
  const bool rx = plan::sees_both_ends(spec.test);
  if (sender.interface.empty())
    return bad_usage("search: expected the name of the sending interface, as in \"search eth1 --rx "
                     "eth2\"");
  if (spec.reflector.empty() && !rx)
    return bad_usage("search: expected where the frames arrive: --rx INTERFACE after a device, "
                     "--reflect IP or --server HOST");
  if (!spec.reflector.empty() && rx)
    return bad_usage("--reflect and --rx exclude each other: with a reflector, frames arrive on "
                     "the sending interface");
  if (!spec.reflector.empty() && std::ranges::any_of(sender.streams, [](const auto& stream) {
        return stream.dst_addr.has_value();
      }))
    return bad_usage("--reflect and --dst-addr exclude each other: both say where to send");
  if (auto ok = check_leaves(spec.test, "--rx and --reflect"); !ok) return ok;
  if (spec.test.bidir && spec.test.ports.size() == 1)
    return bad_usage("--bidir needs the interface that sends the way back: --rx");
  return {};
}

/// A rate whose bits count on a layer.
bool has_bit_rate(const SearchSpec& spec) {
  const auto in_bits = [](const Rate& rate) { return rate.unit == Rate::Unit::Bps; };
  for (const auto& rate : {spec.min_rate, spec.max_rate, spec.resolution})
    if (rate && rate->percent == 0 && in_bits(rate->rate)) return true;
  return std::ranges::any_of(spec.expect, [&](const auto& c) { return in_bits(c.bound); }) ||
         std::ranges::any_of(spec.test.ports, [&](const plan::PortSpec& port) {
           return std::ranges::any_of(port.streams,
                                      [&](const auto& s) { return in_bits(s.rate.rate); });
         });
}

Status check_search(const Test& test, const Asked& asked) {
  const auto& spec = std::get<SearchSpec>(test.of);
  if (auto ok = check_server(test, asked); !ok) return ok;
  if (test.far.host.empty())
    if (auto ok = check_receiver(spec); !ok) return ok;
  if (!test.far.host.empty() && !spec.reflector.empty())
    return bad_usage("--reflect and --server exclude each other: both say where frames arrive");
  if (auto ok = check_names(spec); !ok) return ok;
  const auto& streams = spec.test.ports.front().streams;
  if (streams.size() == 1 && streams.front().rate.rate.unit != Rate::Unit::Max)
    return bad_usage(fmt::format("--rate {}: the search chooses the rate, between --min-rate and "
                                 "--max-rate",
                                 format_rate(streams.front().rate.rate)));
  if (asked.has("--rate-layer") && !has_bit_rate(spec))
    return bad_usage(fmt::format("--rate-layer {} needs a rate in bits per second: of a stream, "
                                 "--min-rate, --max-rate, --resolution or --expect",
                                 to_string(streams.front().rate.layer)));
  if (asked.has("--sizes") && asked.has("--pkt-size"))
    return bad_usage("--sizes and --pkt-size exclude each other: one of the two is accepted");
  return {};
}

} // namespace

CommandInfo search_command() {
  Table table(Command::Search, "search",
              "Find the highest rate that passes without loss (RFC 9971, RFC 2544).");
  add_udp_rows(table);
  std::erase_if(table.info().options, [](const Option& row) {
    return std::ranges::find(kNotOfSearch, row.name) != kNotOfSearch.end();
  });
  const auto dry_run = std::ranges::find(table.info().options, "dry-run", &Option::name);
  dry_run->help = "send nothing, print the search's plan; needs no root";
  search_rows(table);
  server_rows(table);
  table.info().check = check_search;
  return table.done();
}

} // namespace xtg::spec
