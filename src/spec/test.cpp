// SPDX-License-Identifier: BSD-2-Clause
#include "spec/test.h"

#include <algorithm>
#include <optional>

namespace xtg::spec {
namespace {

plan::ExchangeSpec exchange(const Udp& udp) {
  plan::ExchangeSpec out;
  out.bidir = udp.bidir;
  out.window = udp.window;
  out.interval = udp.run.interval;
  out.drain = udp.drain;
  out.expect = udp.expect;
  out.dry_run = udp.run.dry_run;
  out.output = udp.run.output;
  if (udp.ports.empty()) out.ports.push_back({udp.run.interface, udp.run, false});
  for (const Port& port : udp.ports)
    out.ports.push_back({port.send.interface, port.send, true});
  for (const std::string& name : udp.rx) {
    const auto known = std::ranges::find(out.ports, name, &plan::PortSpec::interface);
    if (known != out.ports.end())
      known->receive = true;
    else
      out.ports.push_back({name, std::nullopt, true});
  }
  return out;
}

} // namespace

Test default_test(Command command) {
  switch (command) {
  case Command::Udp: {
    Udp udp;
    udp.run.streams.emplace_back();
    return {std::move(udp), {}};
  }
  case Command::Tcp:
    return {plan::TcpSpec{}, {}};
  case Command::Rx:
    return {plan::RxSpec{}, {}};
  case Command::Reflect:
    return {plan::ReflectSpec{}, {}};
  case Command::Probe:
    return {plan::ProbeSpec{}, {}};
  case Command::Demo:
    return {plan::DemoSpec{}, {}};
  case Command::Completion:
    break;
  }
  return {Completion{}, {}};
}

Request request(const Test& test) {
  return std::visit(
      [](const auto& of) -> Request {
        using T = std::decay_t<decltype(of)>;
        if constexpr (std::is_same_v<T, Udp>) {
          if (of.rx.empty() && of.ports.empty()) return of.run;
          return exchange(of);
        } else if constexpr (std::is_same_v<T, Completion>) {
          return {};
        } else {
          return of;
        }
      },
      test.of);
}

} // namespace xtg::spec
