// SPDX-License-Identifier: BSD-2-Clause
#include "spec/test.h"

#include <utility>

namespace xtg::spec {

Test default_test(Command command) {
  switch (command) {
  case Command::Udp: {
    plan::TestSpec udp;
    udp.ports.emplace_back().streams.emplace_back();
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
  case Command::Report:
    return {plan::ReportSpec{}, {}};
  case Command::Completion:
    break;
  }
  return {Completion{}, {}};
}

} // namespace xtg::spec
