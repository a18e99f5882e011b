// SPDX-License-Identifier: BSD-2-Clause
// What `rx` says of streams that a reflector sent back.
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/report/rx_sample_values.h"

namespace xtg::report {
namespace {

using nlohmann::ordered_json;

std::string reflector_report(const stats::RxSummary& summary) {
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(RxBegin{sample::rx_plan(), sample::info(), "native"});
  out.str("");
  text->take(RxEnd{summary, {}});
  return out.str();
}

std::string lines_of(const std::string& text, const std::string& from, const std::string& to) {
  const auto start = text.find(from), end = text.find(to);
  return start == std::string::npos || end == std::string::npos || end < start
             ? text
             : text.substr(start, end - start);
}

TEST(RxReflectorText, TimesAreRoundTripsAndThePathsAreDistinguished) {
  const std::string text = reflector_report(sample::rx_reflected());
  EXPECT_EQ(
      lines_of(text, "  round trip ", "  clock error"),
      "  round trip      min 47.2  mean 50.8  p50 47.9  p90 48.1  p99 130.1  p99.9 131.0  p99.99 "
      "1,999  max 2,000 us\n"
      "                  2 streams included with the time in the reflector\n");
  EXPECT_NE(text.find("us above the smallest round trip\n"), std::string::npos) << text;
  EXPECT_EQ(
      lines_of(text, "  streams ", "  queue 0"),
      R"(  streams         session 00c0ffee stream 3: 1,010 packets  12 lost (1.1834 %)  7 dup  5 reordered  1 too late  p50 47.9  p99 130.1  max 2,000 us round trip
                    time in the reflector min 0.800  mean 1.100  max 20.2 us, not in the round trip
                    forward path: 8 lost  2 dup; 1,011 sent back; return path: 7 lost (0.6924 %)  5 dup  3 reordered  1 too late  p50 47.9  p99 130.1  max 2,000 us delay
                  session 00c0ffee stream 4: 1,010 packets  12 lost (1.1834 %)  7 dup  5 reordered  1 too late  p50 47.9  p99 130.1  max 2,000 us round trip
                    time in the reflector min 0.800  mean 1.100  max 20.2 us, included in the round trip of the 10 frames for which it is not reported
                    forward path: 8 lost  2 dup; 1,011 sent back; return path: 7 lost (0.6924 %)  5 dup  3 reordered  1 too late  clock differs
                  session ....ffee stream 5: 1,010 packets  12 lost (1.1834 %)  7 dup  5 reordered  1 too late  p50 47.9  p99 130.1  max 2,000 us round trip
                    the round trip includes the time in the reflector, which does not report it
                    forward and return path cannot be distinguished: the reflector does not number the frames
)");
}

TEST(RxReflectorText, OfStreamsThatCameStraightNothingIsSaid) {
  const std::string text = reflector_report(sample::rx_summary());
  for (const char* word : {"reflector", "round trip", "forward path"})
    EXPECT_EQ(text.find(word), std::string::npos) << word << text;
}

TEST(RxReflectorText, TheDelayIsOfTheStreamsThatCameStraight) {
  stats::RxSummary summary = sample::rx_summary();
  summary.streams.push_back(sample::rx_reflected_stream());
  const std::string text = reflector_report(summary);
  EXPECT_NE(
      text.find(
          "max 2,000 us\n                  without 1 stream, which came back from a reflector\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("  delay           min "), std::string::npos) << text;
}

TEST(RxReflectorText, IntervalSaysRttInTheSameColumn) {
  stats::RxSample s = sample::rx_interval();
  std::ostringstream out, err;
  const auto text = make_text(out, err);
  text->take(RxBegin{sample::rx_plan(), sample::info(), "native"});
  out.str("");
  text->take(s);
  const std::string straight = out.str();
  s.path = stats::RxPath::RoundTrip;
  out.str("");
  text->take(s);
  EXPECT_NE(out.str().find("2,000 max us RTT      1.312 us jitter\n"), std::string::npos)
      << out.str();
  EXPECT_EQ(out.str().size(), straight.size());
}

ordered_json reflector_end(const stats::RxSummary& summary) {
  std::ostringstream out, err;
  const auto json = make_json(out);
  json->take(RxEnd{summary, {}});
  json->take(Finish{});
  return ordered_json::parse(out.str())["end"];
}

TEST(RxReflectorJson, Streams) {
  const ordered_json end = reflector_end(sample::rx_reflected());
  EXPECT_EQ(end["sum"]["path"], "round-trip");
  const ordered_json& streams = end["streams"];
  ASSERT_EQ(streams.size(), 3U);
  for (const ordered_json& stream : streams)
    EXPECT_EQ(stream["path"], "round-trip");
  ordered_json reflector = streams[0]["mirror"];
  EXPECT_EQ(reflector["back"]["delay_us"], streams[0]["delay_us"]) << "of the same values";
  reflector["back"].erase("delay_us");
  EXPECT_EQ(
      reflector.dump(),
      R"({"residence_us":{"min":0.8,"mean":1.1,"max":20.25,"count":1010},)"
      R"("residence_included":false,"mirrored":1011,)"
      R"("forward":{"lost_packets":8,"duplicates":2},)"
      R"("back":{"clock":"shared","unique":1004,"lost_packets":7,)"
      R"("lost_percent":0.6923837784371909,"duplicates":5,"replicated":4,"reordered":3,"too_late":1,)"
      R"("suspect":0,"negative_delays":0,"absurd_delays":0}})");
  EXPECT_EQ(streams[1]["mirror"]["residence_included"], true);
  EXPECT_EQ(streams[1]["mirror"]["back"]["clock"], "differs");
  EXPECT_TRUE(streams[1]["mirror"]["back"]["delay_us"].is_null());
  EXPECT_EQ(streams[2]["form"], "compact");
  EXPECT_EQ(streams[2]["mirror"].dump(),
            R"({"residence_us":null,"residence_included":true,"mirrored":null,"forward":null,)"
            R"("back":null})");
}

} // namespace
} // namespace xtg::report
