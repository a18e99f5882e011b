// SPDX-License-Identifier: BSD-2-Clause
// The results of two hosts as one: a ledger for each direction, one document, one exit status.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/rx_spec.h"
#include "report/starts_apart.h"
#include "serve/clocks.h"
#include "serve/half_result.h"
#include "stats/ledger.h"
#include "stats/rx.h"

namespace xtg::serve {

/// One direction.
struct Way {
  std::string from, to; ///< "198.18.0.1 (eth0)"
  bool near_sends = true;
  HalfResult sent, received;
  /// --clock-offset that the receiver was given.
  std::optional<std::int64_t> sender_ahead_ns{};
  bool cut = false; ///< the receiver ended before its sender, so what came after is not lost
};

/// What the smallest delays of the test frames say about the clocks' offset.
OffsetLimits offset_limits(const std::vector<Way>& ways);

/// What became of every packet of a direction; NotFound where a side's figures are missing.
Result<stats::Ledger> ledger_of(const Way& way);
/// The one-way delays of its frames; a count of 0 where none were measured.
stats::RxDelay delay_of(const Way& way);
/// Frames per second that the sender's driver accepted; 0 where its figures are missing.
double accepted_pps(const Way& way);

struct BothHosts {
  std::string server;  ///< "198.18.0.2:9950"
  std::string profile; ///< the test as it was asked for
  std::string command; ///< as typed
  std::vector<Way> ways;
  std::optional<RoundTripHalves> round_trip{}; ///< then there are no ways
  Clocks clocks{};                             ///< during the run
  bool tcp = false;                            ///< the ways are of `tcp` and `tcp-sink`
  std::vector<plan::Condition> expect{};       ///< of --expect
  /// What went wrong beside the runs: the server does not answer, it refused.
  std::vector<Error> errors{};
};

/// How far apart both directions began; none with one direction, or where the clocks are unknown.
std::optional<report::StartsApart> starts_apart(const BothHosts& hosts);

/// The first error that a reader is to see, and the exit status.
struct Verdict {
  std::string error; ///< empty: none
  int exit_status = 0;
};
Verdict verdict_of(const BothHosts& hosts);
std::string document_of(const BothHosts& hosts);
/// The last line of --json-stream: the document without the runs, whose lines came before.
std::string result_line_of(const BothHosts& hosts);
void print_ledgers(std::ostream& out, const BothHosts& hosts);

} // namespace xtg::serve
