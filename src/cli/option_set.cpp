// SPDX-License-Identifier: BSD-2-Clause
#include "cli/option_set.h"

#include "core/text.h"

namespace xtg::cli {

tl::unexpected<Error> bad_value(std::string_view option, std::string_view text,
                                std::string_view reason) {
  // Our parsers begin with the text ("\"x\" is not a rate: ..."); a bare reason gets it put in
  // front.
  const std::string shown = xtg::quoted(text);
  if (reason.starts_with(shown))
    return fail(Errc::InvalidArgument, fmt::format("{} {}", option, reason));
  return fail(Errc::InvalidArgument, fmt::format("{} {}: {}", option, shown, reason));
}

tl::unexpected<Error> bad_usage(std::string what) {
  return fail(Errc::InvalidArgument, std::move(what));
}

void OptionSet::value(const OptionText& text, Setter set) {
  add(text, std::move(set), false);
}

void OptionSet::list(const OptionText& text, Setter set) {
  add(text, std::move(set), true);
}

void OptionSet::add(const OptionText& text, Setter set, bool many) {
  CLI::Option* option = app_.add_option(
      text.names, [](const CLI::results_t&) { return true; }, text.help);
  // All texts are taken, so that an option given twice is reported by apply() in our own words.
  option->type_name(text.value)->default_str(text.fallback)->group(group_);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  bound_.push_back({option, std::move(set), many});
}

void OptionSet::flag(const OptionText& text, std::function<void()> set) {
  CLI::Option* option = app_.add_flag(text.names, text.help)->disable_flag_override();
  option->default_str(text.fallback)->group(group_);
  bound_.push_back({option,
                    [set = std::move(set)](const std::string&) -> Status {
                      set();
                      return {};
                    },
                    false});
}

bool OptionSet::given(const std::string& name) const {
  return app_.get_option(name)->count() > 0;
}

Status OptionSet::apply() const {
  for (const auto& [option, set, many] : bound_) {
    if (option->count() == 0) continue;
    const std::string name = option->get_name();
    const bool is_flag = option->get_items_expected_max() == 0;
    if (many) {
      for (const std::string& text : option->results())
        if (auto done = set(text); !done) return bad_value(name, text, done.error().what);
      continue;
    }
    if (!is_flag && option->count() > 1)
      return bad_usage(fmt::format("{} is given {} times ({}, {}): once is accepted", name,
                                   option->count(), xtg::quoted(option->results()[0]),
                                   xtg::quoted(option->results()[1])));
    const auto texts = is_flag ? std::vector<std::string>{{}} : option->results();
    for (const std::string& text : texts)
      if (auto done = set(text); !done) return bad_value(name, text, done.error().what);
  }
  return {};
}

} // namespace xtg::cli
