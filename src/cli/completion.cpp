// SPDX-License-Identifier: BSD-2-Clause
#include "cli/completion.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace xtg::cli {
namespace {

std::vector<const CLI::App*> commands(const CLI::App& root) {
  return root.get_subcommands([](const CLI::App*) { return true; });
}

/// Every spelling of an option, with its dashes; empty for a plain argument.
std::vector<std::string> spellings(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames())
    names.push_back("-" + name);
  for (const auto& name : option.get_lnames())
    names.push_back("--" + name);
  return names;
}

bool takes_value(const CLI::Option& option) {
  return !option.get_type_name().empty();
}

/// The words to choose from, where the value is shown as "a|b|c"; else nothing.
std::string words(const CLI::Option& option) {
  std::string text = option.get_type_name();
  const bool is_choice =
      text.find('|') != std::string::npos && std::all_of(text.begin(), text.end(), [](char c) {
        return c == '|' || c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      });
  if (!is_choice) return {};
  std::replace(text.begin(), text.end(), '|', ' ');
  return text;
}

bool is_interface(const CLI::Option& option) {
  return option.get_type_name() == "INTERFACE";
}

bool is_host(const CLI::Option& option) {
  return option.get_type_name() == "HOST";
}

bool is_file(const CLI::Option& option) {
  return option.get_type_name() == "FILE";
}

/// The text with a backslash in front of each of `specials`.
std::string escaped(std::string_view text, std::string_view specials) {
  std::string result;
  for (const char c : text) {
    if (specials.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// Inside single quotes a POSIX shell knows no escapes: the quote is closed and opened again.
std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'')
      result += "'\\''";
    else
      result += c;
  }
  return result + "'";
}

// --- bash ---

/// What follows an option that takes a value, as a case clause for "command option".
std::string bash_value_clause(const std::string& command, const CLI::Option& option) {
  std::string pattern;
  for (const auto& name : spellings(option))
    pattern += fmt::format("{}'{} {}'", pattern.empty() ? "" : " | ", command, name);
  std::string action = "return";
  if (is_interface(option)) action = "words=$(_xdp_trafficgen_interfaces)";
  if (is_file(option)) action = R"(COMPREPLY=($(compgen -f -- "$cur")); return)";
  if (const auto choice = words(option); !choice.empty())
    action = fmt::format("words='{}'", choice);
  return fmt::format("    {}) {} ;;\n", pattern, action);
}

/// What may stand at any other place of a command.
std::string bash_command_clause(const CLI::App& command) {
  std::string names, arguments;
  for (const CLI::Option* option : command.get_options()) {
    for (const auto& name : spellings(*option))
      names += (names.empty() ? "" : " ") + name;
    if (!option->get_positional()) continue;
    arguments = words(*option);
    if (is_interface(*option)) arguments = "$(_xdp_trafficgen_interfaces)";
    if (is_host(*option)) arguments = "$(compgen -A hostname)";
  }
  std::string clause = fmt::format("        {}) words='{}'", command.get_name(), names);
  if (!arguments.empty()) clause += fmt::format("; [[ $cur == -* ]] || words=\"{}\"", arguments);
  return clause + " ;;\n";
}

} // namespace

std::string bash_completion(const CLI::App& root) {
  std::string first, values, others;
  for (const CLI::App* command : commands(root)) {
    first += command->get_name() + " ";
    for (const CLI::Option* option : command->get_options())
      if (takes_value(*option) && option->nonpositional())
        values += bash_value_clause(command->get_name(), *option);
    others += bash_command_clause(*command);
  }
  for (const CLI::Option* option : root.get_options())
    for (const auto& name : spellings(*option))
      first += name + " ";
  first.pop_back();

  std::string script = R"(# bash completion for xdp-trafficgen, from: xdp-trafficgen completion bash
_xdp_trafficgen_interfaces() {
  (cd /sys/class/net 2>/dev/null && printf '%s ' *)
}
_xdp_trafficgen() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words='' word
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
)";
  script += fmt::format("    COMPREPLY=($(compgen -W '{}' -- \"$cur\"))\n", first);
  script += R"(    return
  fi
  # behind "demo --": any command
  for word in "${COMP_WORDS[@]:2:COMP_CWORD - 2}"; do
    [[ $word == -- ]] || continue
    COMPREPLY=($(compgen -c -f -- "$cur"))
    return
  done
  # bash splits --option=value into three words
  if [[ $cur == '=' ]]; then
    cur=
  elif [[ $prev == '=' ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case "${COMP_WORDS[1]} $prev" in
)";
  script += values;
  script += "    *)\n      case ${COMP_WORDS[1]} in\n";
  script += others;
  script += R"(      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _xdp_trafficgen xdp-trafficgen
)";
  return script;
}

// --- zsh ---

