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

plan::SearchSpec search_for(Search test) {
  if (!test.reflector.empty()) {
    test.udp.rx = {test.udp.run.interface};
    const auto to = packet::IpRange::parse(test.reflector);
    for (plan::StreamSpec& stream : test.udp.run.streams) {
      stream.round_trip = true;
      if (to) stream.dst_addr = *to;
    }
  }
  if (test.search.preset == search::Preset::Rfc2544 && test.udp.drain == plan::kSearchDrain)
    test.udp.drain = plan::kDrain; // RFC 2544, 23
  test.search.test = exchange(test.udp);
  return test.search;
}

} // namespace

Udp* udp_of(Test& test) {
  if (auto* search = std::get_if<Search>(&test.of)) return &search->udp;
  return std::get_if<Udp>(&test.of);
}

Test default_test(Command command) {
  switch (command) {
  case Command::Udp: {
    Udp udp;
    udp.run.streams.emplace_back();
    return {std::move(udp), {}};
  }
  case Command::Search: {
    Search search;
    search.udp.run.streams.emplace_back();
    search.udp.drain = plan::kSearchDrain;
    return {std::move(search), {}};
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
        } else if constexpr (std::is_same_v<T, Search>) {
          return search_for(of);
        } else if constexpr (std::is_same_v<T, Completion>) {
          return {};
        } else {
          return of;
        }
      },
      test.of);
}

} // namespace xtg::spec
