// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include "report/dry_run.h"
#include "unit/report/tcp_sample_values.h"

namespace xtg::report {
namespace {

TEST(TcpText, WholeRun) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(TcpBegin{sample::tcp_plan(), sample::info()});
  text->take(sample::tcp_interval());
  text->take(FlowEnded{sample::reset_flow(), 1.25});
  text->take(Failure{{Errc::Peer, 0, "1 of 3 flows failed"}, 5});
  text->take(sample::tcp_summary());
  text->take(Finish{});
  EXPECT_EQ(
      out.str(),
      R"(sending to 198.18.0.2 port 10000 over eth1 (veth), 3 flows, 2 threads on CPU 2,3, for 2.5s
payload pattern, 3,000,000 bytes in all; rate 1Gbps on l1, congestion control cubic, bursts of 45; closed by FIN
counted by tracepoint xdp_devmap_xmit: what the driver accepted of this run
[   1.00s] eth1       55 err/s        2,005 xmit/s  20.00 Mbit/s goodput         24 retrans/s      1,250 us RTT  9.000 Mbit/s slowest  11.00 Mbit/s fastest       2 open
[   1.25s] eth1  flow 2 (port 40002) reset by the far end: RST after 500,000 bytes of 1,000,000

summary of eth1
  ended           all flows are done: 1 of 3 flows failed
  duration                  2.000 s
  goodput            20.00 Mbit/s over the 1.900 s in which data flowed
  flows' goodput     9.000 Mbit/s slowest, 11.00 Mbit/s fastest
  acknowledged          2,500,000 bytes
  sent                  2,896,000 bytes in 2,000 segments
  retransmitted            34,752 bytes in 24 segments (1.200 % of the bytes sent): 20 found lost by SACK, 3 after a time-out, 1 as tail probes
  local drops              72,400 bytes in 50 segments: dropped by the driver of this host and sent again
  spurious                      4 segments that the far end had already (DSACK)
  ECN                           8 window reductions for ECN marks
  received                     70 bytes, acknowledged and dropped
  bad segments                  9 from the far end, not acceptable
  RTT             min 45.0 us  p50 47.9 us  p99 2,011 us  max 2,015 us
  window limited            0.500 s, 8.3 % of the flows' time: the far end's window was full
  zero window               0.250 s, 4.2 % of the flows' time: of it, the window was closed
  in flight                 0.100 s, 1.7 % of the flows' time: 94,804,352 bytes were, the most of a flow that this program keeps track of
  frames                    2,060 attempts  2,005 accepted  50 driver drops  5 redirect errors
  missed slots                 30 segments of the schedule: no flow could send one in time
  memory retries                1 kernel calls
  errno                        50  ENOSPC (No space left on device)
  dropped here              1,200 segments from the far end: a thread fell behind, and later ones were kept
  damaged                       3 segments from the far end with a wrong checksum: ignored
  flows                         2 closed by FIN both ways
  flows                         1 reset by the far end
                  flow 2 (port 40002) reset by the far end: RST after 500,000 bytes of 1,000,000
  negotiated      1448 bytes in a full segment, timestamps, SACK, no ECN
  ingress         the far end's segments taken by xdp
  connecting                0.012 s
  first data                0.043 s after the start
  processor time            1.500 s
)");
  EXPECT_EQ(err.str(), "xdp-trafficgen: note: dst-mac is that of the veth peer\n");
}

TEST(TcpText, OneFlowHasNoOthersToCompare) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(TcpBegin{sample::tcp_file_plan(), sample::link_info()});
  stats::TcpSample s;
  s.end_s = 1;
  text->take(s);
  s.end_s = 9999.994;
  s.xmit_pps = 12'345'678;
  s.err_pps = 12'345;
  s.goodput_bps = 1.2345e11;
  s.again_pps = 1'234'567;
  s.rtt_us = 2'000'000;
  text->take(s);
  EXPECT_EQ(
      out.str(),
      R"(sending to 2001:db8::2 port 10000 over eth1 (driver unknown), 1 flow, 1 thread on CPU 5
payload file "request.txt", once, 4,096 bytes per flow; rate 1kpps, congestion control none, bursts of 45; left open
counted by the link counters of eth1, NOT by tracepoint: whatever else it sends is in the figures (CAP_PERFMON is missing)
[   1.00s] eth1        0 err/s            0 xmit/s   0.000 bit/s goodput          0 retrans/s          - us RTT
[9999.99s] eth1   12,345 err/s   12,345,678 xmit/s  123.5 Gbit/s goodput  1,234,567 retrans/s  2,000,000 us RTT
)");
}

TEST(TcpText, NeverASilentZero) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(TcpBegin{sample::tcp_file_plan(), sample::info()});
  out.str("");
  text->take(sample::tcp_refused());
  EXPECT_EQ(out.str(), R"(
summary of eth1
  ended           failed
  duration                  0.500 s
  goodput             0.000 bit/s
  why none        no connection could be opened: 198.18.0.2 port 10000: Connection refused
  acknowledged                  0 bytes
  sent                          0 bytes in 0 segments
  retransmitted                 0 bytes in 0 segments (0.000 % of the bytes sent)
  frames                        0 attempts  0 accepted  0 driver drops  0 redirect errors
  flows                         1 not opened
                  flow 0 not opened: 198.18.0.2 port 10000: Connection refused
  connecting                0.500 s
  processor time            0.000 s
)");
}

