// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "cli/commands.h"
#include "cli/foreign.h"
#include "cli/help.h"
#include "core/text.h"
#include "core/version.h"

namespace xtg::cli {
namespace {

constexpr const char* kGeneral = "General";
constexpr std::array<std::string_view, 2> kHelp = {"-h", "--help"};

/// The option tree; the version flag is not handed down by CLI11.
struct Tree {
  CLI::App root{"Send packets with the kernel's XDP live frames, at millions per second and core.",
                "xdp-trafficgen"};
  // The root's settings are inherited when a command is added, so they come first.
  bool prepared = prepare(root);
  UdpCommand udp{root};
  TcpCommand tcp{root};
  RxCommand rx{root};
  ReflectCommand reflect{root};
  ProbeCommand probe{root};
  DemoCommand demo{root};
  CompletionCommand completion{root};

  Tree() {
    add_version(root);
    for (Command* command : commands())
      add_version(*root.get_subcommand(command->app().get_name()));
  }
  std::array<Command*, 7> commands() {
    return {&udp, &tcp, &rx, &reflect, &probe, &demo, &completion};
  }

private:
  static bool prepare(CLI::App& root) {
    root.set_help_flag("-h,--help", "print this and exit")->group(kGeneral);
    // Words that nothing takes are kept for a message of our own.
    root.allow_extras();
    root.require_subcommand(0, 1);
    return true;
  }
  static void add_version(CLI::App& app) {
    app.set_version_flag("--version", std::string("xdp-trafficgen ") + kVersion + "\n",
                         "print the version and exit")
        ->group(kGeneral);
  }
};

/// Edits from one word to another: insert, delete, replace, swap two neighbours, one each.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before, last, row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      row[j + 1] = std::min({last[j] + (from[i] == to[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1});
      if (i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j])
        row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row.back();
}

