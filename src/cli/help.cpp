// SPDX-License-Identifier: BSD-2-Clause
#include "cli/help.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace xtg::cli {
namespace {

/// "  -s, --pkt-size BYTES", the long names aligned; "  -4" where there is none.
std::string left_column(const CLI::Option& option) {
  std::string text = "  ";
  text += option.get_snames().empty() ? "    " : "-" + option.get_snames().front();
  if (!option.get_lnames().empty())
    text += (option.get_snames().empty() ? "--" : ", --") + option.get_lnames().front();
  if (!option.get_type_name().empty()) text += " " + option.get_type_name();
  return text;
}

std::string right_column(const CLI::Option& option) {
  std::string text = option.get_description();
  if (!option.get_default_str().empty())
    text += fmt::format(" (default: {})", option.get_default_str());
  return text;
}

std::string usage(const CLI::App& app) {
  if (app.get_parent() == nullptr) return app.get_name() + " COMMAND [OPTION]...";
  std::string text = fmt::format("{} {} [OPTION]...", app.get_parent()->get_name(), app.get_name());
  for (const CLI::Option* option : app.get_options())
    if (option->get_positional())
      text += option->nonpositional() ? " [" + option->get_type_name() + "]"
                                      : " " + option->get_type_name();
  // The footer holds what stands behind the options without being one.
  if (!app.get_footer().empty()) text += " " + app.get_footer();
  return text;
}

} // namespace

std::string help_text(const CLI::App& app) {
  std::string text = fmt::format("Usage: {}\n\n{}\n", usage(app), app.get_description());

  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  if (!commands.empty()) text += "\nCommands:\n";
  for (const CLI::App* command : commands)
    text += fmt::format("  {:<12}{}\n", command->get_name(), command->get_description());

  // Groups in the order of their first option; --help and --version, declared first, come last.
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : app.get_options())
    if (option->nonpositional()) options.push_back(option);
  std::vector<std::string> groups;
  std::size_t width = 0;
  for (const CLI::Option* option : options) {
    width = std::max(width, left_column(*option).size() + 2);
    if (std::find(groups.begin(), groups.end(), option->get_group()) == groups.end())
      groups.push_back(option->get_group());
  }
  if (!groups.empty()) std::rotate(groups.begin(), groups.begin() + 1, groups.end());
  for (const std::string& group : groups) {
    text += "\n" + group + ":\n";
    for (const CLI::Option* option : options)
      if (option->get_group() == group)
        text += fmt::format("{:<{}}{}\n", left_column(*option), width, right_column(*option));
  }
  return text;
}

} // namespace xtg::cli
