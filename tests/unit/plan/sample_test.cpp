// SPDX-License-Identifier: BSD-2-Clause
#include "plan/sample.h"

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

SampleLaw parsed(std::string_view text) {
  const auto law = parse_sample(text);
  EXPECT_TRUE(law) << text << ": " << law.error().message();
  return law.value_or(SampleLaw{});
}

TEST(Sample, EachWordSetsItsPart) {
  EXPECT_EQ(parsed("1/1000"), (SampleLaw{.every = 1'000}));
  EXPECT_EQ(parsed("1/1"), (SampleLaw{.every = 1}));
  EXPECT_EQ(parsed("1/64k"), (SampleLaw{.every = 64'000}));
  EXPECT_EQ(parsed("first:100"), (SampleLaw{.first = 100}));
  EXPECT_EQ(parsed("100"), (SampleLaw{.first = 100}));
  EXPECT_EQ(parsed("1k"), (SampleLaw{.first = 1'000}));
  EXPECT_EQ(parsed("late"), (SampleLaw{.late = true}));
  EXPECT_EQ(parsed("lost"), (SampleLaw{.lost = true}));
  EXPECT_EQ(parsed("duplicate"), (SampleLaw{.duplicate = true}));
  EXPECT_EQ(parsed("corrupt"), (SampleLaw{.corrupt = true}));
}

TEST(Sample, SeveralInAnyOrderReadBack) {
  const SampleLaw all{
      .every = 7, .first = 10, .late = true, .lost = true, .duplicate = true, .corrupt = true};
  EXPECT_EQ(parsed("corrupt,late,10,lost,1/7,duplicate"), all);
  EXPECT_EQ(to_string(all), "1/7,first:10,late,lost,duplicate,corrupt");
  EXPECT_EQ(parsed(to_string(all)), all);
  EXPECT_EQ(to_string(SampleLaw{.first = 1'000}), "first:1000");
}

TEST(Sample, ErrorsBeginWithTheWordThatIsWrong) {
  for (const char* text : {"", "0", "1/0", "first:0", "first:", "1/", "2/3", "1/x", "1/-1", "early",
                           "Late", "late ", "first:1.5", "1/99999999999999999999"}) {
    const auto law = parse_sample(text);
    ASSERT_FALSE(law) << text;
    EXPECT_EQ(law.error().code, Errc::InvalidArgument);
    EXPECT_EQ(law.error().message(),
              "\"" + std::string(text) +
                  "\": expected 1/1000, first:1000, late, lost, duplicate, corrupt, or several "
                  "of them with commas");
  }
  EXPECT_EQ(parse_sample("late,,lost").error().message().substr(0, 3), "\"\":");
  EXPECT_EQ(parse_sample("lost,").error().message().substr(0, 3), "\"\":");
  for (const char* text : {"late,late", "1/2,1/3", "5,first:5"}) {
    const auto law = parse_sample(text);
    ASSERT_FALSE(law) << text;
    EXPECT_NE(law.error().message().find("given twice"), std::string::npos);
  }
}

} // namespace
} // namespace xtg::plan
