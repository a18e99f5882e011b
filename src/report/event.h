// SPDX-License-Identifier: BSD-2-Clause
// Events of a run in progress: finished values, one event at a time, in this order: a begin,
// intervals and occurrences, a failure if there was one, the end, finish. A sink receives them; it
// reads no counter, clock or file, so tests can compare its whole output.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.h"
#include "plan/port_test_plan.h"
#include "plan/plan.h"
#include "plan/reflect_plan.h"
#include "plan/rx_plan.h"
#include "plan/tcp_plan.h"
#include "plan/tcp_sink_plan.h"
#include "report/search_event.h"
#include "report/verdict.h"
#include "stats/port_test.h"
#include "stats/rate.h"
#include "stats/reflect.h"
#include "stats/rx.h"
#include "stats/tcp.h"
#include "stats/tcp_sink.h"

namespace xtg::report {

/// Facts about the host and the request that belong to the report.
struct RunInfo {
  std::string command;          ///< as typed
  std::uint64_t started_ns = 0; ///< CLOCK_MONOTONIC when the requester started; 0: at the call
  std::string started_utc;      ///< ISO 8601
  std::string hostname;
  std::string kernel;
  std::string cpu_model; ///< empty: the kernel does not say
  std::uint32_t cpus = 0;
  stats::CountSource source = stats::CountSource::Tracepoint;
  std::string source_note; ///< why it is not the tracepoint; otherwise empty
  std::string test{};      ///< the run as a profile, JSON; may be empty
};

// A run begins. The plan includes notes from the preparation.
struct UdpBegin {
  plan::Plan plan;
  RunInfo info;
};
struct PortTestBegin {
  plan::PortTestPlan plan;
  RunInfo info;
  std::vector<std::string> modes; ///< by port: attach mode; empty: it does not receive
};
struct TcpBegin {
  plan::TcpPlan plan;
  RunInfo info;
};
struct RxBegin {
  plan::RxPlan plan;
  RunInfo info;
  std::string mode; ///< attach mode, "native", "generic" or "tc"
};
struct ReflectBegin {
  plan::ReflectPlan plan;
  RunInfo info;
  std::string mode;
};
struct TcpSinkBegin {
  plan::TcpSinkPlan plan;
  RunInfo info;
};
struct SearchBegin {
  plan::PortTestPlan plan; ///< of a trial at full speed
  plan::SearchSpec spec;
  RunInfo info;
  /// Of two hosts: the server's address and port, and where frames go; empty: all ports are ours.
  std::string server{}, to{};
  bool reverse = false;            ///< frames come from there
  std::vector<SearchSize> sizes{}; ///< in the order in which they are searched
};
using Begin = std::variant<UdpBegin, PortTestBegin, TcpBegin, RxBegin, ReflectBegin, SearchBegin,
                           TcpSinkBegin>;

/// What was counted since the previous interval; for a search: a trial.
using Interval =
    std::variant<stats::Sample, stats::PortTestSample, stats::TcpSample, stats::RxSample,
                 stats::ReflectSample, SearchTrial, stats::TcpSinkSample>;

// Events during the run.
struct Announced { ///< a run's start was announced, or its end if the start was not seen
  stats::RxSender sender;
};
struct FlowEnded { ///< a flow ended before the run
  stats::FlowState flow;
  double at_s = 0;
};
struct Note { ///< a change, which the summary repeats
  std::string text;
  double at_s = 0;
};
struct Warning { ///< a problem that does not affect the run
  std::string text;
};
struct Step { ///< before the begin, for --verbose
  std::string text;
};
using Occurrence = std::variant<Announced, FlowEnded, Note, Warning, Step>;

/// The run failed, before or after its begin; an end may follow if something was measured.
struct Failure {
  Error error;
  int exit_status = 0; ///< of the process
};

// The end: final counts, and the results of --expect.
struct PortTestEnd {
  stats::PortTestSummary summary;
  std::vector<RxVerdict> verdicts;
};
struct RxEnd {
  stats::RxSummary summary;
  std::vector<RxVerdict> verdicts;
};
struct SearchEnd {
  SearchSummary summary;
  std::vector<SearchVerdict> verdicts;
};
using End = std::variant<stats::Summary, PortTestEnd, stats::TcpSummary, RxEnd,
                         stats::ReflectSummary, SearchEnd, stats::TcpSinkSummary>;

/// No more events follow.
struct Finish {};

using Event = std::variant<Begin, Interval, Occurrence, Failure, End, Finish>;

/// Receives the events of one run, in order.
class Sink {
public:
  virtual ~Sink() = default;
  virtual void take(const Event& event) = 0;
  /// Whether the output could be written; an error ends the run.
  [[nodiscard]] virtual Status status() const { return {}; }
  /// After the finish: whether the files beside the output were written. What was not has been
  /// said.
  [[nodiscard]] virtual bool complete() const { return true; }
};

// The begin that an event belongs to: the same index in its variant.
template <class T, class... Kinds>
constexpr std::size_t place_in(const std::variant<Kinds...>*) {
  std::size_t at = 0;
  (void)((std::is_same_v<T, Kinds> ? true : (++at, false)) || ...);
  return at;
}
template <class T, class Variant>
using BeginOf =
    std::variant_alternative_t<place_in<T>(static_cast<const Variant*>(nullptr)), Begin>;

} // namespace xtg::report
