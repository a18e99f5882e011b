// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include "report/rx_announce.h"
#include "report/rx_phrases.h"
#include "unit/report/rx_sample_values.h"

namespace xtg::report {
namespace {

std::string summary_text(const stats::RxSummary& summary) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(RxBegin{sample::rx_plan(), sample::info(), "native"});
  out.str("");
  text->take(RxEnd{summary, {}});
  return out.str();
}

TEST(RxText, WholeRun) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  const plan::RxPlan plan = sample::rx_plan();
  text->take(RxBegin{plan, sample::info(), "native"});
  text->take(sample::rx_interval());
  text->take(Failure{{Errc::Peer, 0, "1 of 2 conditions\nmissed"}, 3});
  text->take(RxEnd{sample::rx_summary(), judge(plan.spec.expect, sample::rx_summary())});
  text->take(Finish{});
  EXPECT_EQ(out.str(), R"(receiving on eth1 (veth), native mode, for 2.5s
test frames of session 00c0ffee, UDP port 1000; counted and taken; window 65,536 numbers, 256 streams
[   1.00s] eth1        1,010 pkt/s  678.7 kbit/s L1         12 missing        7 dup          5 reordered     47.9 p50    130.1 p99    2,000 max us delay    1.312 us jitter

summary of eth1
  ended           duration reached: 1 of 2 conditions missed
  duration                  2.000 s
  packets                   1,010 in 1 stream, of 64 bytes
  mean rate                   505 pkt/s  339.4 kbit/s L1  258.6 kbit/s L2
  unique                    1,002 packets
  lost                         12 packets, 1.1834 % of 1,014 expected; lost or never sent: not announced
  duplicates                    7 copies of 5 packets
  reordered                     5 packets, overtaken by 2.5 on average, by 7 at most; at most 12.3 us late
  too late                      1 packets, below the window of 65,536 numbers
  loss bursts                   3 by length 1: 1, 2-3: 1, 8-15: 1; the longest 9 packets, outage at most 250.0 us
  delay           min 47.2  mean 50.8  p50 47.9  p90 48.1  p99 130.1  p99.9 131.0  p99.99 1,999  max 2,000 us
  clock error                  10 delays below zero, the worst -3.200 us
  PDV             p99 82.8  p99.9 83.8  max 1,953 us above the smallest delay
  jitter          1.312 us
  IPDV            mean 0.512  max 1,952 us
  interarrival    p50 1.004  p99 1.007  max 30.2 us
  streams         session 00c0ffee stream 3: 1,010 packets  12 lost (1.1834 %)  7 dup  5 reordered  1 too late  p50 47.9  p99 130.1  max 2,000 us delay
  queue 0                   1,000 packets, 32 other frames passed
  queue 3                      10 packets, 1 other frame passed
  CPU 2                     1,010 packets, 33 other frames passed
  passed                       33 frames that are not counted
  refused                       1 test frames of another session or port, passed
  no room                       2 test frames of streams beyond the 256 that are counted, taken uncounted; raise --streams
  unknown                       3 test frames of an unknown version or type, passed
  candidates                    4 first frames of streams without a second frame, uncounted
  interface drops               5 dropped  6 missed  7 errors
  expected        MISSED  loss<0.001%: 1.1834 %
  expected        met     p99<150us: 130.1 us
  processor time            1.500 s
)");
}

