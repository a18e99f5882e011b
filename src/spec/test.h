// SPDX-License-Identifier: BSD-2-Clause
// A test is one value, whatever its source: argv and JSON profiles make the same one, by the same
// table of options (spec/option.h).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "plan/far_end.h"
#include "plan/reflect_spec.h"
#include "plan/rx_spec.h"
#include "plan/search_spec.h"
#include "plan/serve_spec.h"
#include "plan/spec.h"
#include "plan/tcp_sink_spec.h"
#include "plan/tcp_spec.h"
#include "plan/test_spec.h"

namespace xtg::spec {

inline constexpr std::size_t kMaxStreams = 64;

enum class Command : std::uint8_t {
  Udp,
  Tcp,
  Rx,
  Reflect,
  TcpSink,
  Search,
  Probe,
  Demo,
  Serve,
  Report,
  Completion
};

/// `completion`: the shell.
struct Completion {
  std::string shell;
  bool operator==(const Completion&) const = default;
};

/// What a command takes; `udp` and `search` have at least one port, and the first one sends.
struct Test {
  /// In the order of Command.
  std::variant<plan::TestSpec, plan::TcpSpec, plan::RxSpec, plan::ReflectSpec, plan::TcpSinkSpec,
               plan::SearchSpec, plan::ProbeSpec, plan::DemoSpec, plan::ServeSpec, plan::ReportSpec,
               Completion>
      of;
  std::string key_file; ///< file from which --key was read; written to profiles
  plan::FarEnd far{};   ///< of `udp` and `search`: the host of the other end
  bool operator==(const Test&) const = default;
};

/// What `udp` and `search` send; none of other commands.
plan::TestSpec* udp_of(Test& test);
const plan::TestSpec* udp_of(const Test& test);

/// With the defaults of all options.
Test default_test(Command command);

} // namespace xtg::spec
