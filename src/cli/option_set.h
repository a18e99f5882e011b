// SPDX-License-Identifier: BSD-2-Clause
// The options of one command: declared with CLI11, which only tells words apart, and given to the
// project's own parsers afterwards, so that a bad value reads the same wherever it comes from.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/result.h"
#include "core/units.h"

namespace xtg::cli {

/// Takes an option's text into a spec. Its errors say only what would be accepted: the option and
/// the text are put in front by OptionSet.
using Setter = std::function<Status(const std::string& text)>;

/// What --help and the completion scripts say about an option.
struct OptionText {
  std::string names; ///< "-s,--pkt-size"; a name without dashes is a plain argument
  std::string value; ///< "BYTES", or the words to choose from: "l1|l2|l3"; empty for a flag
  std::string help;
  std::string fallback{}; ///< the default, in words; empty when there is none worth telling
};

class OptionSet {
public:
  explicit OptionSet(CLI::App& app) : app_(app) {}

  /// Heading in --help for what is declared from now on.
  void group(std::string title) { group_ = std::move(title); }
  void value(const OptionText& text, Setter set);
  /// May be given several times: the setter is called for each.
  void list(const OptionText& text, Setter set);
  void flag(const OptionText& text, std::function<void()> set);

  /// Whether the user gave it; `name` as declared, with its dashes.
  [[nodiscard]] bool given(const std::string& name) const;
  /// Runs the setters of all options given, in the order of declaration; stops at the first error.
  [[nodiscard]] Status apply() const;

private:
  struct Bound {
    CLI::Option* option;
    Setter set;
    bool many = false;
  };
  void add(const OptionText& text, Setter set, bool many);
  CLI::App& app_;
  std::string group_;
  std::vector<Bound> bound_;
};

/// --rate "10G": reason
[[nodiscard]] tl::unexpected<Error> bad_value(std::string_view option, std::string_view text,
                                              std::string_view reason);
/// InvalidArgument for options that do not go together.
[[nodiscard]] tl::unexpected<Error> bad_usage(std::string what);

/// Setter from a parser that returns Result<T> and the place where the value goes.
template <class Parser, class Target>
Setter into(Parser parse, Target& target) {
  return [parse, &target](const std::string& text) -> Status {
    auto value = parse(text);
    if (!value) return tl::unexpected<Error>(std::move(value.error()));
    target = std::move(*value);
    return {};
  };
}

/// Parser of a whole number within limits.
template <class T>
auto whole_number(std::uint64_t min, std::uint64_t max) {
  return [min, max](std::string_view text) -> Result<T> {
    const auto value = parse_count(text);
    if (!value || *value < min || *value > max)
      return fail(Errc::InvalidArgument,
                  fmt::format("expected a whole number from {} to {}", min, max));
    return static_cast<T>(*value);
  };
}

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

/// "a|b|c": what OptionText::value shows for a set of words.
template <class T>
std::string choice_names(std::span<const Choice<T>> choices) {
  std::string names;
  for (const auto& choice : choices)
    names += (names.empty() ? "" : "|") + std::string(choice.name);
  return names;
}

/// The word that stands for a value.
template <class T>
std::string choice_name(std::span<const Choice<T>> choices, T value) {
  for (const auto& choice : choices)
    if (choice.value == value) return std::string(choice.name);
  return {};
}

/// Parser of one word out of a set; `choices` must outlive it.
template <class T>
auto one_of(std::span<const Choice<T>> choices) {
  return [choices](std::string_view text) -> Result<T> {
    for (const auto& choice : choices)
      if (choice.name == text) return choice.value;
    return fail(Errc::InvalidArgument, "expected one of " + choice_names(choices));
  };
}

} // namespace xtg::cli
