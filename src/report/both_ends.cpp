// SPDX-License-Identifier: BSD-2-Clause
#include "report/both_ends.h"

#include "report/describe.h"
#include "report/json_values.h"

namespace xtg::report {

Json ledger_value(const stats::Ledger& ledger) {
  return {{"asked", ledger.asked},           {"not_sent", ledger.not_sent},
          {"refused", ledger.driver_drops},  {"lost", ledger.lost},
          {"dropped", ledger.dropped},       {"received", ledger.received},
          {"duplicated", ledger.duplicated}, {"late", ledger.late},
          {"copies", ledger.copies},         {"queue_drops", ledger.queue_drops},
          {"exact", ledger.exact},           {"limited_by", name(ledger.limit)}};
}

Json starts_value(const std::optional<StartsApart>& starts) {
  if (!starts) return nullptr;
  return {{"apart_us", number(starts->apart_us)},
          {"error_us", number(starts->error_us)},
          {"source", starts->source}};
}

} // namespace xtg::report
