// SPDX-License-Identifier: BSD-2-Clause
// The use-cases: each takes what was asked, does it, and returns the process's exit status. Results
// go to `out`, talk to `err`; nothing here exits or leaves anything behind. main blocks SIGINT,
// SIGTERM and SIGHUP before it calls them, and they read these by signalfd.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "core/result.h"
#include "plan/exchange_spec.h"
#include "plan/reflect_spec.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"
#include "plan/tcp_spec.h"

namespace xtg::app {

struct Context {
  std::ostream& out;
  std::ostream& err;
  std::string command;          ///< as typed, for the record
  std::uint64_t started_ns = 0; ///< CLOCK_MONOTONIC at the start of the process
};

int run(const plan::RunSpec& spec, Context& context);
int exchange(const plan::ExchangeSpec& spec, Context& context);
int tcp(const plan::TcpSpec& spec, Context& context);
int rx(const plan::RxSpec& spec, Context& context);
int reflect(const plan::ReflectSpec& spec, Context& context);
int probe(const plan::ProbeSpec& spec, Context& context);
int demo(const plan::DemoSpec& spec, Context& context);

/// For a request that fails before it begins: complain(), and the error in the form of output asked
/// for.
int refuse(const Error& error, const plan::OutputSpec& output, Context& context);

/// Writes "xdp-trafficgen: message" and returns the exit status for it.
int complain(const Error& error, Context& context);

} // namespace xtg::app