TEST(TcpText, ManyFailuresAreCountedAndOnlyTheFirstTold) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(TcpBegin{sample::tcp_plan(), sample::info()});
  out.str("");
  stats::TcpSummary summary;
  for (std::uint32_t i = 0; i < 20; i++) {
    summary.flows.push_back(sample::reset_flow());
    summary.flows.back().number = i;
    text->take(FlowEnded{summary.flows.back(), 1});
  }
  const std::string lines = out.str();
  EXPECT_NE(lines.find("flow 7 (port"), std::string::npos) << lines;
  EXPECT_EQ(lines.find("flow 8 (port"), std::string::npos) << lines;
  EXPECT_TRUE(lines.ends_with("] eth1  more flows end; they are only counted\n")) << lines;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 9);
  out.str("");
  text->take(summary);
  EXPECT_NE(out.str().find("  flows                        20 reset by the far end\n"),
            std::string::npos)
      << out.str();
  EXPECT_NE(out.str().find("flow 7 (port"), std::string::npos) << out.str();
  EXPECT_EQ(out.str().find("flow 8 (port"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("                  and 12 more\n"), std::string::npos) << out.str();
}

TEST(TcpText, ShortWaitsAreLeftOut) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  stats::TcpSummary summary = sample::tcp_summary(); // three flows, two seconds
  summary.total.sum.window_limited_us = 59'999;
  summary.total.sum.zero_window_us = 0;
  summary.total.sum.idle_us = 60'000;
  text->take(summary);
  EXPECT_EQ(out.str().find("window limited"), std::string::npos);
  EXPECT_EQ(out.str().find("zero window"), std::string::npos);
  EXPECT_NE(out.str().find("  idle                      0.060 s, 1.0 % of the flows' time: nothing "
                           "in flight and nothing to send\n"),
            std::string::npos)
      << out.str();
}

TEST(TcpText, NeverShowsNanOrInf) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  stats::TcpSample s = sample::tcp_interval();
  s.goodput_bps = std::nan("");
  s.again_pps = std::numeric_limits<double>::infinity();
  s.compared = 0;
  text->take(TcpBegin{sample::tcp_plan(), sample::info()});
  out.str("");
  text->take(s);
  EXPECT_EQ(out.str(), "[   1.00s] eth1       55 err/s        2,005 xmit/s       - bit/s goodput   "
                       "       - retrans/s      1,250 us RTT             - slowest             - "
                       "fastest       2 open\n");
}

TEST(TcpText, PayloadAndAmountInWords) {
  const auto head = [](const std::function<void(plan::TcpPlan&)>& change) {
    std::ostringstream out, err;
    plan::TcpPlan plan = sample::tcp_plan();
    plan.spec.bytes.reset();
    plan.flow_bytes.assign(3, plan::kNoLimit);
    change(plan);
    make_text(out, err)->take(TcpBegin{plan, sample::info()});
    const std::string text = out.str();
    const auto from = text.find("\npayload ") + 9;
    return text.substr(from, text.find(';', from) - from);
  };
  EXPECT_EQ(head([](plan::TcpPlan&) {}), "pattern, no limit");
  EXPECT_EQ(head([](plan::TcpPlan& p) {
              p.spec.payload = plan::TcpPayload::Zeros;
              p.spec.num_packets = 1;
              p.flow_bytes.clear();
            }),
            "zeros, 1 full segment in all");
  EXPECT_EQ(head([](plan::TcpPlan& p) {
              p.spec.payload = plan::TcpPayload::File;
              p.spec.payload_file = "a\nb";
              p.spec.repeat = true;
              p.spec.bytes_per_flow = 70'000;
            }),
            R"(file "a\x0ab", over and over, 70,000 bytes per flow)");
}

TEST(TcpQuiet, TakesEverything) {
  const auto quiet = make_quiet();
  quiet->take(TcpBegin{sample::tcp_plan(), sample::info()});
  quiet->take(sample::tcp_interval());
  quiet->take(FlowEnded{sample::reset_flow(), 1});
  quiet->take(Failure{{Errc::Peer, 0, "x"}, 5});
  quiet->take(sample::tcp_summary());
  quiet->take(Finish{});
}

TEST(TcpDryRun, Text) {
  std::ostringstream out;
  print_tcp_plan(out, sample::tcp_plan());
  EXPECT_EQ(out.str(),
            R"(interface       eth1 (ifindex 7, veth), 02:00:00:00:00:01, MTU 1500, 2 TX queues
destination     198.18.0.2 port 10000
source          198.18.0.1, ports 40000-40002
dst-mac         02:00:00:00:00:02
src-mac         02:00:00:00:00:01
hop-limit       64
tos             0
flows           3, opened 128 at a time, 2s for each
threads         2 on CPU 2,3
ingress         XDP program
segments        IP packets of at most 1500 bytes, 45 in a burst
congestion      cubic
rate            1Gbps on l1
payload         pattern
amount          3,000,000 bytes in all
duration        2.5s
ending          closed by FIN, after at most 5s for what is in flight
silence         30s, then a flow is given up
interval        1s
)");
}

TEST(TcpDryRun, TextOfWhatIsLeftOpen) {
  std::ostringstream out;
  print_tcp_plan(out, sample::tcp_file_plan());
  for (const char* line :
       {"source          by the route, port chosen by the kernel\n", "ingress         tc program\n",
        "segments        IP packets of at most 1400 bytes, at most 1000 of payload, 45 in a "
        "burst\n",
        "payload         file \"request.txt\", once\n", "amount          4,096 bytes per flow\n",
        "duration        no limit\n", "ending          left open, after at most 5s",
        "fix             repair the interface"})
    EXPECT_NE(out.str().find(line), std::string::npos) << line << out.str();
}

} // namespace
} // namespace xtg::report
