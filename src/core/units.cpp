// SPDX-License-Identifier: BSD-2-Clause
#include "core/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "core/ethernet.h"
#include "core/text.h"

namespace xtg {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::size_t digits_at(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && is_digit(text[end]))
    ++end;
  return end - from;
}

/// Length of the plain decimal ("12", "1.5") at the start of the text; 0 when there is none.
std::size_t number_length(std::string_view text) {
  const std::size_t whole = digits_at(text, 0);
  if (whole == 0 || whole == text.size() || text[whole] != '.') return whole;
  const std::size_t fraction = digits_at(text, whole + 1);
  return fraction == 0 ? 0 : whole + 1 + fraction;
}

/// Exponent of ten of a decimal prefix letter, upper or lower case.
std::optional<int> prefix_exponent(char c) {
  switch (to_lower(c)) {
  case 'k':
    return 3;
  case 'm':
    return 6;
  case 'g':
    return 9;
  case 't':
    return 12;
  default:
    return std::nullopt;
  }
}

enum class Fault { NotWhole, TooLarge };

/// number * unit, exactly. `number` as found by number_length(); `unit` at most an hour in ns.
tl::expected<std::uint64_t, Fault> scaled(std::string_view number, std::uint64_t unit) {
  const std::size_t dot = number.find('.');
  if (dot != std::string_view::npos) {
    while (number.back() == '0')
      number.remove_suffix(1);
  }
  const std::size_t decimals = dot == std::string_view::npos ? 0 : number.size() - dot - 1;
  // 10^13 divides no unit, so that many decimals with a non-zero last digit are never whole.
  if (decimals > 18) return tl::unexpected(Fault::NotWhole);

  std::uint64_t mantissa = 0;
  std::uint64_t denominator = 1;
  for (std::size_t i = 0; i < decimals; ++i)
    denominator *= 10;
  for (const char c : number) {
    if (c == '.') continue;
    if (__builtin_mul_overflow(mantissa, std::uint64_t{10}, &mantissa) ||
        __builtin_add_overflow(mantissa, static_cast<std::uint64_t>(c - '0'), &mantissa)) {
      return tl::unexpected(Fault::TooLarge);
    }
  }
  const std::uint64_t common = std::gcd(unit, denominator);
  unit /= common;
  denominator /= common;
  if (mantissa % denominator != 0) return tl::unexpected(Fault::NotWhole);
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(mantissa / denominator, unit, &product)) {
    return tl::unexpected(Fault::TooLarge);
  }
  return product;
}

struct TimeUnit {
  std::string_view suffix;
  std::uint64_t ns;
};
constexpr std::array<TimeUnit, 6> kTimeUnits{{{"h", 3'600'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"ns", 1}}};

/// Inserts the decimal point after the first `whole` digits, padding with zeros.
std::string place_point(std::string digits, int whole) {
  if (whole <= 0) return "0." + std::string(static_cast<std::size_t>(-whole), '0') + digits;
  const auto at = static_cast<std::size_t>(whole);
  if (digits.size() <= at) return digits + std::string(at - digits.size(), '0');
  return digits.insert(at, 1, '.');
}

/// Shortest decimal with a prefix that reads back to the same double; `value` > 0.
std::string shortest_with_prefix(double value) {
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  int exponent = 0;
  const std::size_t sign = text[e + 1] == '+' ? 1 : 0; // from_chars takes '-' but no '+'
  std::from_chars(text.data() + e + 1 + sign, end, exponent);
  const int step = std::clamp(exponent / 3, 0, 4);
  constexpr std::array<std::string_view, 5> kPrefixes{"", "k", "M", "G", "T"};
  return place_point(digits, exponent - 3 * step + 1)
      .append(kPrefixes[static_cast<std::size_t>(step)]);
}

// Wide enough for every use, and intervals in ns never overflow.
constexpr double kMinRate = 1e-3;
constexpr double kMaxRate = 1e15;

std::optional<Rate::Unit> rate_unit(std::string_view text) {
  if (text == "Bps" || text == "B/s") return std::nullopt; // "B" means bytes
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  if (lower == "pps") return Rate::Unit::Pps;
  if (lower == "bps" || lower == "bit" || lower == "bit/s") return Rate::Unit::Bps;
  return std::nullopt;
}

