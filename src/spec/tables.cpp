// SPDX-License-Identifier: BSD-2-Clause
#include "spec/tables.h"

#include <algorithm>
#include <array>

namespace xtg::spec {

const std::array<Choice<Layer>, 3> kLayers = {
    {{"l1", Layer::L1}, {"l2", Layer::L2}, {"l3", Layer::L3}}};
const std::array<Choice<plan::RxMode>, 4> kModes = {{{"auto", plan::RxMode::Auto},
                                                     {"native", plan::RxMode::Native},
                                                     {"generic", plan::RxMode::Generic},
                                                     {"tc", plan::RxMode::Tc}}};
const std::array<Choice<plan::TxPath>, 4> kTxPaths = {{{"auto", plan::TxPath::Auto},
                                                       {"xdp", plan::TxPath::Xdp},
                                                       {"tc", plan::TxPath::Tc},
                                                       {"receive", plan::TxPath::Receive}}};

tl::unexpected<Error> bad_usage(std::string what) {
  return fail(Errc::InvalidArgument, std::move(what));
}

Option& Table::add(OptionText text, Kind kind) {
  Option row;
  bool dashes = false;
  for (std::string_view rest = text.names; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (!word.starts_with('-')) {
      row.argument = true;
      if (row.name.empty()) row.name = word;
      continue;
    }
    dashes = true;
    if (!word.starts_with("--"))
      row.letter = word[1];
    else if (row.name.empty())
      row.name = word.substr(2);
    else
      row.aliases.emplace_back(word.substr(2));
  }
  row.plain = !dashes;
  row.key = row.name;
  std::ranges::replace(row.key, '-', '_');
  row.value = std::move(text.value);
  row.help = std::move(text.help);
  // Replaced by the field's value when the table is finished; until then a byte that no text begins
  // with.
  row.fallback = text.fallback ? std::move(*text.fallback) : std::string(1, '\0');
  row.group = group_;
  row.kind = kind;
  row.place = place_;
  info_.options.push_back(std::move(row));
  return info_.options.back();
}

CommandInfo Table::done() {
  if (info_.profile) {
    place(Place::Run);
    group("Profile");
    add({"--profile", "FILE", "take the test from a JSON file, - for stdin; options override it",
         ""},
        Kind::Text)
        .in_json = false;
  }
  Test test = default_test(info_.command);
  Scope scope(test);
  for (Option& row : info_.options) {
    if (row.fallback != std::string(1, '\0')) continue;
    const Texts texts = row.write ? row.write(scope) : Texts{};
    row.fallback = texts.empty() ? std::string{} : texts.front();
  }
  return std::move(info_);
}

Status settle_threads(const Asked& asked, std::uint32_t& threads, const std::vector<int>& cpus) {
  if (!asked.has("--cpus")) return {};
  if (asked.has("--threads") && threads != cpus.size())
    return bad_usage(fmt::format("--threads {} and --cpus with {} CPUs: the counts differ; give "
                                 "one of the two, or equal counts",
                                 threads, cpus.size()));
  threads = static_cast<std::uint32_t>(cpus.size());
  return {};
}

Status check_rate(const Asked& asked, const plan::RateLaw& rate) {
  if (asked.has("--rate-layer") && rate.rate.unit != Rate::Unit::Bps)
    return bad_usage(fmt::format("--rate-layer {} needs a --rate in bits per second, such as "
                                 "10Gbps, not with \"{}\"",
                                 to_string(rate.layer), format_rate(rate.rate)));
  return {};
}

Status check_rate_and_burst(const Asked& asked, const plan::RateLaw& rate) {
  if (auto ok = check_rate(asked, rate); !ok) return ok;
  if (asked.has("--burst") && rate.rate.unit == Rate::Unit::Max)
    return bad_usage(fmt::format("--burst {} needs a --rate in pps or bps, such as 100kpps: "
                                 "without one there is no gap",
                                 rate.burst));
  return {};
}

} // namespace xtg::spec
