// SPDX-License-Identifier: BSD-2-Clause
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/probe_report.h"
#include "unit/report/sample_values.h"

namespace xtg::report {
namespace {

TEST(ProbeReport, Text) {
  std::ostringstream out;
  print_checks(out, sample::checks());
  EXPECT_EQ(out.str(), "info     kernel          6.1.0-32-amd64\n"
                       "passed   live-frames     64-byte frame sent\n"
                       "fixable  xdp-transmit    peer veth1 has neither GRO nor an XDP program\n"
                       "                         ip netns exec far ethtool -K veth1 gro on\n");
}

TEST(ProbeReport, LongNamesAndManyLineRepairsStayAligned) {
  std::ostringstream out;
  print_checks(out, {{"short", Verdict::Passed, "yes", ""},
                     {"a-name-of-21-letters!", Verdict::Failed, "no", "one\ntwo"}});
  EXPECT_EQ(out.str(), "passed   short                  yes\n"
                       "failed   a-name-of-21-letters!  no\n"
                       "                                one\n"
                       "                                two\n");
}

TEST(ProbeReport, Json) {
  EXPECT_EQ(
      nlohmann::ordered_json::parse(checks_json(sample::checks(), "1.2.3")).dump(),
      R"({"version":"1.2.3","schema":1,"checks":[)"
      R"({"id":"kernel","verdict":"info","value":"6.1.0-32-amd64","repair":null},)"
      R"({"id":"live-frames","verdict":"passed","value":"64-byte frame sent","repair":null},)"
      R"({"id":"xdp-transmit","verdict":"fixable","value":"peer veth1 has neither GRO nor an XDP program",)"
      R"("repair":"ip netns exec far ethtool -K veth1 gro on"}],"usable":false})");
}

TEST(ProbeReport, UsableWhenNothingFailedOrWaitsForARepair) {
  EXPECT_TRUE(usable({}));
  EXPECT_TRUE(usable({{"a", Verdict::Passed, "", ""}, {"b", Verdict::Info, "", ""}}));
  EXPECT_FALSE(usable({{"a", Verdict::Passed, "", ""}, {"b", Verdict::Failed, "", ""}}));
  EXPECT_FALSE(usable({{"a", Verdict::Fixable, "", ""}, {"b", Verdict::Passed, "", ""}}));
}

} // namespace
} // namespace xtg::report