tl::unexpected<Error> bad_rate(std::string_view text) {
  const std::size_t number = number_length(text);
  std::string_view magnitude = text.substr(0, number);
  if (number != 0 && number < text.size() && prefix_exponent(text[number])) {
    magnitude = text.substr(0, number + 1);
  }
  // The example repeats the user's number when it is short.
  if (magnitude.empty() || magnitude.size() > 12 ||
      magnitude.find_first_of("123456789") == std::string_view::npos) {
    magnitude = "1.5M";
  }
  return fail(
      Errc::InvalidArgument,
      fmt::format("{} is not a rate: say packets (\"{}pps\") or bits per second (\"{}bps\") "
                  "or \"max\"",
                  quoted(text), magnitude, magnitude));
}

tl::unexpected<Error> bad_cpu_list(std::string_view text) {
  return fail(
      Errc::InvalidArgument,
      fmt::format("{} is not a list of CPUs: say numbers and ranges with commas (\"0,2-5\"), "
                  "each CPU once, at most 8191",
                  quoted(text)));
}

} // namespace

Result<std::uint64_t> parse_count(std::string_view text) {
  const std::size_t length = number_length(text);
  const std::string_view suffix = text.substr(length);
  int exponent = 0;
  bool good = length > 0 && suffix.size() <= 1;
  if (good && !suffix.empty()) {
    const std::optional<int> found = prefix_exponent(suffix[0]);
    good = found.has_value();
    exponent = found.value_or(0);
  }
  if (!good) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("{} is not a count: say a whole number, with K, M, G or T for thousands, "
                    "millions and so on (\"10000\", \"1.5M\")",
                    quoted(text)));
  }
  std::uint64_t unit = 1;
  for (int i = 0; i < exponent; ++i)
    unit *= 10;
  const auto value = scaled(text.substr(0, length), unit);
  if (value) return *value;
  if (value.error() == Fault::NotWhole) {
    return fail(Errc::InvalidArgument, fmt::format("{} is not a whole number", quoted(text)));
  }
  return fail(Errc::InvalidArgument, fmt::format("{} is too large: at most {}", quoted(text),
                                                 std::numeric_limits<std::uint64_t>::max()));
}

Result<Nanoseconds> parse_duration(std::string_view text) {
  const std::size_t length = number_length(text);
  const std::string_view suffix = length < text.size() ? text.substr(length) : "s";
  const auto unit = std::find_if(kTimeUnits.begin(), kTimeUnits.end(),
                                 [&](const TimeUnit& u) { return u.suffix == suffix; });
  if (length == 0 || unit == kTimeUnits.end()) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("{} is not a duration: say seconds, or a number with ns, us, ms, s, m or h "
                    "(\"10\", \"1.5s\", \"500ms\")",
                    quoted(text)));
  }
  const auto value = scaled(text.substr(0, length), unit->ns);
  if (!value && value.error() == Fault::NotWhole) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is finer than a nanosecond, the smallest step", quoted(text)));
  }
  if (!value || *value > static_cast<std::uint64_t>(Nanoseconds::max().count())) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is too long: at most 2562047h, which is 292 years", quoted(text)));
  }
  return Nanoseconds(static_cast<Nanoseconds::rep>(*value));
}

std::string format_duration(Nanoseconds value) {
  if (value.count() == 0) return "0s";
  const bool negative = value.count() < 0;
  auto ns = static_cast<std::uint64_t>(value.count());
  if (negative) ns = ~ns + 1;
  for (const auto& [suffix, unit] : kTimeUnits) {
    const bool whole_only = unit > 1'000'000'000; // 90s rather than 1.5m
    if (ns < unit || (whole_only && ns % unit != 0)) continue;
    std::string text = fmt::format("{}", ns / unit);
    if (const std::uint64_t rest = ns % unit; rest != 0) {
      std::string fraction = fmt::format("{}", unit + rest).substr(1);
      fraction.erase(fraction.find_last_not_of('0') + 1);
      text += '.' + fraction;
    }
    return fmt::format("{}{}{}", negative ? "-" : "", text, suffix);
  }
  return {}; // not reached: one nanosecond divides every duration
}

