// SPDX-License-Identifier: BSD-2-Clause
// Options of `tcp-sink`, and of `tcp` with a server.
#include <gtest/gtest.h>

#include "unit/cli/cli_test.h"

namespace xtg::cli {
namespace {

using plan::TcpSinkSpec;
using plan::TcpSinkVerify;

TEST(CliTcpSink, EveryOptionSetsItsPartOfTheSpec) {
  const auto spec = parsed<TcpSinkSpec>(
      {"tcp-sink", "eth1", "-p", "5201", "--allow", "192.0.2.0/24,2001:db8::1", "--connections",
       "9", "--verify", "pattern", "--bytes", "1M", "--duration", "10s", "-I", "2s", "--json"});
  TcpSinkSpec expected;
  expected.interface = "eth1";
  expected.port = 5201;
  expected.allow = {packet::IpPrefix::parse("192.0.2.0/24").value(),
                    packet::IpPrefix::parse("2001:db8::1").value()};
  expected.connections = 9;
  expected.verify = TcpSinkVerify::Pattern;
  expected.bytes = 1'000'000;
  expected.duration = Nanoseconds{10'000'000'000};
  expected.interval = Nanoseconds{2'000'000'000};
  expected.output.json = true;
  EXPECT_EQ(spec, expected);
}

TEST(CliTcpSink, WhatIsWrongIsNamed) {
  expect_refused({{{"tcp-sink"}, {"tcp-sink", "interface"}},
                  {{"tcp-sink", "eth1", "-p", "0"}, {"--port", "1 to 65535"}},
                  {{"tcp-sink", "eth1", "--connections", "0"}, {"--connections", "1 to 60000"}},
                  {{"tcp-sink", "eth1", "--allow", "x"}, {"--allow"}},
                  {{"tcp-sink", "eth1", "--verify", "random"}, {"none|zeros|pattern"}}});
}

TEST(CliTcp, TheServersHostReceives) {
  EXPECT_EQ(parsed<plan::TcpSpec>({"tcp", "--server", "h1", "--bidir"}).host, "");
  expect_refused({{{"tcp"}, {"expected HOST"}},
                  {{"tcp", "a", "--server", "h1"}, {"HOST and --server"}},
                  {{"tcp", "a", "--reverse"}, {"--reverse needs --server"}},
                  {{"tcp", "a", "--bidir"}, {"--bidir needs --server"}},
                  {{"tcp", "--server", "h1", "-R", "--bidir"}, {"--reverse and --bidir"}},
                  {{"tcp", "--server", "h1", "-R", "--payload-file", "f"}, {"--payload-file"}},
                  {{"tcp", "--server", "h1", "--dry-run"}, {"--dry-run goes without --server"}}});
}

} // namespace
} // namespace xtg::cli
