// SPDX-License-Identifier: BSD-2-Clause
#include "report/streams.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/units.h"

namespace xtg::report {

namespace {

/// Of one stream, with what its rates are worked out from.
struct Row {
  const StreamFacts& facts;
  const stats::TxCounters& tx;
  std::uint64_t packets = 0;
  double pps = 0;
};

std::vector<Row> rows_of(const stats::Sample& sample, std::span<const StreamFacts> facts,
                         stats::CountSource source) {
  std::vector<Row> rows;
  const double length_s = sample.end_s - sample.start_s;
  for (std::size_t i = 0; i < std::min(facts.size(), sample.streams.size()); i++) {
    const stats::TxCounters& tx = sample.streams[i];
    const bool exact = source == stats::CountSource::Tracepoint;
    const std::uint64_t packets = exact ? tx.accepted : tx.attempts;
    rows.push_back(
        {facts[i], tx, packets, length_s > 0 ? static_cast<double>(packets) / length_s : 0});
  }
  return rows;
}

std::string label(std::size_t number, const std::string& name) {
  return name.empty() ? fmt::format("stream {}", number)
                      : fmt::format("stream {} {}", number, name);
}

} // namespace

std::vector<StreamFacts> stream_facts(const plan::Plan& plan) {
  std::vector<StreamFacts> out;
  for (const plan::StreamPlan& stream : plan.streams) {
    StreamFacts facts;
    facts.bits = {stream.l1_bits, stream.l2_bits, stream.l3_bits};
    if (stream.pacing) facts.target_pps = stream.pacing->target_pps;
    out.push_back(std::move(facts));
  }
  return out;
}

Json streams_value(const stats::Sample& sample, std::span<const StreamFacts> facts,
                   stats::CountSource source) {
  const bool exact = source == stats::CountSource::Tracepoint;
  const auto known = [exact](std::uint64_t count) { return exact ? Json(count) : Json(nullptr); };
  Json list = Json::array();
  for (const Row& row : rows_of(sample, facts, source)) {
    const stats::FrameBits& bits = row.facts.bits;
    list.push_back({{"id", list.size()},
                    {"name", or_null(row.facts.name)},
                    {"packets", row.packets},
                    {"bytes", std::llround(static_cast<double>(row.packets) * bits.l2 / 8)},
                    {"attempts", row.tx.attempts},
                    {"driver_drops", known(row.tx.driver_drops)},
                    {"redirect_errors", known(row.tx.redirect_errors)},
                    {"resent", row.tx.resent},
                    {"skipped_slots", row.tx.skipped_slots},
                    {"xmit_pps", number(row.pps)},
                    {"l1_bits_per_second", number(row.pps * bits.l1)},
                    {"l2_bits_per_second", number(row.pps * bits.l2)},
                    {"target_pps", or_null(row.facts.target_pps)}});
  }
  return list;
}

std::vector<std::string> stream_lines(const stats::Sample& sample,
                                      std::span<const StreamFacts> facts,
                                      stats::CountSource source) {
  std::vector<std::string> lines;
  if (facts.size() < 2) return lines;
  for (const Row& row : rows_of(sample, facts, source)) {
    std::string line = fmt::format("{}: {} packets, {:.0f} pps, {:.3f} Gbit/s on the line",
                                   label(lines.size(), row.facts.name), with_thousands(row.packets),
                                   row.pps, row.pps * row.facts.bits.l1 * 1e-9);
    if (row.tx.refused() != 0)
      line += fmt::format(", {} refused", with_thousands(row.tx.refused()));
    if (row.tx.skipped_slots != 0)
      line += fmt::format(", {} missed slots", with_thousands(row.tx.skipped_slots));
    lines.push_back(std::move(line));
  }
  return lines;
}

} // namespace xtg::report
