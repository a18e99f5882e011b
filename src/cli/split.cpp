// SPDX-License-Identifier: BSD-2-Clause
#include "cli/split.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace xtg::cli {
namespace {

/// CLI11's options beside those of the table.
struct Declared {
  const spec::CommandInfo* command;
  CLI::App* app;
  std::vector<std::pair<const spec::Option*, CLI::Option*>> options{};
};

CLI::Option* declare(CLI::App& app, const spec::Option& option) {
  auto names = option.spellings();
  if (option.argument) names.push_back(option.name);
  const std::string all = fmt::format("{}", fmt::join(names, ","));
  if (option.is_flag()) return app.add_flag(all)->disable_flag_override();
  // All values are kept, so that an option given twice is reported in our own words.
  CLI::Option* out = app.add_option(all, [](const CLI::results_t&) { return true; });
  if (option.plain && option.many) out->expected(1, CLI::detail::expected_max_vector_size);
  if (option.plain && option.many)
    out->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
  return out->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

Declared declare(CLI::App& root, const spec::CommandInfo& command) {
  Declared out{&command, root.add_subcommand(command.name)};
  for (const spec::Option& option : command.options)
    if (option.on_argv) out.options.emplace_back(&option, declare(*out.app, option));
  out.app->set_version_flag("--version", command.name);
  return out;
}

/// Arguments that nothing took; CLI11 includes "--" itself.
std::vector<std::string> left_over(const CLI::App& app) {
  auto words = app.remaining();
  std::erase(words, "--");
  return words;
}

std::vector<spec::Given> given_of(const Declared& declared) {
  std::vector<spec::Given> out;
  for (const auto& [option, cli] : declared.options) {
    if (cli->count() == 0) continue;
    auto texts =
        option->is_flag() ? std::vector<std::string>{std::string(spec::kTrue)} : cli->results();
    out.push_back({option, std::move(texts), option->shown()});
  }
  return out;
}

} // namespace

Split split(std::vector<std::string> args) {
  CLI::App root("", "xdp-trafficgen");
  // A command inherits the root's settings when it is added, so they come first.
  root.set_help_flag("-h,--help");
  root.allow_extras(); // unknown arguments are kept for our own error message
  root.require_subcommand(0, 1);
  std::vector<Declared> commands;
  for (const spec::CommandInfo& command : spec::commands())
    commands.push_back(declare(root, command));
  root.set_version_flag("--version", "version");

  Split out;
  try {
    std::ranges::reverse(args);
    root.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    out.end = Split::End::Help;
  } catch (const CLI::CallForVersion&) {
    out.end = Split::End::Version;
  } catch (const CLI::ArgumentMismatch& error) {
    out.end = Split::End::Mismatch;
    out.message = error.what();
  } catch (const CLI::Error& error) {
    out.end = Split::End::Refused;
    out.message = error.what();
  }
  out.before = left_over(root);
  for (const Declared& declared : commands) {
    if (!declared.app->parsed()) continue;
    out.command = declared.command;
    out.given = given_of(declared);
    out.rest = left_over(*declared.app);
  }
  return out;
}

} // namespace xtg::cli
