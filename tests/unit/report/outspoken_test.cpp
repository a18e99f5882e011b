// SPDX-License-Identifier: BSD-2-Clause
// What goes to the standard error beside a report, and whether a report could be written.
#include <sstream>

#include <gtest/gtest.h>

#include "core/exit_status.h"
#include "report/sink.h"
#include "unit/report/sample_values.h"

namespace xtg::report {
namespace {

TEST(Outspoken, SaysWhatWentWrongInEveryForm) {
  std::ostringstream out, err;
  const auto sink = make_outspoken(make_quiet(), err, false);
  sink->take(Step{"programs loaded"});
  sink->take(Warning{"the start could not be announced"});
  sink->take(Failure{{Errc::Peer, 0, "two\nlines"}, 5});
  EXPECT_EQ(err.str(), "xdp-trafficgen: the start could not be announced\n"
                       "xdp-trafficgen: two lines\n");
}

TEST(Outspoken, StepsAreForWhoAskedForThem) {
  std::ostringstream out, err;
  const auto sink = make_outspoken(make_quiet(), err, true);
  sink->take(Step{"programs loaded"});
  EXPECT_EQ(err.str(), "xdp-trafficgen: programs loaded\n");
}

TEST(Outspoken, WhoLeavesKnowsIt) {
  std::ostringstream err;
  make_outspoken(make_quiet(), err, false)
      ->take(Failure{{Errc::System, 0, "left at the second interrupt"},
                     static_cast<int>(ExitStatus::Interrupted)});
  EXPECT_EQ(err.str(), "");
}

TEST(Outspoken, PassesEverythingOn) {
  std::ostringstream out, err;
  const auto sink = make_outspoken(make_json_stream(out), err, false);
  sink->take(UdpBegin{sample::plan(), sample::info()});
  sink->take(Failure{{Errc::System, 0, "broken"}, 1});
  EXPECT_NE(out.str().find(R"({"event":"start",)"), std::string::npos);
  EXPECT_NE(out.str().find(R"({"event":"error","data":"broken","exit_status":1})"),
            std::string::npos);
}

TEST(Sinks, TellThatTheyCannotWrite) {
  std::ostringstream out, err;
  const auto text = make_outspoken(make_text(out, err), err, false);
  EXPECT_TRUE(text->status());
  out.setstate(std::ios::badbit);
  ASSERT_FALSE(text->status());
  EXPECT_EQ(text->status().error().what, "write to the standard output");
  EXPECT_FALSE(make_json(out)->status());
  EXPECT_FALSE(make_json_stream(out)->status());
  EXPECT_TRUE(make_quiet()->status()) << "it has nothing to write";
}

} // namespace
} // namespace xtg::report
