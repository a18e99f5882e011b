// SPDX-License-Identifier: BSD-2-Clause
#include "plan/rx_plan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/text.h"
#include "plan/checks.h"
#include "xtg/abi/rx.h"
#include "xtg/abi/rx_match.h"

namespace xtg::plan {

namespace {

static_assert(kRxWindowLeast == XTG_RX_WINDOW_LEAST && kRxWindowMost == XTG_RX_WINDOW_MOST);
static_assert(kMaxRxFilters == XTG_RX_MATCHES);

/// How a condition's value is written.
enum class Written : std::uint8_t { Share, Count, Delay, CountOrPercent };

struct Quantity {
  Expected what;
  std::string_view name;
  Written written;
};
constexpr std::array<Quantity, 22> kQuantities{
    {{Expected::Loss, "loss", Written::Share},
     {Expected::Lost, "lost", Written::Count},
     {Expected::Received, "rx", Written::Count},
     {Expected::Duplicates, "dup", Written::Count},
     {Expected::Reordered, "reordered", Written::Count},
     {Expected::Late, "late", Written::Count},
     {Expected::Min, "min", Written::Delay},
     {Expected::Mean, "mean", Written::Delay},
     {Expected::P50, "p50", Written::Delay},
     {Expected::P90, "p90", Written::Delay},
     {Expected::P99, "p99", Written::Delay},
     {Expected::P999, "p99.9", Written::Delay},
     {Expected::P9999, "p99.99", Written::Delay},
     {Expected::Max, "max", Written::Delay},
     {Expected::Jitter, "jitter", Written::Delay},
     {Expected::Pps, "pps", Written::Count},
     {Expected::Streams, "streams", Written::Count},
     {Expected::Bytes, "bytes", Written::Count},
     {Expected::Refused, "refused", Written::CountOrPercent},
     {Expected::Unsent, "unsent", Written::CountOrPercent},
     {Expected::Unsent, "not_sent", Written::CountOrPercent},
     {Expected::Dropped, "dropped", Written::Count}}};

struct RelationWord {
  std::string_view word;
  Relation relation;
};
// Two-character relations first: "<=" begins with "<".
constexpr std::array<RelationWord, 6> kRelations{{{"<=", Relation::LessEqual},
                                                  {">=", Relation::GreaterEqual},
                                                  {"==", Relation::Equal},
                                                  {"<", Relation::Less},
                                                  {">", Relation::Greater},
                                                  {"=", Relation::Equal}}};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

tl::unexpected<Error> bad_condition(std::string_view condition, std::string_view reason) {
  return invalid(fmt::format("{}: {}", quoted(condition), reason));
}

/// "0.001%", "0.00001", "1e-5"
std::optional<double> parse_share(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  // A single conversion rounds once: 0.001% is the same double as 0.00001.
  const std::string decimal = percent ? fmt::format("{}e-2", text) : std::string(text);
  const char* end = decimal.data() + decimal.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(decimal.data(), end, value);
  if (error != std::errc{} || stop != end || value > 1) return std::nullopt;
  return value;
}

/// The unit is required: p99<50 would mean 50 seconds.
std::optional<double> parse_delay(std::string_view text) {
  if (text.empty() || (text.back() < 'a' && text != "0")) return std::nullopt;
  const auto value = parse_duration(text);
  if (!value) return std::nullopt;
  return static_cast<double>(value->count());
}

Result<double> parse_bound(Written written, std::string_view condition, std::string_view text) {
  switch (written) {
  case Written::Share:
    if (const auto share = parse_share(text)) return *share;
    return bad_condition(condition, "expected a share of at most 100%, such as 0.001% or 0.00001");
  case Written::Delay:
    if (const auto delay = parse_delay(text)) return *delay;
    return bad_condition(condition, "expected a time with its unit (ns, us, ms, s, m or h), such "
                                    "as 50us or 1.5ms");
  case Written::Count:
  case Written::CountOrPercent:
    if (const auto count = parse_count(text)) return static_cast<double>(*count);
    break;
  }
  return bad_condition(condition,
                       fmt::format("expected a whole number, such as 10000, 64k or 1.5M{}",
                                   written == Written::Count ? "" : ", or a share as 0.1%"));
}

/// Parses "10/11" into the condition's bound; false if the text is not a share.
bool parse_fraction(std::string_view text, Condition& condition) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const auto over = parse_count(text.substr(0, slash)), under = parse_count(text.substr(slash + 1));
  if (!over || !under || *under == 0 || *over > *under) return false;
  condition.bound = static_cast<double>(*over);
  condition.share_of = *under;
  return true;
}

Result<Condition> parse_condition(std::string_view text) {
  const auto at = text.find_first_of("<=>");
  std::string_view name = trimmed(text.substr(0, at));
  std::string port;
  if (const auto where = name.find('@'); where != std::string_view::npos) {
    port = name.substr(where + 1);
    name = name.substr(0, where);
    if (port.empty()) return bad_condition(text, "expected an interface after the @");
  }
  if (at == std::string_view::npos || name.empty())
    return bad_condition(text, "expected a name, one of < <= = >= > and a value, such as "
                               "loss<0.001% or p99<50us");
  const auto* quantity = std::find_if(kQuantities.begin(), kQuantities.end(),
                                      [&](const Quantity& q) { return q.name == name; });
  if (quantity == kQuantities.end()) {
    std::array<std::string_view, kQuantities.size()> names;
    for (std::size_t i = 0; i < names.size(); i++)
      names[i] = kQuantities[i].name;
    return bad_condition(text, fmt::format("{} is not counted: expected one of {}", quoted(name),
                                           fmt::join(names, ", ")));
  }
  const std::string_view rest = text.substr(at);
  const auto* relation = std::find_if(kRelations.begin(), kRelations.end(),
                                      [&](const auto& r) { return rest.starts_with(r.word); });
  const std::string_view value = trimmed(rest.substr(relation->word.size()));
  Condition condition{quantity->what, relation->relation, 0, std::string(text), port, 0};
  if (quantity->what == Expected::Received && parse_fraction(value, condition)) return condition;
  condition.of_asked = quantity->written == Written::CountOrPercent && value.ends_with('%');
  const auto bound =
      parse_bound(condition.of_asked ? Written::Share : quantity->written, text, value);
  if (!bound) return tl::unexpected<Error>(bound.error());
  condition.bound = *bound;
  return condition;
}

/// Quantities that a receiver alone cannot know.
bool needs_sender(const Condition& condition) {
  return !counted_by_receiver(condition.what) || !condition.port.empty() || condition.share_of != 0;
}

Status check_spec(const RxSpec& spec) {
  if (!std::has_single_bit(spec.window) || spec.window < kRxWindowLeast ||
      spec.window > kRxWindowMost)
    return invalid(fmt::format("--window {}: a power of two from {} to {}", spec.window,
                               kRxWindowLeast, kRxWindowMost));
  if (spec.streams == 0 || spec.streams > kMaxRxStreams)
    return invalid(fmt::format("--streams {}: 1 to {} streams", spec.streams, kMaxRxStreams));
  if (spec.match.size() > kMaxRxFilters)
    return invalid(
        fmt::format("--match is given {} times: at most {}", spec.match.size(), kMaxRxFilters));
  if (spec.drop_matched && spec.match.empty())
    return invalid("--drop-matched needs a --match that selects frames");
  for (const Condition& condition : spec.expect)
    if (needs_sender(condition))
      return invalid(fmt::format("--expect {}: only udp --rx, which sees both ends, can tell",
                                 quoted(condition.text)));
  return {};
}

} // namespace