TEST(RxText, SeveralStreamsOfWhichOneHasAnotherClock) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(RxBegin{sample::rx_observe_plan(), sample::info(), "generic"});
  text->take(RxEnd{sample::rx_two_streams(), {}});
  EXPECT_EQ(out.str(), R"(receiving on eth1 (driver unknown), generic mode, up to 1 packet
test frames of any session, any UDP port; counted and passed on; window 65,536 numbers, 256 streams

summary of eth1
  ended           duration reached
  duration                  2.000 s
  packets                   1,030 in 2 streams, of 64 to 1,518 bytes
  mean rate                   505 pkt/s  339.4 kbit/s L1  258.6 kbit/s L2
  unique                    1,022 packets
  lost                         12 packets, 1.1605 % of 1,034 expected; lost or never sent: not announced
  duplicates                    7 copies of 5 packets
  reordered                     5 packets, overtaken by 2.5 on average, by 7 at most; at most 12.3 us late
  too late                      1 packets, below the window of 65,536 numbers
  loss bursts     not known: a stream came through more than one queue or CPU
  delay           min 47.2  mean 50.8  p50 47.9  p90 48.1  p99 130.1  p99.9 131.0  p99.99 1,999  max 2,000 us
                  without 1 stream, whose clock is not this host's
  clock error                  10 delays below zero, the worst -3.200 us
  PDV             p99 82.8  p99.9 83.8  max 1,953 us above the smallest delay
  jitter          1.312 us, the largest of the streams
  IPDV            mean 0.512  max 1,952 us
  interarrival    p50 1.004  p99 1.007  max 30.2 us
  streams         session ....beef stream 200: 20 packets  0 lost (0.0000 %)  0 dup  0 reordered  0 too late  clock differs
                  session 00c0ffee stream 3: 1,010 packets  12 lost (1.1834 %)  7 dup  5 reordered  1 too late  p50 47.9  p99 130.1  max 2,000 us delay
  queue 0                   1,000 packets, 32 other frames passed
  queue 3                      10 packets, 1 other frame passed
  CPU 2                     1,010 packets, 33 other frames passed
  passed                       33 frames that are not counted
  interface drops               0 dropped  0 missed  0 errors
  processor time            1.500 s
)");
}

TEST(RxText, FramesWithoutASignatureBesideTestFrames) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(RxBegin{sample::rx_match_plan(), sample::info(), "native"});
  text->take(RxEnd{sample::rx_mixed(), {}});
  EXPECT_EQ(out.str(), R"(receiving on eth1 (driver unknown), native mode, up to 1 packet
test frames of any session, any UDP port; counted and taken; window 65,536 numbers, 256 streams
frames without a signature that match 'udp dst port 10000' or 'arp': counted and passed on

summary of eth1
  ended           duration reached
  duration                  2.000 s
  packets                   2,244 in 2 streams, of 64 to 1,518 bytes
  mean rate                   505 pkt/s  339.4 kbit/s L1  258.6 kbit/s L2
  matched                   1,234 packets without a signature
  unique                    1,002 packets
  lost                         12 packets, 1.1834 % of 1,014 expected; lost or never sent: not announced
  duplicates                    7 copies of 5 packets
  reordered                     5 packets, overtaken by 2.5 on average, by 7 at most; at most 12.3 us late
  too late                      1 packets, below the window of 65,536 numbers
  loss bursts                   3 by length 1: 1, 2-3: 1, 8-15: 1; the longest 9 packets, outage at most 250.0 us
  delay           min 47.2  mean 50.8  p50 47.9  p90 48.1  p99 130.1  p99.9 131.0  p99.99 1,999  max 2,000 us
  clock error                  10 delays below zero, the worst -3.200 us
  PDV             p99 82.8  p99.9 83.8  max 1,953 us above the smallest delay
  jitter          1.312 us
  IPDV            mean 0.512  max 1,952 us
  interarrival    p50 1.004  p99 1.007  max 30.2 us
  streams         session 00c0ffee stream 3: 1,010 packets  12 lost (1.1834 %)  7 dup  5 reordered  1 too late  p50 47.9  p99 130.1  max 2,000 us delay
                  match 'udp dst port 10000': 1,234 packets, 64 to 1,518 bytes  interarrival p50 1.004  p99 1.007  max 1.007 us
                  match 'arp': no packet
  queue 0                   1,000 packets, 32 other frames passed
  queue 3                      10 packets, 1 other frame passed
  CPU 2                     1,010 packets, 33 other frames passed
  passed                       33 frames that are not counted
  interface drops               0 dropped  0 missed  0 errors
  processor time            1.500 s
)");
}

