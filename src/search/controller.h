// SPDX-License-Identifier: BSD-2-Clause
// Chooses trials until every goal has its bounds (RFC 9971, 4.9.2). A value without clock or I/O:
//   while (auto trial = controller.next()) controller.record(measure(*trial));
// Results can be asked for at any time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "search/classify.h"
#include "search/goal.h"

namespace xtg::search {

struct Limits {
  double min_load = 0, max_load = 0; ///< 0 < min < max
  double resolution = 0;             ///< frames per second: bounds as close as this will do
  std::optional<double> budget{};    ///< seconds of Outcome::elapsed
  std::size_t max_trials = 1000;
};

/// Whether bounds are as close as the goal's width (4.8.4), and if not, why not.
enum class Regular : std::uint8_t {
  Yes,
  NoUpper,    ///< the largest load is a lower bound
  NoLower,    ///< the smallest load is an upper bound
  Unfinished, ///< interrupted, or out of time or trials
};
/// What keeps the rate from being higher.
enum class LimitedBy : std::uint8_t {
  Unknown, ///< unfinished
  Device,
  Generator, ///< the upper bound is one because frames were not sent
  MaxLoad,   ///< there is no upper bound
};

struct GoalResult {
  std::optional<double> lower{}, upper{}; ///< the relevant bounds (4.8.1, 4.8.2)
  /// Unfinished and without a lower bound: the largest load that shorter trials found good, below
  /// the upper bound.
  std::optional<double> estimate{};
  double throughput = 0; ///< conditional throughput at the lower bound
  Regular regular = Regular::Unfinished;
  LimitedBy limited_by = LimitedBy::Unknown;
};

class Controller {
public:
  /// At least one goal.
  Controller(std::vector<Goal> goals, Limits limits);

  /// None: the search is over. The same one until something is recorded.
  std::optional<Trial> next();
  void record(const Outcome& outcome);

  [[nodiscard]] const std::vector<Goal>& goals() const { return goals_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] std::size_t trials() const { return count_; }
  /// All trials at a load; empty if there were none.
  [[nodiscard]] const std::vector<Outcome>& at(double load) const;
  [[nodiscard]] Bound bound(std::size_t goal, double load) const;
  /// In the order of the goals.
  [[nodiscard]] std::vector<GoalResult> results() const;
  /// About how long what is left will take, by how long trials took so far.
  [[nodiscard]] double left() const;

private:
  /// A goal as it is pursued: first coarsely with short trials, then as it was given.
  struct Pursuit {
    std::vector<Goal> stages;
    std::size_t stage = 0;
    std::optional<double> load{};           ///< being measured
    std::optional<double> lower{}, upper{}; ///< found by the stage before
    unsigned steps = 0;                     ///< outwards, each twice as far as the one before
  };
  struct Bounds {
    std::optional<double> lower, upper;
  };

  [[nodiscard]] Bounds bounds(const Goal& goal) const;
  [[nodiscard]] bool close(const Goal& goal, double lower, double upper) const;
  [[nodiscard]] bool done(const Goal& goal, const Bounds& found) const;
  [[nodiscard]] std::optional<Trial> propose(Pursuit& pursuit) const;
  [[nodiscard]] double pick(Pursuit& pursuit, const Bounds& found) const;
  [[nodiscard]] std::optional<double> of_stage_before(const Pursuit& pursuit,
                                                      const Bounds& found) const;
  [[nodiscard]] double below(Pursuit& pursuit, double upper) const;
  [[nodiscard]] double above(Pursuit& pursuit, double lower) const;
  [[nodiscard]] double within(Pursuit& pursuit, double lower, double upper) const;
  [[nodiscard]] double unit(const Goal& goal, double load) const;
  [[nodiscard]] double fit(double load) const;
  [[nodiscard]] double on_grid(const Pursuit& pursuit, double load) const;
  [[nodiscard]] double trial_overhead() const;
  [[nodiscard]] std::optional<double> estimate(const Pursuit& pursuit) const;
  [[nodiscard]] LimitedBy limit_at(const Goal& goal, double upper) const;

  std::vector<Goal> goals_;
  Limits limits_;
  std::vector<Pursuit> pursuits_;
  std::map<double, std::vector<Outcome>> by_load_;
  std::size_t count_ = 0;
  double elapsed_ = 0, measured_ = 0;
};

} // namespace xtg::search
