// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "report/verdict.h"
#include "report/tcp_phrases.h"

namespace xtg::report {

namespace {

struct Uncounted {
  std::uint64_t frames;
  std::string_view text; ///< of such test frames: "came of another session ..."
};

} // namespace

Nothing why_nothing(std::span<const stats::RxSummary* const> ends) {
  std::array<Uncounted, 7> reasons{{
      {0, "of another session or port"},
      {0, "of streams beyond the most that are counted (see --streams)"},
      {0, "of an unknown version or type"},
      {0, "of sessions that were not announced"},
      {0, "of streams without a second frame"},
      {0, "with a wrong checksum"},
      {0, "that announced a run, damaged or not by this --key"},
  }};
  std::uint64_t passed = 0;
  for (const stats::RxSummary* end : ends) {
    const stats::RxUncounted& a = end->uncounted;
    const std::array<std::uint64_t, reasons.size()> more{
        a.filtered,    a.no_slot,    a.unknown,
        a.unannounced, a.candidates, end->verified ? end->verified->corrupt : 0,
        a.unsound};
    for (std::size_t i = 0; i < reasons.size(); i++)
      reasons[i].frames += more[i];
    passed += end->total.passed;
  }
  const auto most = std::ranges::max_element(reasons, {}, &Uncounted::frames);
  if (most->frames == 0) return {false, fmt::format("{} passed", counted(passed, "other frame"))};
  return {true, fmt::format("{} arrived, {}", counted(most->frames, "test frame"), most->text)};
}

} // namespace xtg::report
