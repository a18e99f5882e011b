// SPDX-License-Identifier: BSD-2-Clause
// A test is one value, whoever asks for it: argv and JSON profiles make the same one, by the same
// table of options (spec/option.h).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "plan/reflect_spec.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"
#include "plan/tcp_spec.h"
#include "plan/test_spec.h"

namespace xtg::spec {

inline constexpr std::size_t kMaxStreams = 64;

enum class Command : std::uint8_t { Udp, Tcp, Rx, Reflect, Probe, Demo, Report, Completion };

/// `completion`: the shell.
struct Completion {
  std::string shell;
  bool operator==(const Completion&) const = default;
};

/// What a command takes; of `udp` at least one port, of which the first sends.
struct Test {
  /// In the order of Command.
  std::variant<plan::TestSpec, plan::TcpSpec, plan::RxSpec, plan::ReflectSpec, plan::ProbeSpec,
               plan::DemoSpec, plan::ReportSpec, Completion>
      of;
  std::string key_file; ///< where the secret of --key was read: what a profile says in its place
  bool operator==(const Test&) const = default;
};

/// With the defaults of all options.
Test default_test(Command command);

} // namespace xtg::spec
