// SPDX-License-Identifier: BSD-2-Clause
#include "serve/hosts_round_trip.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/text.h"
#include "core/units.h"
#include "serve/json_path.h"

namespace xtg::serve {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t less(std::uint64_t from, std::uint64_t what) {
  return from - std::min(from, what);
}

} // namespace

Result<Json> round_trip_ledger(const RoundTripHalves& halves) {
  const Json near = parsed(halves.near.document), far = parsed(halves.far.document);
  const Json all = at(near, {"end", "ledger"});
  if (!all.is_array() || all.empty() || !all.front().is_object())
    return fail(Errc::NotFound, "the near end's figures are missing");
  if (!at(far, {"end", "sum"}).is_object())
    return fail(Errc::NotFound, "the reflector's figures are missing");
  if (halves.cut) return fail(Errc::Peer, kCut);
  Json out = {{"from", halves.from}, {"to", halves.to}};
  for (const auto& [key, value] : all.front().items())
    if (key != "interface") out[key] = value;
  const auto of = [&](const char* key) { return count(out, {key}); };
  const std::uint64_t sent = less(of("asked"), of("not_sent") + of("refused"));
  const std::uint64_t came = of("received") + of("duplicated") + of("late");
  const std::uint64_t reflected = count(far, {"end", "sum", "packets"});
  const std::uint64_t refused = count(far, {"end", "sum", "driver_drops"});
  const Json flows = at(near, {"end", "flows"});
  const bool has_flow = flows.is_array() && !flows.empty();
  out["delay_us"] = nullptr;
  out["round_trip"] = {
      {"lost_forward", less(sent, reflected + refused)},
      {"refused_by_reflector", refused},
      {"reflected", reflected},
      {"lost_back", less(reflected, came)},
      {"delay_us", has_flow ? at(flows.front(), {"sum", "delay_us"}) : Json(nullptr)}};
  return out;
}

void print_round_trip(std::ostream& out, const RoundTripHalves& halves) {
  const auto ledger = round_trip_ledger(halves);
  if (!ledger) return;
  const auto of = [&](const char* key) {
    return with_thousands(count(*ledger, {"round_trip", key}));
  };
  fmt::print(out, "reflector at {}\n", halves.to);
  fmt::print(out, "  {:<16}{:>15}\n", "lost before it", of("lost_forward"));
  fmt::print(out, "  {:<16}{:>15}\n", "refused", of("refused_by_reflector"));
  fmt::print(out, "  {:<16}{:>15}\n", "reflected", of("reflected"));
  fmt::print(out, "  {:<16}{:>15}\n", "lost behind it", of("lost_back"));
}

} // namespace xtg::serve
