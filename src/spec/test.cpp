// SPDX-License-Identifier: BSD-2-Clause
#include "spec/test.h"

#include <utility>

namespace xtg::spec {

plan::TestSpec* udp_of(Test& test) {
  if (auto* search = std::get_if<plan::SearchSpec>(&test.of)) return &search->test;
  return std::get_if<plan::TestSpec>(&test.of);
}

const plan::TestSpec* udp_of(const Test& test) {
  return udp_of(const_cast<Test&>(test)); // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

Test default_test(Command command) {
  switch (command) {
  case Command::Udp: {
    plan::TestSpec udp;
    udp.ports.emplace_back().streams.emplace_back();
    return {std::move(udp), {}};
  }
  case Command::Search: {
    plan::SearchSpec search;
    search.test.ports.emplace_back().streams.emplace_back();
    search.test.drain = plan::kSearchDrain;
    return {std::move(search), {}};
  }
  case Command::Tcp:
    return {plan::TcpSpec{}, {}};
  case Command::Rx:
    return {plan::RxSpec{}, {}};
  case Command::Reflect:
    return {plan::ReflectSpec{}, {}};
  case Command::TcpSink:
    return {plan::TcpSinkSpec{}, {}};
  case Command::Probe:
    return {plan::ProbeSpec{}, {}};
  case Command::Demo:
    return {plan::DemoSpec{}, {}};
  case Command::Serve:
    return {plan::ServeSpec{}, {}};
  case Command::Report:
    return {plan::ReportSpec{}, {}};
  case Command::Completion:
    break;
  }
  return {Completion{}, {}};
}

} // namespace xtg::spec
