// SPDX-License-Identifier: BSD-2-Clause
// The commands: each carries out a request and returns the process's exit status. Results go to
// `out`, messages to `err`; nothing here exits or leaves anything behind. Until a command attends
// to `stop`, an interrupt ends the process, so what it has created by then must end with the
// process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "core/result.h"
#include "core/stop_token.h"
#include "plan/far_end.h"
#include "plan/reflect_spec.h"
#include "plan/rx_spec.h"
#include "plan/search_spec.h"
#include "plan/serve_spec.h"
#include "plan/spec.h"
#include "plan/tcp_sink_spec.h"
#include "plan/tcp_spec.h"
#include "plan/test_spec.h"

namespace xtg::app {

class Metrics; // app/metrics.h

struct Context {
  std::ostream& out;
  std::ostream& err;
  StopToken stop;
  std::string command;          ///< as typed, for the report
  std::string test{};           ///< the same test as a JSON profile; may be empty
  std::uint64_t started_ns = 0; ///< CLOCK_MONOTONIC at the start of the process
  std::function<void()> restore_signals =
      {};                             ///< called in a child before it executes another program
  std::shared_ptr<Metrics> metrics{}; ///< of --prometheus; shared with copies of this context
  std::ostream* page = nullptr;       ///< --report -: the standard output; `out` is another one

  /// The same with another `out`.
  [[nodiscard]] Context printing_to(std::ostream& other) const {
    return {other, err, stop, command, test, started_ns, restore_signals, metrics, page};
  }
};

/// Begins to serve the figures of the run that follows, where it is asked for: in the namespace in
/// which the program was started, whatever the command enters.
Status open_metrics(const plan::OutputSpec& output, Context& context);

int udp(const plan::TestSpec& test, Context& context);
/// With the other end on another host.
int udp_with_server(const plan::TestSpec& test, const plan::FarEnd& far, Context& context);
int tcp(const plan::TcpSpec& spec, Context& context);
/// With the other end on another host.
int tcp_with_server(const plan::TcpSpec& spec, const plan::FarEnd& far, Context& context);
int tcp_sink(const plan::TcpSinkSpec& spec, Context& context);
int rx(const plan::RxSpec& spec, Context& context);
int reflect(const plan::ReflectSpec& spec, Context& context);
/// `far`: the host where frames arrive, if it is another one.
int search(const plan::SearchSpec& spec, const plan::FarEnd& far, Context& context);
int probe(const plan::ProbeSpec& spec, Context& context);
int demo(const plan::DemoSpec& spec, Context& context);
int serve(const plan::ServeSpec& spec, Context& context);
int report_files(const plan::ReportSpec& spec, Context& context);

/// Reports a request that fails before it begins, on `err` and in the requested output format.
int reject_request(const Error& error, const plan::OutputSpec& output, Context& context);

/// Why a result could not be written to a stream that has failed.
Error output_error(const std::ostream& out);

/// Writes "PROGRAM: message" and returns the matching exit status.
int report_error(const Error& error, Context& context);

} // namespace xtg::app
