// SPDX-License-Identifier: BSD-2-Clause
#include "report/streams.h"

#include <fmt/format.h>

#include "core/units.h"

namespace xtg::report {

namespace {

std::optional<double> target_of(const std::vector<StreamFacts>& facts, std::size_t number) {
  return number < facts.size() ? facts[number].target_pps : std::nullopt;
}

} // namespace

Json streams_value(const stats::Sample& sample, const std::vector<StreamFacts>& facts,
                   stats::CountSource source) {
  const bool exact = source == stats::CountSource::Tracepoint;
  const auto known = [exact](std::uint64_t count) { return exact ? Json(count) : Json(nullptr); };
  Json list = Json::array();
  for (std::size_t i = 0; i < sample.streams.size(); i++) {
    const stats::StreamSample& s = sample.streams[i];
    list.push_back({{"id", i},
                    {"name", i < facts.size() ? or_null(facts[i].name) : Json(nullptr)},
                    {"packets", s.packets},
                    {"bytes", s.bytes},
                    {"attempts", s.tx.attempts},
                    {"driver_drops", known(s.tx.driver_drops)},
                    {"redirect_errors", known(s.tx.redirect_errors)},
                    {"resent", s.tx.resent},
                    {"skipped_slots", s.tx.skipped_slots},
                    {"xmit_pps", number(s.pps)},
                    {"l1_bits_per_second", number(s.l1_bps)},
                    {"l2_bits_per_second", number(s.l2_bps)},
                    {"target_pps", or_null(target_of(facts, i))}});
  }
  return list;
}

std::string stream_label(const std::vector<StreamFacts>& facts, std::size_t number) {
  const bool named = number < facts.size() && !facts[number].name.empty();
  return named ? facts[number].name : fmt::format("stream {}", number);
}

std::vector<std::string> interval_lines(const stats::Sample& sample,
                                        const std::vector<StreamFacts>& facts) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; sample.streams.size() > 1 && i < sample.streams.size(); i++) {
    const stats::StreamSample& s = sample.streams[i];
    std::string line =
        fmt::format("           {:<15} {:>15} xmit/s  {:>12} L1  {:>12} L2", stream_label(facts, i),
                    thousands(s.pps), prefixed(s.l1_bps, "bit/s"), prefixed(s.l2_bps, "bit/s"));
    if (const auto target = target_of(facts, i))
      line += fmt::format("  target {}", prefixed(*target, "pps"));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> summary_texts(const stats::Sample& total,
                                       const std::vector<StreamFacts>& facts) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; total.streams.size() > 1 && i < total.streams.size(); i++) {
    const stats::StreamSample& s = total.streams[i];
    std::string text = fmt::format("{:>15} packets  {} xmit/s  {} L1", with_thousands(s.packets),
                                   thousands(s.pps), prefixed(s.l1_bps, "bit/s"));
    if (const auto target = target_of(facts, i))
      text += fmt::format(", target {}", prefixed(*target, "pps"));
    if (s.tx.refused() != 0) text += fmt::format(", {} refused", with_thousands(s.tx.refused()));
    if (s.tx.skipped_slots != 0)
      text += fmt::format(", {} missed slots", with_thousands(s.tx.skipped_slots));
    texts.push_back(std::move(text));
  }
  return texts;
}

} // namespace xtg::report