std::string_view without_dashes(std::string_view word) {
  return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

/// "; did you mean X?", or nothing when no candidate is near: a third of the letters may differ.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string_view typed = without_dashes(word);
  const std::string* best = nullptr;
  std::size_t best_distance = 3;
  for (const auto& candidate : candidates) {
    const std::string_view name = without_dashes(candidate);
    const bool is_start = typed.size() >= 2 && name.starts_with(typed);
    const std::size_t distance = is_start ? 0 : edit_distance(typed, name);
    if (distance >= best_distance || distance * 3 > std::max(typed.size(), name.size())) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? std::string{} : "; did you mean " + *best + "?";
}

std::vector<std::string> long_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const auto& name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

/// The words that nothing took; "--" itself is among CLI11's.
std::vector<std::string> left_over(const CLI::App& app) {
  auto words = app.remaining();
  std::erase(words, "--");
  return words;
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

/// In front of what names ours.
std::string after(std::string_view semicolon, const std::string& text) {
  return text.empty() ? std::string{} : std::string(semicolon) + text;
}

tl::unexpected<Error> unknown_option(const Command& command, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const std::string& of = command.app().get_name();
  std::string hint = after("; ", foreign_option(of, name));
  // "-b1G" is "-b 1G"
  if (hint.empty() && word.size() > 2 && word[1] != '-')
    hint = after("; ", foreign_option(of, word.substr(0, 2)));
  if (hint.empty()) hint = suggestion(name, long_options(command.app()));
  return bad_usage(fmt::format("{}: unknown option {}{}", of, name, hint));
}

/// A word in front of any command.
tl::unexpected<Error> unknown_at_root(Tree& tree, const std::string& word) {
  std::vector<std::string> names;
  for (Command* command : tree.commands())
    names.push_back(command->app().get_name());
  if (!is_option(word))
    return bad_usage(fmt::format("unknown command \"{}\"{}; expected one of {}", word,
                                 suggestion(word, names), fmt::join(names, ", ")));
  const std::string name = word.substr(0, word.find('='));
  if (const std::string hint = foreign_option("", name); !hint.empty())
    return bad_usage(fmt::format("unknown option {}; {}", name, hint));
  for (Command* command : tree.commands())
    if (command->app().get_option_no_throw(name) != nullptr)
      return bad_usage(fmt::format("{} goes behind the command, as in: xdp-trafficgen {} {}", name,
                                   command->app().get_name(), name));
  return bad_usage("unknown option " + name + suggestion(name, long_options(tree.root)));
}

/// Words that no option or argument of the command took. `args`: all of the command's.
tl::unexpected<Error> unknown_word(const Command& command, const std::vector<std::string>& words,
                                   const std::vector<std::string>& args) {
  const auto option = std::find_if(words.begin(), words.end(), is_option);
  if (option != words.end()) return unknown_option(command, *option);
  const std::string& of = command.app().get_name();
  std::string hint = after("; ", foreign_word(of, args));
  if (hint.empty() && of == "demo") hint = "; a command goes behind --";
  return bad_usage(fmt::format("{}: unexpected argument \"{}\"{}", of, words.front(), hint));
}

/// "-4" is an option, which CLI11 believes only of those it knows; others would be arguments. Where
/// an option's value is expected, it is left to be refused as that.
const std::string* digit_option(const Command& command, const std::vector<std::string>& args) {
  for (std::size_t i = 1; i < args.size() && args[i] != "--"; ++i) {
    const std::string& word = args[i];
    if (!is_option(word) || word[1] < '0' || word[1] > '9' ||
        command.app().get_option_no_throw(word.substr(0, 2)) != nullptr)
      continue;
    const CLI::Option* before =
        is_option(args[i - 1]) ? command.app().get_option_no_throw(args[i - 1]) : nullptr;
    if (before == nullptr || before->get_items_expected_max() == 0) return &word;
  }
  return nullptr;
}

/// An option without its value, or a flag with one: CLI11's message begins with the option's name.
tl::unexpected<Error> mismatch(const Command* chosen, std::string_view message) {
  std::string name(message.substr(0, message.find_first_of(": ")));
  if (!name.starts_with('-')) name.insert(0, "--");
  const CLI::Option* option = chosen == nullptr ? nullptr : chosen->app().get_option_no_throw(name);
  if (option == nullptr || option->get_items_expected_max() == 0)
    return bad_usage(name + ": no value is accepted");
  return bad_usage(fmt::format("{}: the value is missing; expected {} ({})", name,
                               option->get_type_name(), option->get_description()));
}

/// CLI11 would take the next word as the value of "--option=".
std::optional<std::string> empty_value(const std::vector<std::string>& args) {
  const auto found = std::find_if(args.begin(), args.end(), [](const std::string& arg) {
    return arg.starts_with("--") && arg.find('=') == arg.size() - 1;
  });
  if (found == args.end()) return std::nullopt;
  return found->substr(0, found->size() - 1);
}

bool asks_help(const std::vector<std::string>& args) {
  const auto dashes = std::find(args.begin(), args.end(), "--");
  return std::find_first_of(args.begin(), dashes, kHelp.begin(), kHelp.end()) != dashes;
}

/// What a message quotes may hold anything; it stays one line.
Error one_line(Error error) {
  error.what = printable(error.what);
  return error;
}

Result<Request> parse_words(std::vector<std::string> args) {
  Tree tree;
  // What stands behind "--" is demo's command; for the others it means nothing special.
  const auto dashes = std::find(args.begin(), args.end(), "--");
  const bool has_dashes = dashes != args.end();
  if (!args.empty() && args.front() == tree.demo.app().get_name() && has_dashes) {
    tree.demo.set_command({dashes + 1, args.end()}, true);
    args.erase(dashes, args.end());
  }
  if (const auto name = empty_value(args))
    return bad_usage(*name + " \"\": the value is empty; see --help for what is accepted");

  const auto chosen = [&tree]() -> Command* {
    for (Command* command : tree.commands())
      if (command->app().parsed()) return command;
    return nullptr;
  };
  const std::vector<std::string> typed = args;
  for (Command* command : tree.commands()) {
    if (typed.empty() || typed.front() != command->app().get_name()) continue;
    command->set_args(typed);
    if (const std::string* word = digit_option(*command, typed);
        word != nullptr && !asks_help(typed))
      return unknown_option(*command, *word);
  }
  try {
    std::reverse(args.begin(), args.end());
    tree.root.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    Command* command = chosen();
    return Request(TextRequest{help_text(command == nullptr ? tree.root : command->app())});
  } catch (const CLI::CallForVersion& version) {
    return Request(TextRequest{version.what()});
  } catch (const CLI::ArgumentMismatch& error) {
    return mismatch(chosen(), error.what());
  } catch (const CLI::Error& error) {
    return bad_usage(error.what());
  }

  Command* command = chosen();
  // Words in front of the command are the root's, also when a command follows.
  if (const auto words = left_over(tree.root); !words.empty())
    return unknown_at_root(tree, words.front());
  if (command == nullptr)
    return bad_usage("no command given: expected udp, tcp, rx, reflect, probe, demo or completion; "
                     "xdp-trafficgen --help explains them");
  if (const auto words = left_over(command->app()); !words.empty())
    return unknown_word(*command, words, typed);
  return command->request();
}

} // namespace

Result<Request> parse(const std::vector<std::string>& args) {
  auto request = parse_words(args);
  if (!request) return tl::unexpected<Error>(one_line(std::move(request.error())));
  return request;
}

} // namespace xtg::cli
