// SPDX-License-Identifier: BSD-2-Clause
#include "spec/option.h"

#include <algorithm>
#include <array>

#include "spec/tables.h"

namespace xtg::spec {

std::string Option::shown() const {
  if (plain) return name;
  return name.empty() ? std::string("-") + letter : "--" + name;
}

std::vector<std::string> Option::spellings() const {
  std::vector<std::string> out;
  if (plain) return out;
  if (letter != 0) out.push_back(std::string("-") + letter);
  if (!name.empty()) out.push_back("--" + name);
  for (const std::string& alias : aliases)
    out.push_back("--" + alias);
  return out;
}

std::vector<std::string> Option::choices() const {
  const bool is_choice =
      value.find('|') != std::string::npos && std::ranges::all_of(value, [](char c) {
        return c == '|' || c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      });
  std::vector<std::string> out;
  for (std::string_view rest = value; is_choice;) {
    const auto bar = rest.find('|');
    out.emplace_back(rest.substr(0, bar));
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 1);
  }
  return out;
}

const Option* CommandInfo::by_key(std::string_view key) const {
  const auto found =
      std::ranges::find_if(options, [&](const Option& o) { return o.in_json && o.key == key; });
  return found == options.end() ? nullptr : &*found;
}

const Option* CommandInfo::by_word(std::string_view word) const {
  for (const Option& option : options)
    if (option.on_argv && std::ranges::count(option.spellings(), word) > 0) return &option;
  return nullptr;
}

std::span<const CommandInfo> commands() {
  static const std::array all = {udp_command(),     tcp_command(),       rx_command(),
                                 reflect_command(), tcp_sink_command(),  search_command(),
                                 probe_command(),   demo_command(),      serve_command(),
                                 report_command(),  completion_command()};
  static_assert(all.size() == std::variant_size_v<decltype(Test::of)>);
  return all;
}

const CommandInfo* find_command(std::string_view name) {
  const auto all = commands();
  const auto found = std::ranges::find(all, name, &CommandInfo::name);
  return found == all.end() ? nullptr : &*found;
}

const CommandInfo& info_of(const Test& test) {
  return commands()[test.of.index()];
}

} // namespace xtg::spec
