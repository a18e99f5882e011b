// SPDX-License-Identifier: BSD-2-Clause
#include "cli/help.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace xtg::cli {
namespace {

constexpr const char* kGeneral = "General";

/// "  -s, --pkt-size BYTES", long names aligned; "  -4" without a long name.
std::string left_column(const spec::Option& option) {
  std::string text = "  ";
  text += option.letter == 0 ? "    " : std::string("-") + option.letter;
  if (!option.name.empty()) text += (option.letter == 0 ? "--" : ", --") + option.name;
  if (!option.value.empty()) text += " " + option.value;
  return text;
}

std::string right_column(const spec::Option& option) {
  if (option.fallback.empty()) return option.help;
  return fmt::format("{} (default: {})", option.help, option.fallback);
}

std::string usage(const spec::CommandInfo* command) {
  if (command == nullptr)
    return "xdp-trafficgen COMMAND [OPTION]...\n       xdp-trafficgen --profile FILE [OPTION]...";
  std::string text = fmt::format("xdp-trafficgen {} [OPTION]...", command->name);
  for (const spec::Option& option : command->options)
    if (option.argument)
      text += (option.plain ? " " + option.value : " [" + option.value + "]") +
              (option.plain && option.many ? "..." : "");
  if (!command->rest.empty()) text += " " + command->rest;
  return text;
}

} // namespace

std::vector<spec::Option> general_options() {
  spec::Option help, version;
  help.name = "help";
  help.letter = 'h';
  help.help = "print this and exit";
  version.name = "version";
  version.help = "print the version and exit";
  help.group = version.group = kGeneral;
  help.kind = version.kind = spec::Kind::Flag;
  return {help, version};
}

std::vector<spec::Option> root_options() {
  auto out = general_options();
  spec::Option profile = *spec::find_command("udp")->by_word("--profile");
  profile.group = kGeneral;
  out.push_back(std::move(profile));
  return out;
}

std::string help_text(const spec::CommandInfo* command) {
  const std::string summary =
      command != nullptr ? command->summary
                         : "Send packets with the kernel's XDP live frames, at millions per second "
                           "and core.";
  std::string text = fmt::format("Usage: {}\n\n{}\n", usage(command), summary);
  if (command == nullptr) text += "\nCommands:\n";
  for (const spec::CommandInfo& each : spec::commands())
    if (command == nullptr) text += fmt::format("  {:<12}{}\n", each.name, each.summary);

  auto options = command != nullptr ? command->options : std::vector<spec::Option>{};
  std::erase_if(options, [](const spec::Option& o) { return o.plain || !o.on_argv; });
  for (auto& option : command != nullptr ? general_options() : root_options())
    options.push_back(std::move(option));
  std::vector<std::string> groups;
  std::size_t width = 0;
  for (const spec::Option& option : options) {
    width = std::max(width, left_column(option).size() + 2);
    if (std::ranges::count(groups, option.group) == 0) groups.push_back(option.group);
  }
  for (const std::string& group : groups) {
    text += "\n" + group + ":\n";
    for (const spec::Option& option : options)
      if (option.group == group)
        text += fmt::format("{:<{}}{}\n", left_column(option), width, right_column(option));
  }
  return text;
}

} // namespace xtg::cli