namespace {

/// ":message:action" of _arguments.
std::string zsh_value(const CLI::Option& option) {
  std::string action;
  if (is_interface(option)) action = "_net_interfaces";
  if (is_host(option)) action = "_hosts";
  if (is_file(option)) action = "_files";
  if (const auto choice = words(option); !choice.empty()) action = "(" + choice + ")";
  return ":" + escaped(action.starts_with('(') ? "word" : option.get_type_name(), ":") + ":" +
         action;
}

std::string zsh_option(const CLI::Option& option, const std::string& name) {
  const auto names = spellings(option);
  std::string text = fmt::format("({})", fmt::join(names, " "));
  text += name;
  // "-n5", "-n 5"; "--rate=1", "--rate 1"
  if (takes_value(option)) text += name.starts_with("--") ? "=" : "+";
  text += "[" + escaped(option.get_description(), "[]:\\") + "]";
  if (takes_value(option)) text += zsh_value(option);
  return single_quoted(text);
}

std::string zsh_arguments(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    for (const auto& name : spellings(*option))
      text += " \\\n        " + zsh_option(*option, name);
    if (option->get_positional()) text += " \\\n        " + single_quoted("1" + zsh_value(*option));
  }
  return text;
}

} // namespace

std::string zsh_completion(const CLI::App& root) {
  std::string script = R"(#compdef xdp-trafficgen
# zsh completion for xdp-trafficgen, from: xdp-trafficgen completion zsh
_xdp_trafficgen() {
  local curcontext="$curcontext" state line
  local -a commands
  typeset -A opt_args
  commands=(
)";
  for (const CLI::App* command : commands(root))
    script +=
        "    " +
        single_quoted(command->get_name() + ":" + escaped(command->get_description(), ":\\")) +
        "\n";
  script += "  )\n  _arguments -C";
  for (const CLI::Option* option : root.get_options())
    for (const auto& name : spellings(*option))
      script += " \\\n    " + zsh_option(*option, name);
  script += R"( \
    '1:command:->command' '*::argument:->argument' && return
  if [[ $state == command ]]; then
    _describe command commands
    return
  fi
  case $words[1] in
)";
  for (const CLI::App* command : commands(root)) {
    script += fmt::format("    {})\n      _arguments", command->get_name());
    script += zsh_arguments(*command);
    if (!command->get_footer().empty()) script += " \\\n        '*:::command:_normal'";
    script += "\n      ;;\n";
  }
  script += R"(  esac
}
if [[ $funcstack[1] == _xdp_trafficgen ]]; then
  _xdp_trafficgen "$@"
else
  compdef _xdp_trafficgen xdp-trafficgen
fi
)";
  return script;
}

// --- fish ---

namespace {

constexpr std::string_view kFishInterfaces = "(command ls /sys/class/net 2>/dev/null)";
constexpr std::string_view kFishHosts = "(__fish_print_hostnames)";

std::string fish_quoted(std::string_view text) {
  return "'" + escaped(text, "'\\") + "'";
}

std::string fish_option(const CLI::Option& option, const std::string& condition) {
  std::string line = "complete -c xdp-trafficgen -n " + fish_quoted(condition);
  for (const auto& name : option.get_snames())
    line += " -s " + name;
  for (const auto& name : option.get_lnames())
    line += " -l " + name;
  if (is_file(option))
    line += " -r -F";
  else if (takes_value(option))
    line += " -x";
  if (is_interface(option)) line += fmt::format(" -a '{}'", kFishInterfaces);
  if (const auto choice = words(option); !choice.empty()) line += " -a " + fish_quoted(choice);
  return line + " -d " + fish_quoted(option.get_description()) + "\n";
}

} // namespace

std::string fish_completion(const CLI::App& root) {
  std::string script =
      "# fish completion for xdp-trafficgen, from: xdp-trafficgen completion fish\n"
      "complete -c xdp-trafficgen -f\n";
  for (const CLI::App* command : commands(root))
    script += fmt::format("complete -c xdp-trafficgen -n __fish_use_subcommand -a {} -d {}\n",
                          command->get_name(), fish_quoted(command->get_description()));
  for (const CLI::Option* option : root.get_options())
    script += fish_option(*option, "__fish_use_subcommand");
  for (const CLI::App* command : commands(root)) {
    const std::string here = "__fish_seen_subcommand_from " + command->get_name();
    for (const CLI::Option* option : command->get_options()) {
      if (option->nonpositional()) script += fish_option(*option, here);
      if (!option->get_positional()) continue;
      const auto choice = words(*option);
      script += fmt::format(
          "complete -c xdp-trafficgen -n {} -a {}\n", fish_quoted(here),
          choice.empty() ? fmt::format("'{}'", is_host(*option) ? kFishHosts : kFishInterfaces)
                         : fish_quoted(choice));
    }
  }
  return script;
}

} // namespace xtg::cli
