// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "cli/commands.h"
#include "cli/help.h"
#include "core/text.h"
#include "core/version.h"

namespace xtg::cli {
namespace {

constexpr const char* kGeneral = "General";

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

/// Edits (insert, delete, replace, one each) from one word to another.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// "; did you mean X?", or nothing when no candidate is near.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = 3;
  for (const auto& candidate : candidates) {
    const bool is_start = word.size() >= 4 && candidate.starts_with(word);
    const std::size_t distance = is_start ? 0 : edit_distance(word, candidate);
    if (distance >= best_distance || distance * 2 >= word.size()) continue;
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

/// A word that no option or argument took.
tl::unexpected<Error> unknown_word(Tree& tree, const Command* chosen,
                                   const std::vector<std::string>& words) {
  const auto option = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word.size() > 1 && word[0] == '-';
  });
  if (option != words.end()) {
    const std::string name = option->substr(0, option->find('='));
    if (chosen != nullptr)
      return bad_usage(fmt::format("{}: unknown option {}{}", chosen->app().get_name(), name,
                                   suggestion(name, long_options(chosen->app()))));
    for (Command* command : tree.commands())
      if (command->app().get_option_no_throw(name) != nullptr)
        return bad_usage(fmt::format("{} goes behind the command, as in: xdp-trafficgen {} {}",
                                     name, command->app().get_name(), name));
    return bad_usage("unknown option " + name + suggestion(name, long_options(tree.root)));
  }
  if (chosen != nullptr)
    return bad_usage(fmt::format("{}: unexpected argument \"{}\"{}", chosen->app().get_name(),
                                 words.front(),
                                 chosen == &tree.demo ? "; a command goes behind --" : ""));
  std::vector<std::string> names;
  for (Command* command : tree.commands())
    names.push_back(command->app().get_name());
  return bad_usage(fmt::format("unknown command \"{}\": expected one of {}", words.front(),
                               fmt::join(names, ", ")));
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
    return unknown_word(tree, nullptr, words);
  if (command == nullptr)
    return bad_usage("no command given: expected udp, tcp, rx, reflect, probe, demo or completion; "
                     "xdp-trafficgen --help explains them");
  if (const auto words = left_over(command->app()); !words.empty())
    return unknown_word(tree, command, words);
  return command->request();
}

} // namespace

Result<Request> parse(const std::vector<std::string>& args) {
  auto request = parse_words(args);
  if (!request) return tl::unexpected<Error>(one_line(std::move(request.error())));
  return request;
}

} // namespace xtg::cli
