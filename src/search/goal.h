// SPDX-License-Identifier: BSD-2-Clause
// Search goals and trial outcomes (RFC 9971, 4.5 and 4.6). Loads are frames per second
// over all streams of a port; times are seconds, delays ns, ratios 0 to 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace xtg::search {

/// A statistic of the delays of one trial.
enum class Figure : std::uint8_t { Min, Mean, P50, P90, P99, P999, P9999, Max };
inline constexpr std::size_t kFigures = 8;
std::string_view to_string(Figure figure);

/// "p99<50us": a trial that breaks it counts as one with high loss.
struct LatencyLimit {
  Figure figure = Figure::P99;
  bool or_equal = false;
  double ns = 0;
  bool operator==(const LatencyLimit&) const = default;
};
/// One or more, separated by commas. Errors say what would be accepted.
Result<std::vector<LatencyLimit>> parse_latency_limits(std::string_view text);
std::string to_string(const std::vector<LatencyLimit>& limits);

/// A Search Goal (4.6). Names are RFC 9971's without "Goal".
struct Goal {
  std::string name;
  double loss_ratio = 0;
  double exceed_ratio = 0.5;
  double final_duration = 1;
  double duration_sum = 21;
  double initial_duration = 0.2;
  double width = 0.005; ///< of the upper bound
  std::vector<LatencyLimit> latency{};
  bool operator==(const Goal&) const = default;
};

/// "loss=0.1%,duration=1s,sum=21s,exceed=50%,width=0.5%,initial=200ms,name=mine", each of them
/// optional. Without a name it is "ndr" if no loss is accepted, else "pdr". Errors say what
/// is accepted.
Result<Goal> parse_goal(std::string_view text);
std::string to_string(const Goal& goal); ///< what parse_goal() reads back

/// Sets of goals. Default: NDR and PDR; Quick: the same, coarser, for an answer within 15 s;
/// Rfc2544: one goal, trials of 60 s without any loss (RFC 9971, 4.10.2).
enum class Preset : std::uint8_t { Default, Quick, Rfc2544 };
std::vector<Goal> goals_of(Preset preset);

/// What to measure next.
struct Trial {
  double load = 0;
  double duration = 0;
  bool operator==(const Trial&) const = default;
};

/// What was measured. asked = unsent + lost + received.
struct Outcome {
  double load = 0;
  double duration = 0;
  std::uint64_t asked = 0;
  std::uint64_t unsent = 0;   ///< by the generator, or refused by its driver
  std::uint64_t lost = 0;     ///< between sender and receiver
  std::uint64_t received = 0; ///< at least once
  double elapsed = 0;         ///< wall clock, with set-up and waiting
  /// In the order of Figure; none if no delay was measured.
  std::optional<std::vector<double>> delay{};

  /// What was not sent counts as lost (4.9.1). 1 if nothing was to be sent.
  [[nodiscard]] double loss_ratio() const;
  [[nodiscard]] double forwarding_rate() const { return load * (1 - loss_ratio()); }
};

/// A High-Loss Trial of the goal.
bool high_loss(const Goal& goal, const Outcome& outcome);
/// It would be one also if the generator had sent everything.
bool high_loss_of_device(const Goal& goal, const Outcome& outcome);

} // namespace xtg::search