TEST(RxText, NothingButFramesWithoutASignature) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  plan::RxPlan plan = sample::rx_match_plan();
  plan.spec.drop_matched = true;
  text->take(RxBegin{plan, sample::info(), "native"});
  EXPECT_NE(out.str().find("or 'arp': counted and taken\n"), std::string::npos) << out.str();
  out.str("");
  text->take(RxEnd{sample::rx_matched_only(), {}});
  EXPECT_EQ(out.str(), R"(
summary of eth1
  ended           duration reached
  duration                  2.000 s
  packets                   1,234 in 1 stream, of 64 to 1,518 bytes
  mean rate                   505 pkt/s  339.4 kbit/s L1  258.6 kbit/s L2
  loss and delay  not known: no packet had a signature
  interarrival    p50 1.004  p99 1.007  max 1.007 us
  streams         match 'udp dst port 10000': 1,234 packets, 64 to 1,518 bytes  interarrival p50 1.004  p99 1.007  max 1.007 us
                  match 'arp': no packet
  queue 0                   1,000 packets, 32 other frames passed
  queue 3                      10 packets, 1 other frame passed
  CPU 2                     1,010 packets, 33 other frames passed
  passed                       33 frames that are not counted
  interface drops               0 dropped  0 missed  0 errors
  processor time            1.500 s
)");
  out.str("");
  stats::RxSummary nothing = sample::rx_nothing();
  nothing.streams = {sample::rx_silent_stream()};
  text->take(RxEnd{nothing, {}});
  EXPECT_NE(out.str().find("  received        no frame that is counted arrived; 1,234 other "
                           "frames passed\n  streams         match 'arp': no packet\n"),
            std::string::npos)
      << out.str();
}

TEST(RxText, FiltersAreToldHoweverManyStreamsThereAre) {
  stats::RxSummary summary = sample::rx_mixed();
  summary.streams.insert(summary.streams.begin(), 20, sample::rx_stream());
  const std::string text = summary_text(summary);
  EXPECT_NE(text.find("\n                  ... and 5 more\n                  match 'udp dst port "
                      "10000': 1,234 packets"),
            std::string::npos)
      << text;
}

TEST(RxText, NeverASilentZero) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  const plan::RxPlan plan = sample::rx_plan();
  text->take(RxBegin{plan, sample::info(), "native"});
  out.str("");
  text->take(RxEnd{sample::rx_nothing(), judge(plan.spec.expect, sample::rx_nothing())});
  EXPECT_EQ(out.str(), R"(
summary of eth1
  ended           interrupted
  duration                  2.000 s
  received        no test frame arrived; 1,234 other frames passed
  queue 0                       0 packets, 1,234 other frames passed
  passed                    1,234 frames that are not counted
  interface drops               0 dropped  0 missed  0 errors
  expected        MISSED  loss<0.001%: not measured
  expected        MISSED  p99<150us: not measured
  processor time            0.000 s
)");
}

TEST(RxText, SampledAndVerifiedFrames) {
  std::string text = summary_text(sample::rx_sampled());
  EXPECT_NE(text.find("\n  corrupt                   1,003 test frames with a wrong checksum, "
                      "uncounted\n"
                      "  unverified                    2 test frames whose checksum cannot be "
                      "verified, counted\n"
                      "  written                   1,009 frames in late.pcapng: 2 every, 5 late, "
                      "1,003 corrupt; 1 cut after 3,584 bytes; 4 samples lost: the writer was too "
                      "slow\n"),
            std::string::npos)
      << text;
  stats::RxSummary summary = sample::rx_nothing();
  summary.verified = {.corrupt = 1, .unverified = 0};
  summary.samples = {.file = "a\nb", .written = 1, .lost = 0, .cut = 0, .why = {}};
  text = summary_text(summary);
  EXPECT_NE(text.find("  received        no test frame was counted, see below for those"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  corrupt                       1 test frames with a wrong checksum, "
                      "uncounted\n  written                       1 frame in a"),
            std::string::npos)
      << text;
  text = summary_text(sample::rx_summary());
  for (const char* label : {"  corrupt ", "  unverified ", "  written "})
    EXPECT_EQ(text.find(label), std::string::npos) << label << text;
}

