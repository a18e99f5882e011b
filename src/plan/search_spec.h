// SPDX-License-Identifier: BSD-2-Clause
// What the user asked of `search`, before anything is looked up; defaults as in the man page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/size_law.h"
#include "plan/rx_spec.h"
#include "plan/test_spec.h"
#include "search/goal.h"

namespace xtg::plan {

/// Load of one port: frames or bits (L1) per second, or a share of the link speed.
struct SearchRate {
  Rate rate;
  double percent = 0;                          ///< above 0: of the link speed; `rate` is unused
  [[nodiscard]] std::string to_string() const; ///< what parse_search_rate() reads back
  bool operator==(const SearchRate&) const = default;
};
/// "1Mpps", "5Gbps", "80%".
Result<SearchRate> parse_search_rate(std::string_view text);

/// A condition on the rate found for a goal: "ndr>1Mpps".
struct SearchCondition {
  std::string goal;
  Relation relation = Relation::Greater;
  Rate bound;
  std::string text;
  bool operator==(const SearchCondition&) const = default;
};
Result<std::vector<SearchCondition>> parse_search_expect(std::string_view text);

/// Wait for frames in flight after a trial, unless --rfc2544 or --drain sets another.
inline constexpr Nanoseconds kSearchDrain{100'000'000};

struct SearchSpec {
  TestSpec test;         ///< what each trial sends, at a rate that the search chooses
  std::string reflector; ///< --reflect; empty: --rx
  search::Preset preset = search::Preset::Default;
  std::vector<search::Goal> goals;           ///< empty: those of the preset
  std::vector<search::LatencyLimit> latency; ///< of every goal
  std::optional<SearchRate> min_rate, max_rate, resolution;
  std::vector<packet::SizeLaw> sizes;  ///< one search for each; empty: the streams' own
  std::optional<Nanoseconds> max_time; ///< for all trials of one size
  std::vector<SearchCondition> expect;
  bool operator==(const SearchSpec&) const = default;
};

/// What is sent and received, with --reflect and the drain of the preset applied.
TestSpec test_of(const SearchSpec& spec);
/// The goals with every limit that holds for them.
std::vector<search::Goal> goals_of(const SearchSpec& spec);
/// For all trials of one size.
std::optional<Nanoseconds> time_limit(const SearchSpec& spec);

/// Frames per second. `bits`: of one frame, on layer 1 for a percentage, otherwise on the layer of
/// --rate-layer; `speed_bps` 0: not known, and a percentage is
/// InvalidArgument, as is a load below one frame in 1000 s. `option`: for the message.
Result<double> frames_per_second(const SearchRate& rate, double bits, std::uint64_t speed_bps,
                                 std::string_view option);

/// The test at a load per port, shared by its streams in proportion to their rates, or else their
/// weights. Without a load it sends at full speed. Without `frames` it lasts `duration`.
struct TrialShape {
  std::optional<double> load;
  Nanoseconds duration{0};
  std::optional<std::uint64_t> frames{}; ///< of each port, in its first stream
};
TestSpec trial_of(const TestSpec& test, const TrialShape& shape, const std::vector<double>& bits);
/// Each stream's share of the frames of a port. `bits`: of one frame of each, on the layer of its
/// rate.
std::vector<double> shares_of(const std::vector<StreamSpec>& streams,
                              const std::vector<double>& bits);

} // namespace xtg::plan
