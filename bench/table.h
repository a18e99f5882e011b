// SPDX-License-Identifier: BSD-2-Clause
// Medians and paired ratios of alternating runs, and the tables they end in.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"

namespace xtg::bench {

double median(std::vector<double> values);
/// Median of a[i] / b[i]: rounds are paired, so that a machine whose speed drifts does not blur
/// them.
double median_ratio(const std::vector<double>& a, const std::vector<double>& b);
/// "kernel 6.18.44, AMD EPYC, 2 CPUs": where figures come from.
std::string machine();

/// What one turn measured: the figure that is compared, then one per further column.
using Figures = std::vector<std::optional<double>>;

/// The number at a place of a report; nothing when there is none.
std::optional<double> figure(const nlohmann::json& report, const char* pointer);

struct Column {
  const char* name;
  int digits; ///< behind the point
};

struct Contestant {
  std::string name;
  std::function<Result<Figures>()> turn;
  /// Not ours: when a turn fails, its row says why and the others go on.
  bool guest = false;
  std::vector<Figures> turns = {};
  std::string absent = {}; ///< why it has no figures
};

struct TableSpec {
  std::string title;
  std::string ratio = "of the first"; ///< what the second column is called; empty: there is none
  std::vector<Column> columns;        ///< the figures'; the ratio goes behind the first
};

/// Everybody's turn, `rounds` times; prints the table.
Status run_table(const TableSpec& spec, std::vector<Contestant>& contestants, unsigned rounds);

} // namespace xtg::bench
