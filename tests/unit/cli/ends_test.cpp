// SPDX-License-Identifier: BSD-2-Clause
// The options of `udp` that make it see both ends.
#include "unit/cli/cli_test.h"

namespace xtg::cli {
namespace {

using plan::TestSpec;
using namespace std::chrono_literals;

/// The port of a run that only sends.
plan::PortSpec port(const Args& args, bool receives = false) {
  plan::PortSpec only = parsed<TestSpec>(args).ports.front();
  only.receive = receives;
  return only;
}

TEST(CliEnds, ReceivesOnAnotherInterface) {
  const auto spec = parsed<TestSpec>({"udp", "eth1", "--rx", "eth2", "-s", "128", "-n", "10"});
  ASSERT_EQ(spec.ports.size(), 2U);
  EXPECT_EQ(spec.ports[0].interface, "eth1");
  EXPECT_FALSE(spec.ports[0].receive);
  EXPECT_EQ(spec.ports[0], port({"udp", "eth1", "-s", "128", "-n", "10"}));
  EXPECT_EQ(spec.ports[1], (plan::PortSpec{"eth2", {}, true}));
  EXPECT_EQ(spec.drain, 2s);
  EXPECT_FALSE(spec.bidir);
}

TEST(CliEnds, ReceivesOnSeveralAndOnItsOwn) {
  const auto spec =
      parsed<TestSpec>({"udp", "eth1", "--rx", "eth2", "--rx=eth1", "--drain", "500ms", "--window",
                        "1024", "--expect", "rx@eth2=10/11", "--bidir", "-I", "200ms", "--json"});
  ASSERT_EQ(spec.ports.size(), 2U);
  EXPECT_TRUE(spec.ports[0].receive);
  EXPECT_TRUE(spec.ports[0].sends());
  EXPECT_EQ(spec.drain, 500ms);
  EXPECT_EQ(spec.window, 1024U);
  EXPECT_EQ(spec.interval, 200ms);
  EXPECT_TRUE(spec.bidir);
  EXPECT_TRUE(spec.output.json);
  ASSERT_EQ(spec.expect.size(), 1U);
  EXPECT_EQ(spec.expect[0], (plan::Condition{plan::Expected::Received, plan::Relation::Equal, 10,
                                             "rx@eth2=10/11", "eth2", 11}));
}

TEST(CliEnds, PortsHaveOptionsOfTheirOwnOnTopOfTheCommonOnes) {
  const auto spec = parsed<TestSpec>(
      {"udp", "--port", "eth1,rate=1Mpps,dst-addr=10.0.0.2,no-udp-checksum", "--port",
       "eth2,pkt-size=200,cpus=1", "--rx", "eth3", "-s", "128", "--rate", "2Mpps"});
  ASSERT_EQ(spec.ports.size(), 3U);
  EXPECT_EQ(spec.ports[0], port({"udp", "eth1", "-s", "128", "--rate", "1Mpps", "--dst-addr",
                                 "10.0.0.2", "--no-udp-checksum"},
                                true));
  EXPECT_EQ(spec.ports[1],
            port({"udp", "eth2", "-s", "200", "--rate", "2Mpps", "--cpus", "1"}, true));
  EXPECT_EQ(spec.ports[2], (plan::PortSpec{"eth3", {}, true}));
}

TEST(CliEnds, ThreadsOfAPortClearTheCommonCpus) {
  const auto spec =
      parsed<TestSpec>({"udp", "--cpus", "0,1", "--port", "eth1,threads=1", "--port", "eth2"});
  EXPECT_EQ(spec.ports[0].threads, 1U);
  EXPECT_TRUE(spec.ports[0].cpus.empty());
  EXPECT_EQ(spec.ports[1].cpus, (std::vector<int>{0, 1}));
}

TEST(CliEnds, WithoutAnotherEndItIsAnOrdinaryRun) {
  const auto spec = parsed<TestSpec>({"udp", "eth1"});
  EXPECT_EQ(spec.ports, (std::vector{plan::PortSpec{"eth1", {plan::StreamSpec{}}}}));
  EXPECT_FALSE(plan::sees_both_ends(spec));
}

TEST(CliEnds, APortOfBothKindsIsOneAndAsAnArgumentTheSame) {
  const auto one = parsed<TestSpec>({"udp", "--port", "eth1", "--rx", "eth1", "--rx", "eth2"});
  EXPECT_EQ(one, parsed<TestSpec>({"udp", "eth1", "--rx", "eth2", "--rx", "eth1"}));
  EXPECT_EQ(one.ports.size(), 2U);
}

TEST(CliEnds, WordsThatDoNotGoTogether) {
  expect_refused({
      {{"udp", "eth1", "--drain", "1s"}, {"--drain", "--rx"}},
      {{"udp", "eth1", "--window", "1024"}, {"--window", "--rx"}},
      {{"udp", "eth1", "--expect", "rx=1"}, {"--expect", "--rx"}},
      {{"udp", "eth1", "--bidir"}, {"--bidir", "--rx"}},
      {{"udp", "eth1", "--rx", "eth1", "--bidir"}, {"--bidir", "eth1", "already"}},
      {{"udp", "--rx", "eth2", "-a", "10.0.0.1"}, {"--rx", "sending interface"}},
      {{"udp", "eth1", "--port", "eth2"}, {"eth1", "--port"}},
      {{"udp", "--port", "eth1", "--rx", "eth2", "--bidir"}, {"--bidir", "--port"}},
      {{"udp", "eth1", "--rx", "eth2", "--no-signature"}, {"--no-signature"}},
      {{"udp", "eth1", "--rx", "eth2", "--announce"}, {"--announce", "--rx"}},
      {{"udp", "eth1", "--rx", "eth2", "--session", "1a2b3c4d"}, {"--session", "--rx"}},
      {{"udp", "eth1", "--rx", "eth2", "--clock", "tai"}, {"--clock tai", "--rx"}},
      {{"udp", "eth1", "--rx", "eth2", "--write-pcap", "f"}, {"--write-pcap"}},
      {{"udp", "eth1", "--rx", "eth2", "--bidir", "--dry-run", "--json"}, {"--dry-run"}},
      {{"udp", "eth1", "--rx", "a/b"}, {"--rx", "a/b"}},
      {{"udp", "--port", ""}, {"--port"}},
      {{"udp", "--port", "a/b"}, {"--port", "a/b"}},
      {{"udp", "--port", "eth1,"}, {"--port"}},
      {{"udp", "--port", "eth1,rate"}, {"--port", "rate"}},
      {{"udp", "--port", "eth1,rate=fast"}, {"--port", "--rate", "fast"}},
      {{"udp", "--port", "eth1,duration=1"}, {"--port", "duration"}},
      {{"udp", "--port", "eth1,rx=eth2"}, {"--port", "rx"}},
      {{"udp", "eth1", "--rx", "eth2", "--expect", "rx@=1"}, {"rx@=1", "@"}},
      {{"udp", "eth1", "--rx", "eth2", "--expect", "rx=12/11"}, {"rx=12/11"}},
      {{"udp", "eth1", "--rx", "eth2", "--expect", "lost=1/11"}, {"lost=1/11"}},
  });
}

TEST(CliEnds, WhatEntersAnInterfaceReachesNoReceiver) {
  const std::string why = "nothing leaves the interface";
  expect_refused({
      {{"udp", "eth1", "--via", "receive", "--rx", "eth2"}, {"--rx and --port", why}},
      {{"udp", "--port", "eth1,via=receive", "--rx", "eth2"}, {"--rx and --port", why}},
      {{"udp", "eth1", "--via", "receive", "--server", "h1"}, {"without --server", why}},
      {{"udp", "--via", "receive", "--server", "h1", "-R"}, {"without --server", why}},
      {{"search", "eth1", "--via", "receive", "--rx", "eth2"}, {"without --rx and --reflect", why}},
      {{"search", "eth1", "--via", "receive", "--reflect", "198.18.0.2"},
       {"without --rx and --reflect", why}},
      {{"search", "--via", "receive", "--server", "h1"}, {"without --server", why}},
  });
}

TEST(CliEnds, APortWithNothingBehindACommaIsShortlyRefused) {
  for (const char* port : {"eth1,,", "eth1,", "eth1,,rate=1kpps"}) {
    const std::string message = refused({"udp", "--port", port});
    EXPECT_EQ(message,
              std::string("--port \"") + port + "\": one of its commas has nothing after it");
  }
}

} // namespace
} // namespace xtg::cli
