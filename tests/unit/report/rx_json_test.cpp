// SPDX-License-Identifier: BSD-2-Clause
#include <cmath>
#include <functional>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/version.h"
#include "support/histograms.h"
#include "unit/report/rx_sample_values.h"

namespace xtg::report {
namespace {

using nlohmann::ordered_json;

ordered_json document(const std::function<void(Sink&)>& run) {
  std::ostringstream out;
  const auto json = make_json(out);
  run(*json);
  json->take(Finish{});
  return test::without_histograms(ordered_json::parse(out.str()));
}

ordered_json end_of(const stats::RxSummary& summary) {
  return document([&](Sink& json) { json.take(RxEnd{summary, {}}); })["end"];
}

constexpr const char* kCounters =
    R"("unique":1002,"lost_packets":12,"lost_percent":1.183431952662722,"duplicates":7,)"
    R"("replicated":5,"reordered":5,"too_late":1,"suspect":0,"negative_delays":10,"absurd_delays":0,)";
constexpr const char* kPath = R"("path":"one-way",)";
constexpr const char* kDelay =
    R"("delay_us":{"min":47.25,"mean":50.7775,"p50":47.874,"p90":48.081,"p99":130.099,)"
    R"("p999":131.02,"p9999":1999.486,"max":2000.123,"count":1000},"jitter_us":1.3125)";
constexpr const char* kDetails =
    R"("negative_delay_worst_us":-3.2,"ipdv_us":{"mean":0.5125,"max":1952.0},)"
    R"("pdv_us":{"p99":82.849,"p999":83.77,"max":1952.873},)"
    R"("arrival_us":{"p50":1.004,"p99":1.007,"p999":30.165,"max":30.207},)"
    R"("reorder":{"extent_mean":2.5,"extent_max":7,"late_us_max":12.345},)"
    R"("loss_exact":true,"loss_bursts":{"count":3,"longest":9,"lengths":[{"from":1,"to":1,"count":1},)"
    R"({"from":2,"to":3,"count":1},{"from":8,"to":15,"count":1}],"outage_us":250.0})";

TEST(RxJson, Start) {
  const ordered_json start = document([](Sink& json) {
    json.take(RxBegin{sample::rx_plan(), sample::info(), "native"});
  })["start"];
  EXPECT_EQ(start["version"], kVersion);
  EXPECT_EQ(start["schema"], 1);
  EXPECT_EQ(start["hostname"], "lab1");
  EXPECT_FALSE(start.contains("count_source")) << "that is about sending";
  EXPECT_FALSE(start.contains("count_source_note"));
  EXPECT_EQ(
      start["configuration"].dump(),
      R"({"interface":{"name":"eth1","ifindex":7,"driver":"veth","kind":"veth",)"
      R"("mac":"02:00:00:00:00:01","mtu":1500,"tx_queues":2,"rx_queues":2,)"
      R"("speed_bits_per_second":null},"role":"receiver","mode":"auto","attached":"native",)"
      R"("session":12648430,"port":1000,"observe":false,"match":[],"drop_matched":false,)"
      R"("window":65536,"streams":256,)"
      R"("num_packets":null,"announcements":true,"keyed":false,)"
      R"("clock_offset_seconds":null,"drain_seconds":2.0,"duration_seconds":2.5,"interval_seconds":1.0,)"
      R"("expect":["loss<0.001%","p99<150us"],"verify":false,"write_pcap":null,)"
      R"("sample":null,"notes":["no other program on eth1"]})");
}

TEST(RxJson, StartOfWhatHasNoLimits) {
  const ordered_json all = document([](Sink& json) {
    json.take(RxBegin{sample::rx_observe_plan(), sample::info(), "generic"});
  })["start"]["configuration"];
  EXPECT_EQ(all["mode"], "generic");
  EXPECT_EQ(all["attached"], "generic");
  EXPECT_TRUE(all["session"].is_null());
  EXPECT_TRUE(all["port"].is_null());
  EXPECT_EQ(all["observe"], true);
  EXPECT_EQ(all["num_packets"], 1);
  EXPECT_TRUE(all["duration_seconds"].is_null());
  EXPECT_EQ(all["expect"].dump(), "[]");
}

TEST(RxJson, Interval) {
  const ordered_json intervals =
      document([](Sink& json) { json.take(sample::rx_interval()); })["intervals"];
  ASSERT_EQ(intervals.size(), 1U);
  EXPECT_EQ(intervals[0].dump(),
            std::string(R"({"sum":{"start":0.0,"end":1.0,"seconds":1.0,"packets":1010,)") +
                R"("bytes":64640,"bits_per_second":517120.0,"rx_pps":1010.0,)" +
                R"("l1_bits_per_second":678720.0,"l2_bits_per_second":517120.0,)" + kCounters +
                R"("missing_packets":12,"matched":0,)" + kPath + kDelay +
                R"(,"passed":33,"streams":1}})");
}

TEST(RxJson, SuspectsMayBeBelievedLater) {
  const ordered_json all = document([](Sink& json) {
    stats::RxSample s = sample::rx_interval();
    s.sum.suspect = -1;
    json.take(s);
  });
  EXPECT_EQ(all["intervals"][0]["sum"]["suspect"], -1);
}

TEST(RxJson, WhatIsNotThereIsNull) {
  const ordered_json all = document([](Sink& json) {
    stats::RxSample s;
    s.pps = std::nan("");
    json.take(s);
    json.take(RxEnd{sample::rx_nothing(), {}});
  });
  const ordered_json sum = all["intervals"][0]["sum"];
  for (const char* key : {"rx_pps", "lost_percent", "delay_us", "jitter_us"})
    EXPECT_TRUE(sum[key].is_null()) << key;
  EXPECT_EQ(sum["lost_packets"], 0);
  for (const char* key : {"negative_delay_worst_us", "ipdv_us", "pdv_us", "arrival_us", "reorder",
                          "loss_bursts", "delay_us", "jitter_us", "lost_percent"})
    EXPECT_TRUE(all["end"]["sum"][key].is_null()) << key;
  EXPECT_EQ(all["end"]["sum"]["passed"], 1'234);
  EXPECT_EQ(all["end"]["streams"].dump(), "[]");
  EXPECT_EQ(all["end"]["reason"], "interrupted");
}

/// Of frames without a signature neither loss nor order is known, and 0 would say that it is.
TEST(RxJson, OfMatchedFramesAloneNothingFollowsFromNumbers) {
  stats::RxSample s = sample::rx_interval();
  s.streams.front().name = {.match = true};
  s.sum = {.packets = 5, .bytes = 300, .matched = 5};
  const ordered_json sum = document([&](Sink& json) { json.take(s); })["intervals"][0]["sum"];
  for (const char* key :
       {"unique", "lost_packets", "lost_percent", "missing_packets", "duplicates", "replicated",
        "reordered", "too_late", "suspect", "negative_delays", "absurd_delays"})
    EXPECT_TRUE(sum[key].is_null()) << key;
  EXPECT_EQ(sum["packets"], 5);
  EXPECT_EQ(sum["matched"], 5);
}

TEST(RxJson, MayGainLatePackets) {
  const ordered_json all = document([](Sink& json) {
    stats::RxSample s = sample::rx_interval();
    s.sum.lost = -4;
    json.take(s);
  });
  EXPECT_EQ(all["intervals"][0]["sum"]["lost_packets"], -4);
  EXPECT_EQ(all["intervals"][0]["sum"]["lost_percent"], 0.0);
}

TEST(RxJson, End) {
  const stats::RxSummary summary = sample::rx_summary();
  ordered_json end = document([&](Sink& json) {
    json.take(RxEnd{summary, judge(sample::rx_plan().spec.expect, summary)});
  })["end"];
  EXPECT_EQ(end["sum"].dump(),
            std::string(R"({"start":0.0,"end":2.0,"seconds":2.0,"packets":1010,"bytes":64640,)") +
                R"("bits_per_second":258560.0,"rx_pps":505.0,"l1_bits_per_second":339360.0,)" +
                R"("l2_bits_per_second":258560.0,)" + kCounters +
                R"("missing_packets":12,"matched":0,)" + kPath + kDelay +
                R"(,"passed":33,"streams":1,"sent":null,"waiting_seconds":0.0,)" + kDetails + "}");
  ASSERT_EQ(end["streams"].size(), 1U);
  EXPECT_EQ(
      end["streams"][0].dump(),
      std::string(R"({"session":12648430,"stream":3,"form":"full","match":null,)") +
          R"("path":"one-way","seconds":1.5,)" +
          R"("packets":1010,"bytes":64640,"rx_pps":505.0,"l1_bits_per_second":339360.0,)" +
          R"("l2_bits_per_second":258560.0,"frame_size":{"min":64,"max":64},)" +
          R"("first_sequence":6,"next_sequence":1020,"units":1,)" +
          R"("per_unit":[{"unit":3,"packets":1010,"bytes":64640}],"sent":null,"clock":"shared",)" +
          R"("clock_error_us":null,"clock_note":null,)" + kCounters + kDelay + "," + kDetails +
          R"(,"mirror":null})");
  end.erase("sum");
  end.erase("streams");
  EXPECT_EQ(
      end.dump(),
      R"({"announced":[],"reason":"duration","queues":[{"queue":0,"packets":1000,"bytes":64000,)"
      R"("passed":32},{"queue":3,"packets":10,"bytes":640,"passed":1}],)"
      R"("cpus":[{"cpu":2,"packets":1010,"bytes":64640,"passed":33}],)"
      R"("aside":{"refused":1,"no_slot":2,"unknown":3,"unannounced":0,"candidates":4,"link_dropped":5,)"
      R"("link_missed":6,"link_errors":7,"unsound_announcements":0,"unheard_announcements":0,"unconfirmed_runs":0},)"
      R"("expect":[{"condition":"loss<0.001%","value":0.011834319526627219,"held":false,"implied":false},)"
      R"({"condition":"p99<150us","value":130099.0,"held":true,"implied":false}],"verify":null,)"
      R"("sample":null,"cpu_seconds":1.5})");
}

TEST(RxJson, WhatWasAnnounced) {
  ordered_json end = end_of(sample::rx_announced());
  EXPECT_EQ(
      end["announced"].dump(),
      R"([{"session":12648430,"start_seen":true,"ended":true,"overdue":false,"streams":1,"threads":2,)"
      R"("frame_size":64,"num_packets":1200,"duration_seconds":null,"rate_pps":500.5,)"
      R"("reflected":false,"clock":"tai","clock_error_us":1.5,"attempts":1200,)"
      R"("refused":100}])");
  EXPECT_EQ(end["sum"]["sent"], 1'100);
  EXPECT_EQ(end["sum"]["lost_packets"], 98);
  EXPECT_EQ(end["streams"][0]["sent"], 1'100);
  EXPECT_EQ(end["streams"][0]["clock"], "tai");
  EXPECT_EQ(end["streams"][0]["clock_error_us"], 4.0);
  EXPECT_EQ(end["streams"][0]["clock_note"], "CLOCK_TAI, in step within 4.000 us");
  EXPECT_EQ(end["reason"], "announced");
}

TEST(RxJson, WhatAnAnnouncementDoesNotTell) {
  stats::RxSummary summary = sample::rx_announced();
  stats::RxSender& sender = summary.senders[0];
  sender.start_seen = false;
  sender.ends.clear();
  sender.about.rate_millipps = 0;
  sender.about.duration_ns = 2'500'000'000;
  sender.about.clock_error_ns = kNotInStep;
  const ordered_json run = end_of(summary)["announced"][0];
  for (const char* key : {"num_packets", "rate_pps", "clock_error_us", "attempts", "refused"})
    EXPECT_TRUE(run[key].is_null()) << key;
  EXPECT_EQ(run["duration_seconds"], 2.5);
  EXPECT_EQ(run["ended"], false);
}

TEST(RxJson, SampledAndVerifiedFrames) {
  const ordered_json all = document([](Sink& json) {
    json.take(RxBegin{sample::rx_sampled_plan(), sample::info(), "native"});
    json.take(RxEnd{sample::rx_sampled(), {}});
  });
  const ordered_json asked = all["start"]["configuration"];
  EXPECT_EQ(asked["verify"], true);
  EXPECT_EQ(asked["write_pcap"], "late.pcapng");
  EXPECT_EQ(asked["sample"], "1/1000,late,corrupt");
  EXPECT_EQ(all["end"]["verify"].dump(), R"({"corrupt":1003,"unverified":2})");
  EXPECT_EQ(all["end"]["sample"].dump(),
            R"({"file":"late.pcapng","written":1009,"lost_samples":4,"cut":1,)"
            R"("reasons":{"every":2,"first":0,"late":5,"lost":0,"duplicate":0,"corrupt":1003}})");
}

TEST(RxJson, StreamOfAnotherClockOverTwoQueues) {
  const ordered_json stream = end_of(sample::rx_two_streams())["streams"][0];
  EXPECT_EQ(stream["form"], "compact");
  EXPECT_EQ(stream["clock"], "differs");
  EXPECT_EQ(stream["units"], 2);
  EXPECT_EQ(stream["frame_size"].dump(), R"({"min":1518,"max":1518})");
  for (const char* key : {"delay_us", "pdv_us", "loss_bursts", "reorder"})
    EXPECT_TRUE(stream[key].is_null()) << key;
  EXPECT_EQ(stream["jitter_us"], 0.25) << "needs one clock only";
  EXPECT_EQ(stream["ipdv_us"].dump(), R"({"mean":0.2,"max":0.4})");
}

TEST(RxJson, FramesWithoutASignature) {
  const ordered_json start = document([](Sink& json) {
    json.take(RxBegin{sample::rx_match_plan(), sample::info(), "native"});
  })["start"]["configuration"];
  EXPECT_EQ(start["match"].dump(), R"(["udp dst port 10000","arp"])");
  EXPECT_EQ(start["drop_matched"], false);
  const ordered_json end = end_of(sample::rx_mixed());
  EXPECT_EQ(end["sum"]["packets"], 2'244);
  EXPECT_EQ(end["sum"]["matched"], 1'234);
  EXPECT_EQ(end["sum"]["unique"], 1'002) << "of test frames";
  EXPECT_EQ(end["sum"]["streams"], 2) << "that came";
  ASSERT_EQ(end["streams"].size(), 3U);
  EXPECT_TRUE(end["streams"][0]["match"].is_null());
  EXPECT_EQ(
      end["streams"][1].dump(),
      R"({"session":null,"stream":0,"form":"match","match":"udp dst port 10000","path":null,"seconds":0.5,)"
      R"("packets":1234,"bytes":128336,"rx_pps":617.0,"l1_bits_per_second":612064.0,)"
      R"("l2_bits_per_second":513344.0,"frame_size":{"min":64,"max":1518},"first_sequence":null,)"
      R"("next_sequence":null,"units":1,"per_unit":[],"sent":null,"clock":null,"clock_error_us":null,"clock_note":null,"unique":null,"lost_packets":null,)"
      R"("lost_percent":null,"duplicates":null,"replicated":null,"reordered":null,"too_late":null,"suspect":null,)"
      R"("negative_delays":null,"absurd_delays":null,"delay_us":null,"jitter_us":null,"negative_delay_worst_us":null,)"
      R"("ipdv_us":null,"pdv_us":null,)"
      R"("arrival_us":{"p50":1.004,"p99":1.007,"p999":1.007,"max":1.007},"reorder":null,)"
      R"("loss_exact":null,"loss_bursts":null,"mirror":null})");
  const ordered_json silent = end["streams"][2];
  EXPECT_EQ(silent["match"], "arp");
  EXPECT_EQ(silent["packets"], 0);
  for (const char* key : {"seconds", "frame_size", "arrival_us"})
    EXPECT_TRUE(silent[key].is_null()) << key;
}

TEST(RxJson, OnePacketHasNoVariation) {
  stats::RxSummary summary = sample::rx_summary();
  summary.streams[0].counters.packets = 1;
  summary.all.counters.packets = 1;
  const ordered_json end = end_of(summary);
  for (const char* key : {"jitter_us", "ipdv_us"}) {
    EXPECT_TRUE(end["sum"][key].is_null()) << key;
    EXPECT_TRUE(end["streams"][0][key].is_null()) << key;
  }
}

TEST(RxJson, NoBurstIsNotUnknown) {
  stats::RxSummary summary = sample::rx_summary();
  summary.all.bursts = summary.all.longest_burst = summary.all.outage_ns = 0;
  summary.all.burst_class = {};
  EXPECT_EQ(end_of(summary)["sum"]["loss_bursts"].dump(),
            R"({"count":0,"longest":0,"lengths":[],"outage_us":0.0})");
  summary.all.burst_class.back() = 2;
  EXPECT_EQ(end_of(summary)["sum"]["loss_bursts"]["lengths"].dump(),
            R"([{"from":8388608,"to":null,"count":2}])");
}

TEST(RxJson, ConditionThatWasNotMeasured) {
  const stats::RxSummary nothing = sample::rx_nothing();
  const ordered_json end = document([&](Sink& json) {
    json.take(RxEnd{nothing, judge(sample::rx_plan().spec.expect, nothing)});
  })["end"];
  EXPECT_EQ(end["expect"][0].dump(),
            R"({"condition":"loss<0.001%","value":null,"held":false,"implied":false})");
}

TEST(RxJson, IntervalsBeforeAnAnnouncedRunAreDropped) {
  const auto ends_of = [](const std::vector<stats::RxSender>& before_the_last) {
    const ordered_json all = document([&](Sink& json) {
      json.take(RxBegin{sample::rx_plan(), sample::info(), "native"});
      double end_s = 0;
      stats::RxSample sample = sample::rx_interval();
      sample.end_s = ++end_s;
      json.take(sample);
      for (const stats::RxSender& sender : before_the_last) {
        json.take(Announced{sender});
        sample.end_s = ++end_s;
        json.take(sample);
      }
    });
    std::vector<double> ends;
    for (const ordered_json& interval : all["intervals"])
      ends.push_back(interval["sum"]["end"]);
    return ends;
  };
  const stats::RxSender begins{.run_id = 1, .start_seen = true, .about = {}, .ends = {}};
  const stats::RxSender ends{.run_id = 2, .start_seen = false, .about = {}, .ends = {}};
  EXPECT_EQ(ends_of({ends}), (std::vector<double>{1, 2}));
  EXPECT_EQ(ends_of({begins}), (std::vector<double>{2}));
  EXPECT_EQ(ends_of({ends, begins, begins}), (std::vector<double>{3, 4})) << "the second one joins";
}

TEST(RxJson, FirstErrorAndItsStatus) {
  const ordered_json all = document([](Sink& json) {
    json.take(RxBegin{sample::rx_plan(), sample::info(), "native"});
    json.take(Failure{{Errc::Peer, 0, "no test frame\narrived"}, 5});
    json.take(Failure{{Errc::System, 0, "later"}, 1});
  });
  EXPECT_EQ(all["error"], "no test frame arrived");
  EXPECT_EQ(all["exit_status"], 5);
  EXPECT_TRUE(all["end"].is_null());
}

TEST(RxJsonStream, OneLinePerEventWithTheDocumentsObjects) {
  std::ostringstream out;
  const auto stream = make_json_stream(out);
  const auto run = [](Sink& reporter) {
    reporter.take(RxBegin{sample::rx_plan(), sample::info(), "native"});
    reporter.take(sample::rx_interval());
    reporter.take(Failure{{Errc::Peer, 0, "two\nlines"}, 5});
    reporter.take(
        RxEnd{sample::rx_summary(), judge(sample::rx_plan().spec.expect, sample::rx_summary())});
  };
  run(*stream);
  stream->take(Finish{});
  const ordered_json whole = document(run);
  std::vector<ordered_json> events;
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);)
    events.push_back(test::without_histograms(ordered_json::parse(line)));
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0], (ordered_json{{"event", "start"}, {"data", whole["start"]}}));
  EXPECT_EQ(events[1], (ordered_json{{"event", "interval"}, {"data", whole["intervals"][0]}}));
  EXPECT_EQ(events[2].dump(), R"({"event":"error","data":"two lines","exit_status":5})");
  EXPECT_EQ(events[3], (ordered_json{{"event", "end"}, {"data", whole["end"]}}));
}

} // namespace
} // namespace xtg::report
