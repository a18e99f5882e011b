// SPDX-License-Identifier: BSD-2-Clause
// What people bring along from other tools is answered with our name for it.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/called_xtg.h"
#include "unit/cli/cli_test.h"

namespace xtg::cli {
namespace {

using plan::TcpSpec;

TEST(CliForeign, HintsNameTheProgramAsItWasCalled) {
  const test::CalledXtg called;
  expect_refused({
      {{}, {"no command given", "; xtg --help explains"}},
      {{"--rate", "1Mpps"}, {"as in: xtg udp --rate"}},
      {{"--profile", "mix.json", "udp"}, {"as in: xtg udp --profile mix.json"}},
      {{"-c", "198.18.0.2"}, {"a command here: xtg tcp HOST"}},
      {{"udp", "--conf", "frames"}, {"see xtg udp --help"}},
  });
}

TEST(CliForeign, OptionsOfIperf3AndTrafgen) {
  expect_refused({
      {{"-c", "198.18.0.2"}, {"unknown option -c", "iperf3", "xdp-trafficgen tcp HOST"}},
      {{"-u", "-c", "198.18.0.2"}, {"unknown option -u", "xdp-trafficgen udp"}},
      {{"-s"}, {"iperf3's -s", "xdp-trafficgen rx INTERFACE"}},
      {{"tcp", "-c", "198.18.0.2"}, {"tcp: unknown option -c", "HOST"}},
      {{"tcp", "a", "-u"}, {"xdp-trafficgen udp"}},
      {{"tcp", "a", "-b", "1G"}, {"iperf3's -b is --rate"}},
      {{"tcp", "a", "-b1G"}, {"iperf3's -b is --rate"}},
      {{"tcp", "a", "--bandwidth=1G"}, {"iperf3's --bandwidth is --rate"}},
      {{"tcp", "a", "--bitrate", "1G"}, {"--rate"}},
      {{"tcp", "a", "-R"}, {"--reverse needs --server"}},
      {{"tcp", "a", "-J"}, {"--json"}},
      {{"tcp", "a", "-s"}, {"any TCP receiver"}},
      {{"tcp", "a", "--time", "5"}, {"iperf3's --time is --duration"}},
      {{"tcp", "a", "-w", "64k"}, {"window"}},
      {{"udp", "eth0", "-c", "198.18.0.2"}, {"--dst-addr"}},
      {{"udp", "eth0", "-u"}, {"anyway"}},
      {{"udp", "eth0", "-b", "1G"}, {"--rate"}},
      {{"udp", "eth0", "-R"}, {"--server"}},
      {{"udp", "eth0", "-J"}, {"--json"}},
      {{"udp", "eth0", "--parallel", "4"}, {"--threads"}},
      {{"udp", "eth0", "--length", "1400"}, {"--pkt-size"}},
      {{"udp", "-4", "eth0"}, {"unknown option -4", "--dst-addr"}},
      {{"udp", "eth0", "-6"}, {"unknown option -6", "--dst-addr"}},
      {{"rx", "eth0", "-t", "5"}, {"--duration"}},
      {{"reflect", "eth0", "-b", "1M"}, {"--max-rate"}},
      {{"udp", "--dev", "eth0"}, {"trafgen's --dev", "--interface"}},
      {{"udp", "-o", "eth0"}, {"trafgen's -o", "--interface"}},
      {{"udp", "eth0", "--conf", "a.cfg"}, {"trafgen's --conf", "options"}},
      {{"udp", "eth0", "--num", "5"}, {"--num-packets"}},
      {{"udp", "eth0", "--gap", "10us"}, {"--rate"}},
  });
}

TEST(CliForeign, WordsOfPktgen) {
  expect_refused({
      {{"udp", "eth0", "count", "1000"},
       {"unexpected argument", "pktgen's count is --num-packets"}},
      {{"udp", "count", "1000"}, {"pktgen's count is --num-packets"}},
      {{"udp", "eth0", "delay", "0"}, {"pktgen's delay", "--rate"}},
      {{"udp", "eth0", "pkt_size", "60"}, {"--pkt-size", "FCS"}},
      {{"udp", "eth0", "pkt_size=60"}, {"--pkt-size"}},
      {{"udp", "eth0", "dst_mac", "02:00:00:00:00:01"}, {"--dst-mac"}},
      {{"udp", "eth0", "dst", "198.18.0.2"}, {"--dst-addr"}},
      {{"udp", "eth0", "udp_dst_min", "9"}, {"--dst-port"}},
      {{"udp", "eth0", "rate", "10M"}, {"--rate"}},
      {{"udp", "eth0", "ratep", "1000"}, {"--rate", "pps"}},
      {{"udp", "eth0", "clone_skb", "0"}, {"not needed"}},
  });
}

TEST(CliForeign, ATcpRunWithoutEndSaysWhatItsShortOptionsMean) {
  const auto note = [](const Args& args) {
    const auto notes = parsed<TcpSpec>(Args{"tcp", "a"} + args).notes;
    return notes.empty() ? std::string{} : notes.front();
  };
  EXPECT_EQ(note({"-t", "2", "-P", "4"}),
            "-t is the time for a connection to open, iperf3's is --duration here; -P is the first "
            "source port, iperf3's is --flows here; this run has no end, --duration sets one");
  EXPECT_NE(note({"-t2"}).find("--duration"), std::string::npos);
  EXPECT_NE(note({"-l", "128"}).find("--mss"), std::string::npos);
  const std::string amount = note({"-n", "1M"});
  EXPECT_NE(amount.find("--bytes"), std::string::npos);
  EXPECT_EQ(amount.find("no end"), std::string::npos);
  for (const Args& args : std::vector<Args>{{},
                                            {"--timeout", "2", "--src-port", "4"},
                                            {"-t", "2", "--duration", "5"},
                                            {"-P", "4000", "--bytes", "1M"}})
    EXPECT_EQ(note(args), "") << shown(args);
}

} // namespace
} // namespace xtg::cli
