// SPDX-License-Identifier: BSD-2-Clause
#include "packet/values.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/text.h"

namespace xtg::packet {

namespace {

Result<Values> parse_range(std::string_view text, const ParseOne& one, std::string_view what) {
  auto stepped = take_step(text);
  if (!stepped) return tl::unexpected(std::move(stepped.error()));
  const std::size_t dash = stepped->range.find('-');
  const auto first = one(stepped->range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : one(stepped->range.substr(dash + 1));
  if (!first || !last)
    return fail(Errc::InvalidArgument, fmt::format("{} is not {}", quoted(text), what));
  if (*last < *first) return backwards(text);
  if (*last - *first >= kMaxRangeCount * stepped->step) return too_many(text);
  Values out;
  out.first = *first;
  out.count = count_of(*last - *first, stepped->step);
  if (out.count > 1) out.step = stepped->step;
  return out;
}

} // namespace

Values Values::listed(std::vector<std::uint64_t> list) {
  Values out;
  out.first = list.front();
  out.count = list.size();
  out.list = std::move(list);
  return out;
}

std::uint64_t Values::lowest() const {
  return list.empty() ? first : *std::ranges::min_element(list);
}

std::uint64_t Values::highest() const {
  return list.empty() ? at(count - 1) : *std::ranges::max_element(list);
}

Result<Values> parse_values(std::string_view text, const ParseOne& one, std::string_view what) {
  if (text.find(',') == std::string_view::npos) return parse_range(text, one, what);
  std::vector<Values> ranges;
  for (const std::string_view piece : split_list(text)) {
    auto range = parse_range(piece, one, what);
    if (!range) return range;
    ranges.push_back(std::move(*range));
  }
  auto list = listed(text, ranges);
  if (!list) return tl::unexpected(std::move(list.error()));
  return Values::listed(std::move(*list));
}

std::string to_string(const Values& values, const PrintOne& one) {
  if (!values.list.empty()) {
    std::string out;
    for (const std::uint64_t value : values.list)
      out += (out.empty() ? "" : ",") + one(value);
    return out;
  }
  if (values.count == 1) return one(values.first);
  std::string out = fmt::format("{}-{}", one(values.first), one(values.at(values.count - 1)));
  if (values.step != 1) out += fmt::format("/{}", values.step);
  return out;
}

Result<SteppedText> take_step(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos || text.substr(0, slash).find('-') == std::string_view::npos)
    return SteppedText{text, 1};
  const auto step = parse_unsigned<std::uint32_t>(text.substr(slash + 1));
  if (!step || *step == 0)
    return fail(Errc::InvalidArgument,
                fmt::format("{}: a step is a whole number from 1 to 4294967295", quoted(text)));
  return SteppedText{text.substr(0, slash), *step};
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t comma = text.find(',');
    out.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

Result<std::vector<std::uint64_t>> listed(std::string_view text,
                                          const std::vector<Values>& ranges) {
  std::vector<std::uint64_t> out;
  for (const Values& range : ranges) {
    if (range.count > kMaxListed - out.size())
      return fail(Errc::InvalidArgument,
                  fmt::format("{} lists more than {} values", quoted(text), kMaxListed));
    for (std::uint64_t i = 0; i < range.count; ++i)
      out.push_back(range.at(i));
  }
  return out;
}

tl::unexpected<Error> too_many(std::string_view text) {
  return fail(Errc::InvalidArgument,
              fmt::format("{} is too large a range: at most {} values (2^32)", quoted(text),
                          kMaxRangeCount));
}

tl::unexpected<Error> backwards(std::string_view text) {
  return fail(Errc::InvalidArgument,
              fmt::format("{} runs backwards: the last value is below the first", quoted(text)));
}

} // namespace xtg::packet
