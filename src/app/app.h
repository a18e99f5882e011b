// SPDX-License-Identifier: BSD-2-Clause
// The commands: each takes what was asked, does it, and returns the process's exit status. Results
// go to `out`, talk to `err`; nothing here exits or leaves anything behind. Until one attends to
// `stop`, an interrupt ends the process: what it has made by then must end with it.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include "core/result.h"
#include "core/stop_token.h"
#include "plan/reflect_spec.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"
#include "plan/tcp_spec.h"
#include "plan/test_spec.h"

namespace xtg::app {

struct Context {
  std::ostream& out;
  std::ostream& err;
  StopToken stop;
  std::string command;                        ///< as typed, for the record
  std::string test{};                         ///< the same as a profile, JSON; may be empty
  std::uint64_t started_ns = 0;               ///< CLOCK_MONOTONIC at the start of the process
  std::function<void()> restore_signals = {}; ///< in a child that is to run another program
};

int udp(const plan::TestSpec& test, Context& context);
int tcp(const plan::TcpSpec& spec, Context& context);
int rx(const plan::RxSpec& spec, Context& context);
int reflect(const plan::ReflectSpec& spec, Context& context);
int probe(const plan::ProbeSpec& spec, Context& context);
int demo(const plan::DemoSpec& spec, Context& context);
int report_files(const plan::ReportSpec& spec, Context& context);

/// For a request that fails before it begins: the error on `err`, and in the form of output asked
/// for.
int reject_request(const Error& error, const plan::OutputSpec& output, Context& context);

/// Why a result cannot be written, of a stream that has failed.
Error output_error(const std::ostream& out);

/// Writes "xdp-trafficgen: message" and returns the exit status for it.
int report_error(const Error& error, Context& context);

} // namespace xtg::app
