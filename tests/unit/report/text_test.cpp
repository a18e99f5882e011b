// SPDX-License-Identifier: BSD-2-Clause
#include <cmath>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include "report/sink.h"
#include "unit/report/sample_values.h"

namespace xtg::report {
namespace {

TEST(TextReporter, WholeRun) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(UdpBegin{sample::plan(), sample::info()});
  text->take(sample::interval());
  text->take(sample::summary());
  text->take(Finish{});
  EXPECT_EQ(out.str(), R"(sending on eth1 (veth), 2 threads on CPU 2,3, for 2.5s
session 00c0ffee
stream 0: 198.18.0.1 port 1 (02:00:00:00:00:01) -> 198.18.0.2 port 1000-1003 (02:00:00:00:00:02), 64-byte frames, rate 1Mpps, 2,000,000 packets
counted by tracepoint xdp_devmap_xmit: what the driver accepted of this run
[   1.00s] eth1      500 err/s      999,000 xmit/s  671.3 Mbit/s L1  511.5 Mbit/s L2  target 1.000 Mpps

summary of eth1
  ended           duration reached
  duration                  2.000 s
  attempts              1,950,500
  accepted              1,950,000
  driver drops                400
  redirect errors             100
  missed slots                  7
  memory retries                1
  errno                       400  ENOSPC (No space left on device)
  errno                       100  errno 4000 (unknown error)
  mean rate               975,000 xmit/s  655.2 Mbit/s L1  499.2 Mbit/s L2
  target                1,000,000 pps, achieved 975,000 pps (-2.5000 %)
  shortfall       thread 1 was kept off its CPU for 51 ms
  release delay   p50 10 ns  p90 10 ns  p99 20 ns  p99.9 20 ns  max 20 ns
  thread 0 CPU 2          499,500 attempts  499,000 accepted  400 driver drops  100 redirect errors  0 missed slots
  thread 1 CPU 3          500,000 attempts  500,000 accepted  0 driver drops  0 redirect errors  7 missed slots
  first frame               0.043 s after the start
  processor time            3.250 s
)");
  EXPECT_EQ(err.str(), "xdp-trafficgen: note: dst-mac: no neighbour entry, the peer's address is "
                       "taken\n");
}

TEST(TextReporter, SaysWhenTheCountsAreTheLinks) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  plan::Plan plan = sample::plan_v6();
  text->take(UdpBegin{plan, sample::link_info()});
  EXPECT_EQ(out.str(), R"(sending on eth1 (driver unknown), 1 thread on CPU 5
session 00c0ffee
stream 0: 2001:db8::1 port 1 (02:00:00:00:00:01-02:00:00:00:00:08) -> 2001:db8:1::100-2001:db8:1::10f port 1000 (02:00:00:00:00:02), 128-byte frames, rate 1Gbps on l2 = 976.6 kpps
counted by the link counters of eth1, NOT by tracepoint: whatever else it sends is in the figures (CAP_PERFMON is missing)
)");
}

TEST(TextReporter, ThreadsHaveNoAcceptedFiguresFromLinkCounters) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  stats::Summary summary = sample::summary();
  summary.source = stats::CountSource::Link;
  text->take(UdpBegin{sample::plan(), sample::link_info()});
  text->take(summary);
  EXPECT_NE(out.str().find("  thread 1 CPU 3          500,000 attempts  7 missed slots\n"),
            std::string::npos)
      << out.str();
}

TEST(TextReporter, ColumnsStayInPlace) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  plan::Plan plan = sample::plan();
  text->take(UdpBegin{plan, sample::info()});
  out.str("");
  stats::Sample s;
  s.end_s = 1;
  text->take(s);
  s.end_s = 9999.994;
  s.xmit_pps = 148'809'523.4;
  s.err_pps = 12'345;
  s.l1_bps = 1e11;
  s.l2_bps = 7.619e10;
  text->take(s);
  EXPECT_EQ(
      out.str(),
      "[   1.00s] eth1        0 err/s            0 xmit/s   0.000 bit/s L1   0.000 bit/s L2\n"
      "[9999.99s] eth1   12,345 err/s  148,809,523 xmit/s  100.0 Gbit/s L1  76.19 Gbit/s L2\n");
}

TEST(TextReporter, LowRatesKeepTheirFractions) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  stats::Summary summary;
  summary.total.target_pps = 0.5;
  summary.total.xmit_pps = 0.5;
  text->take(summary);
  EXPECT_NE(out.str().find("0.500 pps, achieved 0.500 pps (+0.0000 %)\n"), std::string::npos)
      << out.str();
}

/// The refused ones among the attempts are no loss: it is told how many went a second time.
TEST(TextReporter, TellsWhatWasSentAgain) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  stats::Summary summary;
  summary.total.tx = {.attempts = 1'007, .accepted = 1'000, .driver_drops = 7, .resent = 7};
  text->take(summary);
  EXPECT_NE(out.str().find("  sent again                    7\n"), std::string::npos) << out.str();
  out.str("");
  summary.total.tx = {.attempts = 1'000, .accepted = 1'000};
  text->take(summary);
  EXPECT_EQ(out.str().find("sent again"), std::string::npos) << out.str();
}

TEST(TextReporter, NeverShowsNanOrInf) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  stats::Sample s = sample::interval();
  s.xmit_pps = std::nan("");
  s.l1_bps = std::numeric_limits<double>::infinity();
  s.err_pps = -1;
  text->take(s);
  EXPECT_EQ(out.str(), "[   1.00s]         - err/s            - xmit/s       - bit/s L1  511.5 "
                       "Mbit/s L2  target 1.000 Mpps\n");
}

TEST(TextReporter, FailureStandsInTheSummaryOnly) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(Failure{{Errc::System, 0, "eth1 is down\nip link set eth1 up"}, 4});
  EXPECT_EQ(out.str(), "");
  stats::Summary summary;
  summary.end = stats::EndReason::Failed;
  text->take(summary);
  EXPECT_NE(out.str().find("  ended           failed: eth1 is down ip link set eth1 up\n"),
            std::string::npos)
      << out.str();
}

TEST(QuietReporter, TakesEverything) {
  const auto quiet = make_quiet();
  quiet->take(UdpBegin{sample::plan(), sample::info()});
  quiet->take(sample::interval());
  quiet->take(Failure{{Errc::System, 0, "x"}, 1});
  quiet->take(sample::summary());
  quiet->take(Finish{});
}

} // namespace
} // namespace xtg::report
