// SPDX-License-Identifier: BSD-2-Clause
#include "plan/search_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "core/text.h"

namespace xtg::plan {

namespace {

/// A relation that begins with another one comes first.
constexpr std::array<std::pair<std::string_view, Relation>, 4> kOrders = {
    {{"<=", Relation::LessEqual},
     {">=", Relation::GreaterEqual},
     {"<", Relation::Less},
     {">", Relation::Greater}}};

tl::unexpected<Error> bad_expectation(std::string_view text) {
  return fail(Errc::InvalidArgument,
              fmt::format("{}: expected a goal, one of < <= >= > and a rate, such as ndr>1Mpps",
                          quoted(text)));
}

Result<SearchCondition> parse_one(std::string_view text) {
  const auto at = text.find_first_of("<>");
  if (at == std::string_view::npos || at == 0) return bad_expectation(text);
  const auto* order = std::ranges::find_if(
      kOrders, [&](const auto& each) { return text.substr(at).starts_with(each.first); });
  auto rate = parse_rate(text.substr(at + order->first.size()));
  if (!rate || rate->unit == Rate::Unit::Max) return bad_expectation(text);
  return SearchCondition{std::string(text.substr(0, at)), order->second, *rate, std::string(text)};
}

} // namespace

Result<SearchRate> parse_search_rate(std::string_view text) {
  if (text.ends_with('%')) {
    double percent = 0;
    const char* end = text.data() + text.size() - 1;
    const auto [stop, error] = std::from_chars(text.data(), end, percent);
    if (error == std::errc{} && stop == end && percent > 0 && percent <= 100)
      return SearchRate{{}, percent};
  } else if (auto rate = parse_rate(text); rate && rate->unit != Rate::Unit::Max) {
    return SearchRate{*rate, 0};
  }
  return fail(Errc::InvalidArgument,
              "expected a rate such as 1.5Mpps, 10Gbps or 80%, of the link's speed");
}

std::string SearchRate::to_string() const {
  return percent > 0 ? fmt::format("{:.10g}%", percent) : format_rate(rate);
}

Result<std::vector<SearchCondition>> parse_search_expect(std::string_view text) {
  std::vector<SearchCondition> conditions;
  while (true) {
    const auto comma = text.find(',');
    auto condition = parse_one(text.substr(0, comma));
    if (!condition) return tl::unexpected<Error>(std::move(condition.error()));
    conditions.push_back(std::move(*condition));
    if (comma == std::string_view::npos) return conditions;
    text.remove_prefix(comma + 1);
  }
}

TestSpec test_of(const SearchSpec& spec) {
  TestSpec test = spec.test;
  PortSpec& sender = test.ports.front();
  if (const auto reflector = packet::IpRange::parse(spec.reflector); reflector) {
    sender.receive = true;
    for (StreamSpec& stream : sender.streams) {
      stream.round_trip = true;
      stream.dst_addr = *reflector;
    }
  }
  if (spec.preset == search::Preset::Rfc2544 && test.drain == kSearchDrain)
    test.drain = kDrain; // RFC 2544, 23
  return test;
}

std::vector<search::Goal> goals_of(const SearchSpec& spec) {
  auto goals = spec.goals.empty() ? search::goals_of(spec.preset) : spec.goals;
  for (search::Goal& goal : goals)
    goal.latency = spec.latency;
  return goals;
}

std::optional<Nanoseconds> time_limit(const SearchSpec& spec) {
  if (spec.max_time || spec.preset != search::Preset::Quick) return spec.max_time;
  return Nanoseconds(14'000'000'000); // the start and the report take the rest of 15 s
}

Result<double> frames_per_second(const SearchRate& rate, double bits, std::uint64_t speed_bps,
                                 std::string_view option) {
  double load = rate.rate.value;
  if (rate.percent > 0) {
    if (speed_bps == 0)
      return fail(Errc::InvalidArgument,
                  fmt::format("{} {}: the interface's speed is not known; give the rate in pps or "
                              "bps",
                              option, rate.to_string()));
    load = static_cast<double>(speed_bps) * rate.percent / 100 / bits;
  } else if (rate.rate.unit == Rate::Unit::Bps) {
    load /= bits;
  }
  if (load >= 0.001) return load;
  return fail(Errc::InvalidArgument,
              fmt::format("{} {}: less than a frame in 1000 s", option, rate.to_string()));
}

std::vector<double> shares_of(const std::vector<StreamSpec>& streams,
                              const std::vector<double>& bits) {
  const bool rated = std::ranges::all_of(
      streams, [](const StreamSpec& stream) { return stream.rate.rate.unit != Rate::Unit::Max; });
  std::vector<double> shares;
  for (std::size_t i = 0; i < streams.size(); i++) {
    const Rate& rate = streams[i].rate.rate;
    const double frames =
        rate.unit == Rate::Unit::Bps && i < bits.size() ? rate.value / bits[i] : rate.value;
    shares.push_back(rated ? frames : streams[i].weight);
  }
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares)
    share /= all;
  return shares;
}

TestSpec trial_of(const TestSpec& test, const TrialShape& shape, const std::vector<double>& bits) {
  constexpr double kWeights = 1000; // the most that a stream may have
  TestSpec trial = test;
  trial.interval = Nanoseconds(3'600'000'000'000); // nobody reads lines
  trial.duration.reset();
  if (!shape.frames) trial.duration = shape.duration;
  for (PortSpec& port : trial.ports) {
    if (!port.sends()) continue;
    const auto shares = shares_of(port.streams, bits);
    for (std::size_t i = 0; i < shares.size(); i++) {
      StreamSpec& stream = port.streams[i];
      stream.rate.layer = Layer::L1;
      stream.rate.rate = shape.load ? Rate{Rate::Unit::Pps, *shape.load * shares[i]} : Rate{};
      if (!shape.load) stream.rate.burst = 1;
      stream.weight =
          shape.load ? 1
                     : std::max(1U, static_cast<std::uint32_t>(std::lround(shares[i] * kWeights)));
      stream.num_packets.reset();
    }
    if (!shape.frames) continue;
    port.streams.resize(1);
    port.streams.front().num_packets = shape.frames;
  }
  return trial;
}

} // namespace xtg::plan
