// SPDX-License-Identifier: BSD-2-Clause
#include "cli/completion.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/help.h"

namespace xtg::cli {
namespace {

using spec::CommandInfo;
using spec::Option;

/// All options of a command, those of every command first.
std::vector<Option> options_of(const CommandInfo& command) {
  auto out = general_options();
  for (const Option& option : command.options)
    if (option.on_argv) out.push_back(option);
  return out;
}

bool takes_value(const Option& option) {
  return !option.value.empty();
}

/// The words to choose from, if the value is shown as "a|b|c"; otherwise nothing.
std::string words(const Option& option) {
  return fmt::format("{}", fmt::join(option.choices(), " "));
}

bool is_interface(const Option& option) {
  return option.value == "INTERFACE";
}

bool is_host(const Option& option) {
  return option.value == "HOST";
}

bool is_file(const Option& option) {
  return option.value == "FILE" || option.value == "FILE...";
}

/// Puts a backslash before each of `specials`.
std::string escaped(std::string_view text, std::string_view specials) {
  std::string result;
  for (const char c : text) {
    if (specials.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// A POSIX shell has no escapes inside single quotes: close the quote and open it again.
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

/// What completes the value of an option, as a case clause for "command option".
std::string bash_value_clause(const std::string& command, const Option& option) {
  std::string pattern;
  for (const auto& name : option.spellings())
    pattern += fmt::format("{}'{} {}'", pattern.empty() ? "" : " | ", command, name);
  std::string action = "return";
  if (is_interface(option)) action = "words=$(_xdp_trafficgen_interfaces)";
  if (is_file(option)) action = R"(COMPREPLY=($(compgen -f -- "$cur")); return)";
  if (const auto choice = words(option); !choice.empty())
    action = fmt::format("words='{}'", choice);
  return fmt::format("    {}) {} ;;\n", pattern, action);
}

/// What completes any other argument of a command.
std::string bash_command_clause(const CommandInfo& command) {
  std::string names, arguments;
  for (const Option& option : options_of(command)) {
    for (const auto& name : option.spellings())
      names += (names.empty() ? "" : " ") + name;
    if (!option.argument) continue;
    arguments = words(option);
    if (is_interface(option)) arguments = "$(_xdp_trafficgen_interfaces)";
    if (is_host(option)) arguments = "$(compgen -A hostname)";
    if (is_file(option)) arguments = R"($(compgen -f -- "$cur"))";
  }
  std::string clause = fmt::format("        {}) words='{}'", command.name, names);
  if (!arguments.empty()) clause += fmt::format("; [[ $cur == -* ]] || words=\"{}\"", arguments);
  return clause + " ;;\n";
}

} // namespace

std::string bash_completion() {
  std::string first, values, others;
  for (const CommandInfo& command : spec::commands()) {
    first += command.name + " ";
    for (const Option& option : options_of(command))
      if (takes_value(option) && !option.plain) values += bash_value_clause(command.name, option);
    others += bash_command_clause(command);
  }
  for (const Option& option : root_options())
    for (const auto& name : option.spellings())
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
std::string zsh_value(const Option& option) {
  std::string action;
  if (is_interface(option)) action = "_net_interfaces";
  if (is_host(option)) action = "_hosts";
  if (is_file(option)) action = "_files";
  if (const auto choice = words(option); !choice.empty()) action = "(" + choice + ")";
  return ":" + escaped(action.starts_with('(') ? "word" : option.value, ":") + ":" + action;
}

std::string zsh_option(const Option& option, const std::string& name) {
  const auto names = option.spellings();
  std::string text = fmt::format("({})", fmt::join(names, " "));
  text += name;
  // "-n5", "-n 5"; "--rate=1", "--rate 1"
  if (takes_value(option)) text += name.starts_with("--") ? "=" : "+";
  text += "[" + escaped(option.help, "[]:\\") + "]";
  if (takes_value(option)) text += zsh_value(option);
  return single_quoted(text);
}

std::string zsh_arguments(const CommandInfo& command) {
  std::string text;
  for (const Option& option : options_of(command)) {
    for (const auto& name : option.spellings())
      text += " \\\n        " + zsh_option(option, name);
    if (option.argument)
      text += " \\\n        " + single_quoted((option.many ? "*" : "1") + zsh_value(option));
  }
  return text;
}

} // namespace

std::string zsh_completion() {
  std::string script = R"(#compdef xdp-trafficgen
# zsh completion for xdp-trafficgen, from: xdp-trafficgen completion zsh
_xdp_trafficgen() {
  local curcontext="$curcontext" state line
  local -a commands
  typeset -A opt_args
  commands=(
)";
  for (const CommandInfo& command : spec::commands())
    script += "    " + single_quoted(command.name + ":" + escaped(command.summary, ":\\")) + "\n";
  script += "  )\n  _arguments -C";
  for (const Option& option : root_options())
    for (const auto& name : option.spellings())
      script += " \\\n    " + zsh_option(option, name);
  script += R"( \
    '1:command:->command' '*::argument:->argument' && return
  if [[ $state == command ]]; then
    _describe command commands
    return
  fi
  case $words[1] in
)";
  for (const CommandInfo& command : spec::commands()) {
    script += fmt::format("    {})\n      _arguments", command.name);
    script += zsh_arguments(command);
    if (!command.rest.empty()) script += " \\\n        '*:::command:_normal'";
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

std::string fish_option(const Option& option, const std::string& condition) {
  std::string line = "complete -c xdp-trafficgen -n " + fish_quoted(condition);
  for (const auto& name : option.spellings())
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (is_file(option))
    line += " -r -F";
  else if (takes_value(option))
    line += " -x";
  if (is_interface(option)) line += fmt::format(" -a '{}'", kFishInterfaces);
  if (const auto choice = words(option); !choice.empty()) line += " -a " + fish_quoted(choice);
  return line + " -d " + fish_quoted(option.help) + "\n";
}

} // namespace

std::string fish_completion() {
  std::string script =
      "# fish completion for xdp-trafficgen, from: xdp-trafficgen completion fish\n"
      "complete -c xdp-trafficgen -f\n";
  for (const CommandInfo& command : spec::commands())
    script += fmt::format("complete -c xdp-trafficgen -n __fish_use_subcommand -a {} -d {}\n",
                          command.name, fish_quoted(command.summary));
  for (const Option& option : root_options())
    script += fish_option(option, "__fish_use_subcommand");
  for (const CommandInfo& command : spec::commands()) {
    const std::string here = "__fish_seen_subcommand_from " + command.name;
    for (const Option& option : options_of(command)) {
      if (!option.plain) script += fish_option(option, here);
      if (!option.argument) continue;
      const auto choice = words(option);
      if (is_file(option)) {
        script += fmt::format("complete -c xdp-trafficgen -n {} -F\n", fish_quoted(here));
        continue;
      }
      script += fmt::format(
          "complete -c xdp-trafficgen -n {} -a {}\n", fish_quoted(here),
          choice.empty() ? fmt::format("'{}'", is_host(option) ? kFishHosts : kFishInterfaces)
                         : fish_quoted(choice));
    }
  }
  return script;
}

} // namespace xtg::cli