TEST(RxText, TestFramesThatWereNotCountedAreNotUnsaid) {
  for (const auto member : {&stats::RxUncounted::filtered, &stats::RxUncounted::no_slot,
                            &stats::RxUncounted::unknown, &stats::RxUncounted::candidates}) {
    stats::RxSummary summary = sample::rx_nothing();
    summary.total.passed = 1;
    summary.uncounted.*member = 17;
    const std::string text = summary_text(summary);
    EXPECT_NE(text.find("  received        no test frame was counted, see below for those that "
                        "arrived; 1 other frame passed\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("             17 "), std::string::npos) << text;
  }
}

TEST(RxText, ManyStreamsAreCountedAndOnlyTheFirstTold) {
  stats::RxSummary summary = sample::rx_summary();
  for (std::uint16_t i = 1; i < 17; i++) {
    summary.streams.push_back(sample::rx_stream());
    summary.streams.back().name.stream = static_cast<std::uint16_t>(100 + i);
  }
  std::string text = summary_text(summary);
  EXPECT_NE(text.find("stream 115: "), std::string::npos) << text;
  EXPECT_EQ(text.find("stream 116: "), std::string::npos) << text;
  EXPECT_NE(text.find("\n                  ... and 1 more\n"), std::string::npos) << text;
  summary.streams.pop_back();
  text = summary_text(summary);
  EXPECT_EQ(text.find(" more\n"), std::string::npos) << text;
}

TEST(RxText, AnotherClockHasNoDelay) {
  stats::RxSummary summary = sample::rx_summary();
  summary.streams = {sample::rx_foreign_stream()};
  summary.all = sample::rx_foreign_stream();
  summary.total.sum = summary.all.counters;
  summary.total.delay = {};
  const std::string text = summary_text(summary);
  EXPECT_NE(text.find("  delay           not known: the sender's clock is not this host's; udp "
                      "--round-trip and reflect measure without a common clock\n  jitter "),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("clock error"), std::string::npos) << text;
}

TEST(RxText, AnAnnouncedRun) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(RxBegin{sample::rx_plan(), sample::info(), "native"});
  out.str("");
  stats::RxSender sender = sample::rx_announced().senders[0];
  text->take(Announced{sender});
  sender.about.frames = sender.about.duration_ns = ~std::uint64_t{0};
  sender.about.rate_millipps = 0;
  sender.about.streams = 3;
  text->take(Announced{sender});
  sender.about.duration_ns = 2'500'000'000;
  text->take(Announced{sender});
  sender.start_seen = false;
  sender.about.frames = 1'000;
  text->take(Announced{sender});
  EXPECT_EQ(out.str(), R"(run 00c0ffee announced: 1,200 packets of 64 bytes at 501 pps, 1 stream
run 00c0ffee announced: packets of 64 bytes at full speed, 3 streams
run 00c0ffee announced: packets of 64 bytes for 2.5s at full speed, 3 streams
run 00c0ffee ended after 1,000 packets of 64 bytes; its start was not seen: what was sent before this receiver began is among the lost
)");
}

TEST(RxText, WhatWasSentIsWhatIsExpected) {
  const std::string text = summary_text(sample::rx_announced());
  EXPECT_NE(text.find("  lost                         98 packets, 8.9091 % of 1,100 sent\n"
                      "                               86 of these before the first or after the "
                      "last packet received; in no burst\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  clock           CLOCK_TAI, in step within 4.000 us\n"), std::string::npos)
      << text;
}

TEST(RxText, AllIsLost) {
  stats::RxSummary summary = sample::rx_nothing();
  summary.all.sent = 1'000;
  summary.total.sum.lost = 1'000;
  EXPECT_NE(summary_text(summary).find("1,000 packets, 100.0000 % of 1,000 sent\n"),
            std::string::npos);
}

TEST(RxText, AStreamOfWhichNothingCameHasNoClock) {
  stats::RxSummary summary = sample::rx_announced();
  stats::RxStream& silent = summary.streams.emplace_back();
  silent.name = {0xc0ffee, 4, false};
  silent.sent = 10;
  silent.counters.lost = 10;
  const std::string text = summary_text(summary);
  EXPECT_NE(text.find("0 too late  p50 -  p99 -  max - us delay\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("clock differs"), std::string::npos) << text;
}

TEST(RxText, ADelayThatIsNotKnownHasAReason) {
  stats::RxSummary summary = sample::rx_summary();
  summary.total.delay = {};
  EXPECT_NE(summary_text(summary).find("  delay           not known: no packet has one\n"),
            std::string::npos);
  summary.all.clock = {stats::RxClock::Differs, stats::RxClockReason::OtherHost, std::nullopt};
  EXPECT_NE(summary_text(summary).find("  delay           not known: the sender's clock is that"),
            std::string::npos);
}

TEST(RxText, WhyNoDelayIsTold) {
  const auto words = [](stats::RxClockReason reason) {
    return clock_text({stats::RxClock::Differs, reason, std::nullopt});
  };
  using enum stats::RxClockReason;
  const std::string instead = "; udp --round-trip and reflect measure without a common clock";
  EXPECT_EQ(words(HereNotInStep), "CLOCK_TAI of this host is not known to be in step" + instead);
  EXPECT_EQ(words(SenderNotInStep), "CLOCK_TAI of the sender is not known to be in step" + instead);
  EXPECT_EQ(words(OtherHost), "the sender's clock is that of another host" + instead);
  EXPECT_EQ(words(Contradicted), "the sender's clock is not this host's" + instead);
  EXPECT_EQ(clock_text({}), "");
  EXPECT_EQ(clock_text({stats::RxClock::Tai, SenderUnknown, 1'500}),
            "CLOCK_TAI, which is off by at most 1.500 us here; the sender's is not known");
}

TEST(RxText, OnePacketHasNoVariation) {
  stats::RxSummary summary = sample::rx_summary();
  stats::RxStream& stream = summary.streams[0];
  stream.counters = {.packets = 1, .bytes = 60, .unique = 1};
  stream.arrival = {};
  stream.extents = 0;
  stream.bursts = 0;
  summary.all = stream;
  summary.total.sum = stream.counters;
  const std::string text = summary_text(summary);
  for (const char* label : {"  jitter ", "  IPDV ", "  interarrival ", "overtaken", "by length"})
    EXPECT_EQ(text.find(label), std::string::npos) << label << text;
  EXPECT_NE(text.find("  loss bursts                   0 \n"), std::string::npos) << text;
}

TEST(RxText, SuspectsAreToldWhereThereAreAny) {
  stats::RxSummary summary = sample::rx_summary();
  EXPECT_EQ(summary_text(summary).find("suspect"), std::string::npos);
  summary.total.sum.suspect = summary.streams[0].counters.suspect = 1'234;
  const std::string text = summary_text(summary);
  EXPECT_NE(text.find("  suspect                   1,234 packets, with a number that no second one "
                      "confirmed\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  1 too late  1,234 suspect  p50 "), std::string::npos) << text;
}

TEST(RxText, IntervalWithoutAnything) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(RxBegin{sample::rx_plan(), sample::info(), "native"});
  out.str("");
  stats::RxSample s;
  s.end_s = 1;
  s.missing = -1'234; // late ones came
  s.l1_bps = std::nan("");
  s.pps = std::numeric_limits<double>::infinity();
  text->take(s);
  EXPECT_EQ(out.str(),
            "[   1.00s] eth1            - pkt/s       - bit/s L1     -1,234 missing        0 "
            "dup          0 reordered        - p50        - p99        - max us delay  "
            "      - us jitter\n");
}

TEST(RxText, HowItEnded) {
  stats::RxSummary summary = sample::rx_summary();
  const auto ended = [&](stats::EndReason reason) {
    summary.end = reason;
    const std::string text = summary_text(summary);
    const auto from = text.find("  ended           ") + 18;
    return text.substr(from, text.find('\n', from) - from);
  };
  EXPECT_EQ(ended(stats::EndReason::Amount), "all packets that were asked for arrived");
  EXPECT_EQ(ended(stats::EndReason::Duration), "duration reached");
  EXPECT_EQ(ended(stats::EndReason::Interrupted), "interrupted");
  EXPECT_EQ(ended(stats::EndReason::Failed), "failed");
  EXPECT_EQ(ended(stats::EndReason::Announced), "the sender announced the end");
}

TEST(RxText, ObservedFramesOfStreamsWithoutRoomPass) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(RxBegin{sample::rx_observe_plan(), sample::info(), "generic"});
  text->take(RxEnd{sample::rx_summary(), {}});
  EXPECT_NE(out.str().find("counted, passed uncounted; raise --streams\n"), std::string::npos);
}

TEST(RxText, TheLongestBurstsAreOneClass) {
  stats::RxSummary summary = sample::rx_summary();
  summary.all.burst_class = {};
  summary.all.burst_class.back() = 3;
  EXPECT_NE(summary_text(summary).find("by length 8,388,608 and more: 3; "), std::string::npos);
}

TEST(RxQuiet, TakesEverything) {
  const auto quiet = make_quiet();
  quiet->take(RxBegin{sample::rx_plan(), sample::info(), "native"});
  quiet->take(Announced{sample::rx_announced().senders[0]});
  quiet->take(sample::rx_interval());
  quiet->take(Failure{{Errc::Peer, 0, "x"}, 5});
  quiet->take(RxEnd{sample::rx_summary(), {}});
  quiet->take(Finish{});
}

TEST(RxWords, MicrosecondsKeepThreeOrFourDigits) {
  EXPECT_EQ(us_number(0), "0.000");
  EXPECT_EQ(us_number(9'875), "9.875");
  EXPECT_EQ(us_number(10'000), "10.0");
  EXPECT_EQ(us_number(999'900), "999.9");
  EXPECT_EQ(us_number(1'234'567'000), "1,234,567");
  EXPECT_EQ(us_number(-3'200), "-3.200");
  EXPECT_EQ(us_number(-3'200'000), "-3,200");
  EXPECT_EQ(us_number(std::nan("")), "-");
}

TEST(RxWords, ALossTooSmallToBeSeenIsNotZero) {
  EXPECT_EQ(percent_text(0), "0.0000 %");
  EXPECT_EQ(percent_text(1e-9), "< 0.0001 %");
  EXPECT_EQ(percent_text(1e-6), "0.0001 %");
  EXPECT_EQ(percent_text(1), "100.0000 %");
}

TEST(RxWords, NoFewerAreExpectedThanCame) {
  EXPECT_EQ(expected_packets({.unique = 10, .lost = 2}), 12U);
  EXPECT_EQ(expected_packets({.unique = 10, .lost = -3}), 10U);
}

TEST(RxWords, SignedNumbers) {
  EXPECT_EQ(signed_text(1'234), "1,234");
  EXPECT_EQ(signed_text(-1'234), "-1,234");
  EXPECT_EQ(signed_text(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(RxWords, ValuesInTheirUnits) {
  EXPECT_EQ(value_text(plan::Expected::Loss, 0.0025), "0.2500 %");
  EXPECT_EQ(value_text(plan::Expected::Lost, -2), "-2");
  EXPECT_EQ(value_text(plan::Expected::Received, 10'000), "10,000");
  EXPECT_EQ(value_text(plan::Expected::P9999, 52'300), "52.3 us");
  EXPECT_EQ(value_text(plan::Expected::Jitter, 500), "0.500 us");
  EXPECT_EQ(value_text(plan::Expected::Pps, 999'999.6), "1,000,000");
}

} // namespace
} // namespace xtg::report
