// SPDX-License-Identifier: BSD-2-Clause
#include "core/units.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace xtg {
namespace {

template <class T>
std::string refusal(const Result<T>& result) {
  if (result) return "accepted";
  EXPECT_EQ(result.error().code, Errc::InvalidArgument);
  EXPECT_EQ(result.error().what.find('\n'), std::string::npos);
  return result.error().what;
}

TEST(Count, TakesDecimalSuffixes) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"0", 0},
      {"10000", 10'000},
      {"007", 7},
      {"10k", 10'000},
      {"10K", 10'000},
      {"1.5M", 1'500'000},
      {"2g", 2'000'000'000},
      {"1T", 1'000'000'000'000},
      {"0.5k", 500},
      {"1.000", 1},
      {"1.0000000000000000000000000k", 1'000},
      {"0.0", 0},
      {"1.234567890123T", 1'234'567'890'123},
      {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
      {"18446744.073709551615T", std::numeric_limits<std::uint64_t>::max()},
  };
  for (const auto& [text, value] : cases) {
    const Result<std::uint64_t> count = parse_count(text);
    ASSERT_TRUE(count) << text << ": " << count.error().what;
    EXPECT_EQ(*count, value) << text;
  }
}

TEST(Count, RefusesTheRest) {
  for (const char* bad : {"", "k", "-1", "+1", " 1", "1 ", "1,000", "1e6", "0x10", "1.", ".5",
                          "1..5", "1.5.5", "1kk", "1ki", "1P", "nan", "inf", "1.5MM"}) {
    EXPECT_NE(refusal(parse_count(bad)).find("is not a count"), std::string::npos) << bad;
  }
  EXPECT_EQ(refusal(parse_count("1.5")), "\"1.5\" is not a whole number");
  EXPECT_EQ(refusal(parse_count("1.2345k")), "\"1.2345k\" is not a whole number");
  EXPECT_EQ(refusal(parse_count("0.00000000000000000001T")),
            "\"0.00000000000000000001T\" is not a whole number");
  EXPECT_EQ(refusal(parse_count("18446744073709551616")),
            "\"18446744073709551616\" is too large: at most 18446744073709551615");
  EXPECT_EQ(refusal(parse_count("18446744.073709551616T")),
            "\"18446744.073709551616T\" is too large: at most 18446744073709551615");
  EXPECT_EQ(
      refusal(parse_count("1x")),
      "\"1x\" is not a count: say a whole number, with K, M, G or T for thousands, millions and "
      "so on (\"10000\", \"1.5M\")");
}

TEST(Duration, ReadsAndWrites) {
  struct Case {
    const char* text;
    std::int64_t ns;
    const char* written;
  };
  const Case cases[] = {
      {"0", 0, "0s"},
      {"10", 10'000'000'000, "10s"},
      {"10s", 10'000'000'000, "10s"},
      {"500ms", 500'000'000, "500ms"},
      {"0.5", 500'000'000, "500ms"},
      {"1.5s", 1'500'000'000, "1.5s"},
      {"250us", 250'000, "250us"},
      {"100ns", 100, "100ns"},
      {"2m", 120'000'000'000, "2m"},
      {"1.5m", 90'000'000'000, "90s"},
      {"60m", 3'600'000'000'000, "1h"},
      {"1h", 3'600'000'000'000, "1h"},
      {"0.0000000000025h", 9, ""}, // 9 ns exactly
      {"1.000000001", 1'000'000'001, "1.000000001s"},
      {"1.050ms", 1'050'000, "1.05ms"},
      {"9223372036854775807ns", std::numeric_limits<std::int64_t>::max(), "9223372036.854775807s"},
  };
  for (const Case& c : cases) {
    const Result<Nanoseconds> duration = parse_duration(c.text);
    ASSERT_TRUE(duration) << c.text << ": " << duration.error().what;
    EXPECT_EQ(duration->count(), c.ns) << c.text;
    if (*c.written != '\0') {
      EXPECT_EQ(format_duration(*duration), c.written);
    }
    EXPECT_EQ(parse_duration(format_duration(*duration)).value(), *duration) << c.text;
  }
}

TEST(Duration, RefusesTheRest) {
  for (const char* bad : {"", "s", "-1s", "+1s", "1 s", "1S", "1d", "1M", "1sec", "1e3", "nan",
                          "inf", "0x1s", "1.s", ".5s", "1,5s"}) {
    EXPECT_NE(refusal(parse_duration(bad)).find("is not a duration"), std::string::npos) << bad;
  }
  EXPECT_EQ(refusal(parse_duration("1.5ns")),
            "\"1.5ns\" is finer than a nanosecond, the smallest step");
  EXPECT_EQ(refusal(parse_duration("9223372036854775808ns")),
            "\"9223372036854775808ns\" is too long: at most 2562047h, which is 292 years");
  EXPECT_EQ(refusal(parse_duration("99999999999h")),
            "\"99999999999h\" is too long: at most 2562047h, which is 292 years");
  EXPECT_TRUE(parse_duration("2562047h"));
}

TEST(Duration, WritesNegativeValues) {
  EXPECT_EQ(format_duration(Nanoseconds(-1'500'000)), "-1.5ms");
  EXPECT_EQ(format_duration(Nanoseconds::min()), "-9223372036.854775808s");
}

TEST(Duration, RoundTripsWhateverTheValue) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const Nanoseconds value(static_cast<std::int64_t>(random() >> (1 + random() % 63)));
    ASSERT_EQ(parse_duration(format_duration(value)).value(), value) << format_duration(value);
  }
}

TEST(FrameBits, CountsEachLayer) {
  EXPECT_EQ(frame_bits(64, 14, Layer::L1), 84U * 8); // 14.88 Mpps at 10 Gbit/s
  EXPECT_EQ(frame_bits(64, 14, Layer::L2), 64U * 8);
  EXPECT_EQ(frame_bits(64, 14, Layer::L3), 46U * 8);
  EXPECT_EQ(frame_bits(1518, 14, Layer::L3), 1500U * 8);
  EXPECT_EQ(frame_bits(18, 14, Layer::L3), 0U);
  EXPECT_EQ(frame_bits(4, 14, Layer::L3), 0U);
  EXPECT_EQ(to_string(Layer::L1), "l1");
  EXPECT_EQ(to_string(Layer::L2), "l2");
  EXPECT_EQ(to_string(Layer::L3), "l3");
}

TEST(Rate, ReadsAndWrites) {
  using Unit = Rate::Unit;
  struct Case {
    const char* text;
    Rate rate;
    const char* written;
  };
  const Case cases[] = {
      {"max", {}, "max"},
      {"MAX", {}, "max"},
      {"1500pps", {Unit::Pps, 1500}, "1.5kpps"},
      {"1.5Mpps", {Unit::Pps, 1.5e6}, "1.5Mpps"},
      {"1pps", {Unit::Pps, 1}, "1pps"},
      {"0.5pps", {Unit::Pps, 0.5}, "0.5pps"},
      {"0.001pps", {Unit::Pps, 0.001}, "0.001pps"},
      {"10Gbps", {Unit::Bps, 1e10}, "10Gbps"},
      {"10gBPS", {Unit::Bps, 1e10}, "10Gbps"},
      {"10GBPS", {Unit::Bps, 1e10}, "10Gbps"},
      {"10Gbit/s", {Unit::Bps, 1e10}, "10Gbps"},
      {"10Gbit", {Unit::Bps, 1e10}, "10Gbps"},
      {"800kbit", {Unit::Bps, 8e5}, "800kbps"},
      {"9.6kbps", {Unit::Bps, 9600}, "9.6kbps"},
      {"1.1Gbps", {Unit::Bps, 1'100'000'000}, "1.1Gbps"}, // 1.1 * 1e9 would be one ulp off
      {"1234567pps", {Unit::Pps, 1234567}, "1.234567Mpps"},
      {"1000Tbps", {Unit::Bps, 1e15}, "1000Tbps"},
      {"0.5bps", {Unit::Bps, 0.5}, "0.5bps"},
  };
  for (const Case& c : cases) {
    const Result<Rate> rate = parse_rate(c.text);
    ASSERT_TRUE(rate) << c.text << ": " << rate.error().what;
    EXPECT_EQ(*rate, c.rate) << c.text;
    EXPECT_EQ(format_rate(*rate), c.written);
  }
}

TEST(Rate, RefusesTheRest) {
  for (const char* bad :
       {"",        "10",      "10G",     "1.5M",   "pps",   "Gbps",  "-1pps",   "+1pps",  " 1pps",
        "1pps ",   "1 pps",   "nanpps",  "infpps", "nan",   "inf",   "0x10pps", "1e3pps", "1.pps",
        ".5pps",   "1..5pps", "1,5Mpps", "1ppss",  "1p",    "1b",    "1Pbps",   "1kkbps", "1bit/",
        "1bit/ss", "maximum", "max1",    "ma",     "1MBps", "1GB/s", "1Bps"}) {
    EXPECT_NE(refusal(parse_rate(bad)).find("is not a rate"), std::string::npos) << bad;
  }
  for (const char* bad :
       {"0pps", "0.0bps", "0.0009pps", "1000.1Tbps", "99999999999999999999999pps"}) {
    EXPECT_NE(refusal(parse_rate(bad)).find("is out of range"), std::string::npos) << bad;
  }
  EXPECT_FALSE(parse_rate(std::string(400, '9') + "pps"));
  EXPECT_FALSE(parse_rate(std::string_view("1pps\0", 5)));
}

TEST(Rate, RefusalTakesUpTheNumber) {
  EXPECT_EQ(refusal(parse_rate("10G")),
            "\"10G\" is not a rate: say packets (\"10Gpps\") or bits per second (\"10Gbps\") or "
            "\"max\"");
  EXPECT_EQ(refusal(parse_rate("250")),
            "\"250\" is not a rate: say packets (\"250pps\") or bits per second (\"250bps\") or "
            "\"max\"");
  EXPECT_EQ(refusal(parse_rate("fast")),
            "\"fast\" is not a rate: say packets (\"1.5Mpps\") or bits per second (\"1.5Mbps\") or "
            "\"max\"");
}

TEST(Rate, RoundTripsWhateverTheValue) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> exponent(-3, 15);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::pow(10.0, exponent(random));
    const Rate rate{i % 2 == 0 ? Rate::Unit::Pps : Rate::Unit::Bps, value};
    const Result<Rate> again = parse_rate(format_rate(rate));
    ASSERT_TRUE(again) << format_rate(rate);
    ASSERT_EQ(*again, rate) << format_rate(rate);
  }
}

TEST(Format, Thousands) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(100'000), "100,000");
  EXPECT_EQ(with_thousands(std::numeric_limits<std::uint64_t>::max()),
            "18,446,744,073,709,551,615");
}

TEST(Format, PrefixKeepsFourDigits) {
  EXPECT_EQ(with_prefix(4.2e9, "bit/s"), "4.200 Gbit/s");
  EXPECT_EQ(with_prefix(42e9, "bit/s"), "42.00 Gbit/s");
  EXPECT_EQ(with_prefix(421.36e9, "bit/s"), "421.4 Gbit/s");
  EXPECT_EQ(with_prefix(0, "bit/s"), "0.000 bit/s");
  EXPECT_EQ(with_prefix(999.94, "pps"), "999.9 pps");
  EXPECT_EQ(with_prefix(999.96, "pps"), "1.000 kpps");
  EXPECT_EQ(with_prefix(9.9996, "pps"), "10.00 pps");
  EXPECT_EQ(with_prefix(99.996, "pps"), "100.0 pps");
  EXPECT_EQ(with_prefix(1e15, "bit/s"), "1.000 Pbit/s");
  EXPECT_EQ(with_prefix(-1500, "pps"), "-1.500 kpps");
}

TEST(CpuList, KeepsTheOrder) {
  EXPECT_EQ(parse_cpu_list("0").value(), (std::vector{0}));
  EXPECT_EQ(parse_cpu_list("0,2-5").value(), (std::vector{0, 2, 3, 4, 5}));
  EXPECT_EQ(parse_cpu_list("7,3-3,1").value(), (std::vector{7, 3, 1}));
  EXPECT_EQ(parse_cpu_list("0-8191").value().size(), 8192U);
}

TEST(CpuList, RefusesTheRest) {
  for (const char* bad : {"", ",", "1,", ",1", "1,,2", "a", "-1", "1-", "-", "3-1", "1-2-3", "1,1",
                          "0-3,2", "8192", "0-8192", "99999999999999999999", "1 ,2", "+1", "1.5"}) {
    EXPECT_NE(refusal(parse_cpu_list(bad)).find("is not a list of CPUs"), std::string::npos) << bad;
  }
}

} // namespace
} // namespace xtg
