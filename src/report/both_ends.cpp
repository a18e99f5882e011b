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

} // namespace xtg::report
