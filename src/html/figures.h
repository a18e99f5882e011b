// SPDX-License-Identifier: BSD-2-Clause
// What a result says, taken from its document: verdict, key figures, what changed over time, and
// distributions. Pure functions; the pages draw what they return.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "html/chart.h"
#include "html/run.h"
#include "html/text.h"

namespace xtg::html {

struct Verdict {
  enum class Kind : std::uint8_t { Good, Bad, Plain } kind = Kind::Plain;
  std::string title;                ///< "Passed"
  std::vector<std::string> details; ///< sentences
};
Verdict verdict_of(const Run& run);

struct Figure {
  std::string label;
  std::optional<double> value;
  enum class Form : std::uint8_t {
    Count,
    PacketRate,
    BitRate,
    Percent,
    Microseconds,
    Seconds
  } form = Form::Count;
};
std::string shown(const Figure& figure);
std::vector<Figure> key_figures(const Run& run);

/// A sender or a path of a run: its objects `sum`, by interval and at the end.
struct Part {
  std::string label; ///< empty if there is only one
  bool sends = false;
  std::vector<const Json*> intervals; ///< the objects around `sum`
  const Json* end = nullptr;
};
std::vector<Part> parts_of(const Run& run);
/// "eth1", or of two hosts "198.18.0.1 (eth1) to 198.18.0.2 (eth2)".
std::string ledger_label(const Json& ledger);

/// Of a search's goal: the rate found, or the estimate of an unfinished search, which is called so.
std::string found_rate(const Json& goal, std::string_view key, std::string_view unit);

/// Over time: rate, loss, latency. A chart without values has no series.
std::vector<Chart> time_charts(const Run& run);

struct Distribution {
  std::string label;
  const Json* values = nullptr; ///< the object with the percentiles
  double per_us = 1;            ///< of its values
};
std::vector<Distribution> latencies(const Run& run);
std::vector<Distribution> arrivals(const Run& run);

std::string command_name(Command command);

} // namespace xtg::html
