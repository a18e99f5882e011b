// SPDX-License-Identifier: BSD-2-Clause
// Medians and paired ratios of alternating runs, and their tables.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"

namespace xtg::bench {

double median(std::vector<double> values);
/// Median of a[i] / b[i]: rounds are paired, so that a machine's drifting speed cancels out.
double median_ratio(const std::vector<double>& a, const std::vector<double>& b);
/// "kernel 6.18.44, AMD EPYC, 2 CPUs": the machine that produced the figures.
std::string machine();

/// Results of one turn: the figure to compare, then one per further column.
using Figures = std::vector<std::optional<double>>;

/// The number at a JSON pointer in a report; empty if there is none.
std::optional<double> figure(const nlohmann::json& report, const char* pointer);

struct Column {
  const char* name;
  int digits; ///< after the decimal point
};

struct Contestant {
  std::string name;
  std::function<Result<Figures>()> turn;
  /// Not this tool: if a turn fails, its row says why and the others continue.
  bool guest = false;
  std::vector<Figures> turns = {};
  std::string absent = {}; ///< why it has no figures
};

struct TableSpec {
  std::string title;
  std::string ratio = "of the first"; ///< title of the ratio column; empty: no such column
  std::vector<Column> columns;        ///< of the figures; the ratio follows the first
};

/// Gives every contestant `rounds` turns; prints the table.
Status run_table(const TableSpec& spec, std::vector<Contestant>& contestants, unsigned rounds);

} // namespace xtg::bench
