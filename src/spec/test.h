// SPDX-License-Identifier: BSD-2-Clause
// A test is one value, whoever asks for it: argv and JSON profiles make the same one, by the same
// table of options (spec/option.h).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "plan/exchange_spec.h"
#include "plan/reflect_spec.h"
#include "plan/rx_spec.h"
#include "plan/search_spec.h"
#include "plan/spec.h"
#include "plan/tcp_spec.h"

namespace xtg::spec {

inline constexpr std::size_t kMaxStreams = 64;

/// A port of --port: `send` is what was given for all ports and, on top, for this one.
struct Port {
  plan::RunSpec send;
  bool operator==(const Port&) const = default;
};

/// `udp`: one run, or a test of ports where `rx` or `ports` says so.
struct Udp {
  plan::RunSpec run; ///< at least one stream
  std::vector<std::string> rx;
  std::vector<Port> ports;
  bool bidir = false;
  std::uint32_t window = plan::RxSpec{}.window;
  Nanoseconds drain = plan::kDrain;
  std::vector<plan::Condition> expect;
  bool operator==(const Udp&) const = default;
};

/// `search`: what `udp` sends, and what is looked for with it.
struct Search {
  Udp udp;
  plan::SearchSpec search; ///< its `test` is filled in by request()
  std::string reflector;   ///< --reflect; empty: --rx
  bool operator==(const Search&) const = default;
};

enum class Command : std::uint8_t { Udp, Tcp, Rx, Reflect, Search, Probe, Demo, Completion };

/// `completion`: the shell.
struct Completion {
  std::string shell;
  bool operator==(const Completion&) const = default;
};

struct Test {
  /// In the order of Command.
  std::variant<Udp, plan::TcpSpec, plan::RxSpec, plan::ReflectSpec, Search, plan::ProbeSpec,
               plan::DemoSpec, Completion>
      of;
  std::string key_file; ///< where the secret of --key was read: what a profile says in its place
  bool operator==(const Test&) const = default;
};

/// Of `udp`, and of what is built on it; else none.
Udp* udp_of(Test& test);

/// With the defaults of all options.
Test default_test(Command command);

/// What the use-cases take.
using Request = std::variant<plan::RunSpec, plan::ExchangeSpec, plan::TcpSpec, plan::RxSpec,
                             plan::ReflectSpec, plan::SearchSpec, plan::ProbeSpec, plan::DemoSpec>;
/// Not for `completion`.
Request request(const Test& test);

} // namespace xtg::spec
