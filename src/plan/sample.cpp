// SPDX-License-Identifier: BSD-2-Clause
#include "plan/sample.h"

#include <array>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "core/units.h"
#include "plan/checks.h"

namespace xtg::plan {

namespace {

struct Word {
  std::string_view word;
  bool SampleLaw::*flag;
};
constexpr std::array<Word, 4> kWords{{{"late", &SampleLaw::late},
                                      {"lost", &SampleLaw::lost},
                                      {"duplicate", &SampleLaw::duplicate},
                                      {"corrupt", &SampleLaw::corrupt}}};
constexpr std::string_view kShare = "1/", kFirst = "first:";

/// A count above zero into its place, which is to be free.
Status enter_count(std::string_view part, std::string_view count,
                   std::optional<std::uint64_t>& place) {
  const auto value = parse_count(count);
  if (!value || *value == 0)
    return invalid(fmt::format("{}: expected 1/1000, first:1000, late, lost, duplicate, corrupt, "
                               "or several of them with commas",
                               quoted(part)));
  if (place) return invalid(fmt::format("{}: given twice", quoted(part)));
  place = *value;
  return {};
}

Status enter_part(std::string_view part, SampleLaw& law) {
  for (const Word& word : kWords) {
    if (part != word.word) continue;
    if (law.*word.flag) return invalid(fmt::format("{}: given twice", quoted(part)));
    law.*word.flag = true;
    return {};
  }
  if (part.starts_with(kShare)) return enter_count(part, part.substr(kShare.size()), law.every);
  return enter_count(part, part.starts_with(kFirst) ? part.substr(kFirst.size()) : part, law.first);
}

} // namespace

Result<SampleLaw> parse_sample(std::string_view text) {
  SampleLaw law;
  while (true) {
    const auto comma = text.find(',');
    if (auto entered = enter_part(text.substr(0, comma), law); !entered)
      return tl::unexpected<Error>(std::move(entered.error()));
    if (comma == std::string_view::npos) return law;
    text.remove_prefix(comma + 1);
  }
}

std::string to_string(const SampleLaw& law) {
  std::vector<std::string> parts;
  if (law.every) parts.push_back(fmt::format("{}{}", kShare, *law.every));
  if (law.first) parts.push_back(fmt::format("{}{}", kFirst, *law.first));
  for (const Word& word : kWords)
    if (law.*word.flag) parts.emplace_back(word.word);
  return fmt::format("{}", fmt::join(parts, ","));
}

} // namespace xtg::plan