Result<RxPlan> resolve_rx(const RxSpec& spec, const HostFacts& facts) {
  if (auto ok = check_spec(spec); !ok) return tl::unexpected<Error>(std::move(ok.error()));
  if (auto ok = check_ingress("rx", spec.mode, facts); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));
  if (auto ok = check_ingress_zone(spec.zone, spec.interface, facts); !ok)
    return tl::unexpected<Error>(std::move(ok.error()));

  RxPlan plan;
  plan.spec = spec;
  if (!spec.pcap_path.empty() && spec.sample.corrupt) plan.spec.verify = true;
  plan.iface = *facts.iface;
  if (spec.mode == RxMode::Auto && lacks_xdp(plan.iface) && why_tc(plan.iface).empty())
    plan.notes.emplace_back("its driver has no XDP: received in generic mode, slower");
  return plan;
}

Result<std::vector<Condition>> parse_expect(std::string_view text) {
  std::vector<Condition> conditions;
  while (true) {
    const auto comma = text.find(',');
    auto condition = parse_condition(trimmed(text.substr(0, comma)));
    if (!condition) return tl::unexpected<Error>(std::move(condition.error()));
    conditions.push_back(std::move(*condition));
    if (comma == std::string_view::npos) return conditions;
    text.remove_prefix(comma + 1);
  }
}

bool counted_by_receiver(Expected what) {
  return what != Expected::Refused && what != Expected::Unsent && what != Expected::Dropped;
}

std::string_view to_string(Expected what) {
  for (const Quantity& quantity : kQuantities)
    if (quantity.what == what) return quantity.name;
  return "?";
}

std::string_view to_string(Relation relation) {
  switch (relation) {
  case Relation::Less:
    return "<";
  case Relation::LessEqual:
    return "<=";
  case Relation::Equal:
    return "=";
  case Relation::GreaterEqual:
    return ">=";
  case Relation::Greater:
    return ">";
  }
  return "?";
}

std::string_view to_string(RxMode mode) {
  switch (mode) {
  case RxMode::Auto:
    return "auto";
  case RxMode::Native:
    return "native";
  case RxMode::Generic:
    return "generic";
  case RxMode::Tc:
    return "tc";
  }
  return "?";
}

bool holds(const Condition& condition, double value) {
  switch (condition.relation) {
  case Relation::Less:
    return value < condition.bound;
  case Relation::LessEqual:
    return value <= condition.bound;
  case Relation::Equal:
    return value == condition.bound;
  case Relation::GreaterEqual:
    return value >= condition.bound;
  case Relation::Greater:
    return value > condition.bound;
  }
  return false;
}

} // namespace xtg::plan
