// SPDX-License-Identifier: BSD-2-Clause
#include "cli/cli.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.h"
#include "cli/foreign.h"
#include "cli/help.h"
#include "cli/split.h"
#include "cli/version.h"
#include "core/program_name.h"
#include "core/text.h"
#include "spec/draft.h"
#include "spec/profile.h"
#include "spec/suggest.h"

namespace xtg::cli {
namespace {

using spec::CommandInfo;
using spec::suggestion;
using Args = std::vector<std::string>;

constexpr std::array<std::string_view, 2> kHelp = {"-h", "--help"};
constexpr std::string_view kProfile = "--profile";

tl::unexpected<Error> bad_usage(std::string what) {
  return fail(Errc::InvalidArgument, std::move(what));
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandInfo& command : spec::commands())
    names.push_back(command.name);
  return names;
}

std::vector<std::string> long_options(const CommandInfo& command) {
  std::vector<std::string> names = {"--help", "--version"};
  for (const spec::Option& option : command.options)
    if (option.on_argv)
      for (auto& name : option.spellings())
        if (name.starts_with("--")) names.push_back(std::move(name));
  return names;
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-';
}

/// Prefix of the hint that names our option.
std::string after(std::string_view semicolon, const std::string& text) {
  return text.empty() ? std::string{} : std::string(semicolon) + text;
}

tl::unexpected<Error> unknown_option(const CommandInfo& command, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::string hint = after("; ", foreign_option(command.name, name));
  // "-b1G" is "-b 1G"
  if (hint.empty() && word.size() > 2 && word[1] != '-')
    hint = after("; ", foreign_option(command.name, word.substr(0, 2)));
  if (hint.empty()) hint = suggestion(name, long_options(command));
  return bad_usage(fmt::format("{}: unknown option {}{}", command.name, name, hint));
}

/// A word before any command.
tl::unexpected<Error> unknown_at_root(const std::string& word) {
  if (!is_option(word))
    return bad_usage(fmt::format("unknown command \"{}\"{}; expected one of {}", word,
                                 suggestion(word, command_names()),
                                 fmt::join(command_names(), ", ")));
  const std::string name = word.substr(0, word.find('='));
  if (const std::string hint = foreign_option("", name); !hint.empty())
    return bad_usage(fmt::format("unknown option {}; {}", name, hint));
  for (const CommandInfo& command : spec::commands())
    if (command.by_word(name) != nullptr)
      return bad_usage(fmt::format("{} belongs after the command, as in: {} {} {}", name,
                                   program_name(), command.name, name));
  return bad_usage("unknown option " + name +
                   suggestion(name, {"--help", "--version", std::string(kProfile)}));
}

/// Arguments that no option of the command took. `args`: all arguments of the command.
tl::unexpected<Error> unknown_argument(const CommandInfo& command, const Args& parts,
                                       const Args& args) {
  const auto option = std::ranges::find_if(parts, is_option);
  if (option != parts.end()) return unknown_option(command, *option);
  std::string hint = after("; ", foreign_argument(command.name, args));
  if (hint.empty() && command.command == spec::Command::Demo)
    hint = "; the command to run belongs after --";
  return bad_usage(
      fmt::format("{}: unexpected argument \"{}\"{}", command.name, parts.front(), hint));
}

/// "-4" is an option, but CLI11 recognises only options that it knows and would take others as
/// arguments. Where an option's value is expected, it is left to be rejected as a value.
const std::string* digit_option(const CommandInfo& command, const Args& args) {
  for (std::size_t i = 1; i < args.size() && args[i] != "--"; ++i) {
    const std::string& word = args[i];
    if (!is_option(word) || word[1] < '0' || word[1] > '9' ||
        command.by_word(word.substr(0, 2)) != nullptr)
      continue;
    const spec::Option* before = command.by_word(args[i - 1]);
    if (before == nullptr || before->is_flag()) return &word;
  }
  return nullptr;
}

/// An option without its value, or a flag with one: CLI11's message begins with the option's name.
tl::unexpected<Error> mismatch(const CommandInfo* command, std::string_view message) {
  std::string name(message.substr(0, message.find_first_of(": ")));
  if (!name.starts_with('-')) name.insert(0, "--");
  const spec::Option* option = command == nullptr ? nullptr : command->by_word(name);
  if (option == nullptr || option->is_flag()) return bad_usage(name + ": no value is accepted");
  return bad_usage(
      fmt::format("{}: the value is missing; expected {} ({})", name, option->value, option->help));
}

/// CLI11 would take the next argument as the value of "--option=".
std::optional<std::string> empty_value(const Args& args) {
  const auto found = std::ranges::find_if(args, [](const std::string& arg) {
    return arg.starts_with("--") && arg.find('=') == arg.size() - 1;
  });
  if (found == args.end()) return std::nullopt;
  return found->substr(0, found->size() - 1);
}

bool asks_help(const Args& args) {
  const auto dashes = std::find(args.begin(), args.end(), "--");
  return std::find_first_of(args.begin(), dashes, kHelp.begin(), kHelp.end()) != dashes;
}

Result<spec::Draft> read_draft(const std::string& path, const CommandInfo* command) {
  auto text = spec::read_profile(path);
  if (!text) return tl::unexpected<Error>(std::move(text.error()));
  return spec::profile_draft(*text, fmt::format("{} {}", kProfile, path), command);
}

/// "xdp-trafficgen --profile FILE": removes the option from the arguments and inserts the command
/// that the file names before the others.
Result<std::optional<spec::Draft>> profile_at_root(Args& args) {
  const bool joined = !args.empty() && args.front().starts_with("--profile=");
  if (args.empty() || (args.front() != kProfile && !joined) || asks_help(args)) return std::nullopt;
  if (!joined && args.size() == 1)
    return bad_usage("--profile: the value is missing; expected FILE");
  const std::string path = joined ? args.front().substr(kProfile.size() + 1) : args[1];
  args.erase(args.begin(), args.begin() + (joined ? 1 : 2));
  if (!args.empty() && spec::find_command(args.front()) != nullptr)
    return bad_usage(fmt::format("--profile belongs after the command, as in: {} {} --profile {}",
                                 program_name(), args.front(), path));
  auto draft = read_draft(path, nullptr);
  if (!draft) return tl::unexpected<Error>(std::move(draft.error()));
  args.insert(args.begin(), draft->command->name);
  return std::optional(std::move(*draft));
}

/// Options on the command line. --port has its own messages, and --profile is not an option of a
/// test.
Result<spec::Draft> draft_of(const CommandInfo& command, std::vector<spec::Given> given,
                             std::optional<spec::Draft> profile) {
  spec::Draft draft{&command, {}, {}};
  for (spec::Given& each : given) {
    if (each.where == kProfile) {
      if (each.texts.size() > 1 || profile)
        return bad_usage("--profile is given several times: once is accepted");
      auto read = read_draft(each.texts.front(), &command);
      if (!read) return read;
      profile = std::move(*read);
    } else if (each.option->many && !each.option->read) {
      for (const std::string& text : each.texts) {
        auto port = spec::port_draft(command, text, each.where);
        if (!port) return tl::unexpected<Error>(std::move(port.error()));
        draft.ports.push_back(std::move(*port));
      }
    } else {
      draft.options.push_back(std::move(each));
    }
  }
  return profile ? spec::merge(std::move(*profile), std::move(draft)) : draft;
}

Result<Request> completion(const std::string& shell) {
  std::string script;
  if (shell == "bash") script = bash_completion();
  if (shell == "zsh") script = zsh_completion();
  if (shell == "fish") script = fish_completion();
  if (script.empty()) return spec::bad_value("completion", shell, "expected bash, zsh or fish");
  return Request(TextRequest{as_called(std::move(script))});
}

Result<Request> parse_args(Args args) {
  auto profile = profile_at_root(args);
  if (!profile) return tl::unexpected<Error>(std::move(profile.error()));
  // After "--" comes demo's command; for other commands "--" means nothing special.
  std::optional<Args> wrapped;
  const auto dashes = std::ranges::find(args, "--");
  if (dashes != args.end() && args.front() == "demo") {
    wrapped.emplace(dashes + 1, args.end());
    args.erase(dashes, args.end());
  }
  if (const auto name = empty_value(args))
    return bad_usage(*name + " \"\": the value is empty; see --help for what is accepted");
  if (const CommandInfo* first = args.empty() ? nullptr : spec::find_command(args.front()))
    if (const std::string* word = digit_option(*first, args); word != nullptr && !asks_help(args))
      return unknown_option(*first, *word);

  Split parts = split(args);
  switch (parts.end) {
  case Split::End::Help:
    return Request(TextRequest{as_called(help_text(parts.command))});
  case Split::End::Version:
    return Request(TextRequest{version_text()});
  case Split::End::Mismatch:
    return mismatch(parts.command, parts.message);
  case Split::End::Refused:
    return bad_usage(parts.message);
  case Split::End::Parsed:
    break;
  }
  // Arguments before the command are the root's, also when a command follows.
  if (!parts.before.empty()) return unknown_at_root(parts.before.front());
  if (parts.command == nullptr)
    return bad_usage(
        fmt::format("no command given: expected udp, tcp, rx, reflect, search, probe, demo, serve, "
                    "report or completion; {} --help explains them",
                    program_name()));
  if (!parts.rest.empty()) return unknown_argument(*parts.command, parts.rest, args);

  auto draft = draft_of(*parts.command, std::move(parts.given), std::move(*profile));
  if (!draft) return tl::unexpected<Error>(std::move(draft.error()));
  if (wrapped && wrapped->empty())
    return bad_usage("demo --: expected a command and its arguments after --");
  if (wrapped) draft->rest = std::move(*wrapped);
  auto test = spec::build(*draft);
  if (!test) return tl::unexpected<Error>(std::move(test.error()));
  if (const auto* shell = std::get_if<spec::Completion>(&test->of)) return completion(shell->shell);
  if (auto* tcp = std::get_if<plan::TcpSpec>(&test->of))
    if (std::string note = iperf_note(*tcp, args); !note.empty())
      tcp->notes.push_back(std::move(note));
  return Request(std::move(*test));
}

} // namespace

Result<Request> parse(const std::vector<std::string>& args) {
  auto request = parse_args(args);
  // Quoted text may contain anything; the message stays one line.
  if (!request) request.error().what = printable(request.error().what);
  return request;
}

} // namespace xtg::cli