std::string_view to_string(Layer layer) {
  switch (layer) {
  case Layer::L1:
    return "l1";
  case Layer::L2:
    return "l2";
  case Layer::L3:
    return "l3";
  }
  return "?";
}

std::uint64_t frame_bits(std::uint32_t frame_size, std::uint32_t l3_offset, Layer layer) {
  const std::uint64_t size = frame_size;
  switch (layer) {
  case Layer::L1:
    return (size + kGapBytes) * 8;
  case Layer::L2:
    return size * 8;
  case Layer::L3:
    return size > l3_offset + kFcsBytes ? (size - l3_offset - kFcsBytes) * 8 : 0;
  }
  return 0;
}

Result<Rate> parse_rate(std::string_view text) {
  std::string lower(text.substr(0, 4));
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  if (lower == "max") return Rate{};

  const std::size_t length = number_length(text);
  if (length == 0) return bad_rate(text);
  std::string_view suffix = text.substr(length);
  int exponent = 0;
  if (!suffix.empty()) {
    if (const std::optional<int> found = prefix_exponent(suffix[0])) {
      exponent = *found;
      suffix.remove_prefix(1);
    }
  }
  const std::optional<Rate::Unit> unit = rate_unit(suffix);
  if (!unit) return bad_rate(text);

  // Converting the whole decimal at once rounds once: 1.1G is the double nearest to 1100000000.
  const std::string decimal = fmt::format("{}e{}", text.substr(0, length), exponent);
  double value = 0;
  const auto parsed = std::from_chars(decimal.data(), decimal.data() + decimal.size(), value);
  if (parsed.ec != std::errc{} || value < kMinRate || value > kMaxRate) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("{} is out of range: a rate lies between 0.001 and 1000T per second, or is "
                    "\"max\"",
                    quoted(text)));
  }
  return Rate{*unit, value};
}

std::string format_rate(const Rate& rate) {
  if (rate.unit == Rate::Unit::Max) return "max";
  if (!(rate.value > 0) || std::isinf(rate.value)) return fmt::format("{}", rate.value);
  return shortest_with_prefix(rate.value) + (rate.unit == Rate::Unit::Pps ? "pps" : "bps");
}

std::string with_thousands(std::uint64_t value) {
  std::string text = fmt::format("{}", value);
  for (std::size_t at = text.size(); at > 3; at -= 3)
    text.insert(at - 3, 1, ',');
  return text;
}

std::string with_prefix(double value, std::string_view unit) {
  constexpr std::array<std::string_view, 6> kPrefixes{"", "k", "M", "G", "T", "P"};
  std::size_t step = 0;
  // 999.95 would round to 1000.0, a fifth digit.
  while (std::fabs(value) >= 999.95 && step + 1 < kPrefixes.size()) {
    value /= 1000;
    ++step;
  }
  const double size = std::fabs(value);
  const int decimals = size < 9.9995 ? 3 : size < 99.995 ? 2 : 1;
  return fmt::format("{:.{}f} {}{}", value, decimals, kPrefixes[step], unit);
}

Result<std::vector<int>> parse_cpu_list(std::string_view text) {
  constexpr unsigned kMaxCpu = 8191; // the kernel's largest NR_CPUS is 8192
  std::vector<int> cpus;
  std::vector<bool> seen(kMaxCpu + 1);
  std::size_t from = 0;
  while (true) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    const std::string_view item = text.substr(from, comma - from);
    const std::size_t dash = item.find('-');
    const auto first = parse_unsigned<unsigned>(item.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : parse_unsigned<unsigned>(item.substr(dash + 1));
    if (!first || !last || *first > *last || *last > kMaxCpu) return bad_cpu_list(text);
    for (unsigned cpu = *first; cpu <= *last; ++cpu) {
      if (seen[cpu]) return bad_cpu_list(text);
      seen[cpu] = true;
      cpus.push_back(static_cast<int>(cpu));
    }
    if (comma == text.size()) return cpus;
    from = comma + 1;
  }
}

} // namespace xtg
