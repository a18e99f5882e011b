// SPDX-License-Identifier: BSD-2-Clause
#include "packet/size_law.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "core/ethernet.h"
#include "core/text.h"
#include "packet/frame.h"
#include "packet/values.h"

namespace xtg::packet {

namespace {

constexpr std::string_view kRandom = ":random";

/// The size mix usually called IMIX, as named by RFC 6985.
std::vector<SizeShare> imix() {
  return {{64, 7}, {594, 4}, {1518, 1}};
}

std::optional<std::uint32_t> parse_size(std::string_view text) {
  const auto size = parse_unsigned<std::uint32_t>(text);
  if (!size || *size < min_frame_size(Family::V4) || *size > longest_frame_size()) return {};
  return size;
}

tl::unexpected<Error> bad() {
  return fail(
      Errc::InvalidArgument,
      fmt::format("expected {} (the smallest Ethernet frame; IPv6: {}) to {} bytes with FCS "
                  "(above {} only --via tc sends them); or several sizes: 64-1518, 64-1518/128, "
                  "64,512,1518, 64:7,594:4,1518:1 or imix, each also "
                  "followed by \":random\"",
                  min_frame_size(Family::V4), min_frame_size(Family::V6), longest_frame_size(),
                  max_frame_size()));
}

Result<std::vector<SizeShare>> parse_shares(std::string_view text) {
  std::vector<SizeShare> out;
  std::uint32_t common = 0;
  for (const std::string_view piece : split_list(text)) {
    const std::size_t colon = piece.find(':');
    const auto size = parse_size(piece.substr(0, colon));
    const auto weight = colon == std::string_view::npos
                            ? std::optional<std::uint32_t>(1)
                            : parse_unsigned<std::uint32_t>(piece.substr(colon + 1));
    if (!size || !weight || *weight == 0) return bad();
    out.push_back({*size, *weight});
    common = std::gcd(common, *weight);
  }
  std::uint64_t sum = 0;
  for (SizeShare& share : out)
    sum += share.weight /= common;
  if (sum > kMaxSizes)
    return fail(Errc::InvalidArgument,
                fmt::format("the weights make a period of {} packets: at most {}", sum, kMaxSizes));
  return out;
}

/// Smooth weighted round robin: in each turn every size earns its weight, and the size with the
/// most credit is sent and pays the sum.
std::vector<std::uint32_t> interleave(const std::vector<SizeShare>& shares) {
  std::int64_t sum = 0;
  for (const SizeShare& share : shares)
    sum += share.weight;
  std::vector<std::int64_t> credit(shares.size());
  std::vector<std::uint32_t> out;
  for (std::int64_t i = 0; i < sum; ++i) {
    for (std::size_t s = 0; s < shares.size(); ++s)
      credit[s] += shares[s].weight;
    const auto richest = std::ranges::max_element(credit);
    *richest -= sum;
    out.push_back(shares[static_cast<std::size_t>(richest - credit.begin())].size);
  }
  return out;
}

} // namespace

Result<SizeLaw> SizeLaw::parse(std::string_view text) {
  SizeLaw out;
  out.random_ = text.ends_with(kRandom);
  if (out.random_) text.remove_suffix(kRandom.size());
  const std::size_t dash = text.find('-');
  if (text == "imix") {
    out.shares_ = imix();
  } else if (dash != std::string_view::npos) {
    const auto stepped = take_step(text);
    if (!stepped) return tl::unexpected(stepped.error());
    const auto first = parse_size(text.substr(0, dash));
    const auto last = parse_size(stepped->range.substr(dash + 1));
    if (!first || !last) return bad();
    if (*last < *first) return backwards(text);
    out.shares_ = {{*first, 1}, {*last, 1}};
    out.step_ = static_cast<std::uint32_t>(stepped->step);
    if (const auto n = (*last - *first) / stepped->step + 1; n > kMaxSizes)
      return fail(Errc::InvalidArgument,
                  fmt::format("{} sizes: at most {}; a step makes them fewer, as in {}-{}/{}", n,
                              kMaxSizes, *first, *last, (*last - *first) / kMaxSizes + 1));
  } else {
    auto shares = parse_shares(text);
    if (!shares) return tl::unexpected(std::move(shares.error()));
    out.shares_ = std::move(*shares);
  }
  return out;
}

std::string SizeLaw::shares_text() const {
  if (step_ != 0)
    return fmt::format("{}-{}{}", shares_.front().size, shares_.back().size,
                       step_ == 1 ? std::string() : fmt::format("/{}", step_));
  const bool weighted = std::ranges::any_of(shares_, [](const auto& s) { return s.weight != 1; });
  std::string out;
  for (const SizeShare& share : shares_) {
    out += fmt::format("{}{}", out.empty() ? "" : ",", share.size);
    if (weighted) out += fmt::format(":{}", share.weight);
  }
  return out;
}

std::string SizeLaw::to_string() const {
  std::string out = shares_ == imix() ? "imix" : shares_text();
  if (random_) out += kRandom;
  return out;
}

std::string SizeLaw::describe() const {
  return shares_ == imix() ? fmt::format("{} ({})", to_string(), shares_text()) : to_string();
}

SizeMix SizeLaw::mix() const {
  if (step_ == 0) return SizeMix(interleave(shares_), random_);
  std::vector<std::uint32_t> sizes;
  for (std::uint64_t size = shares_.front().size; size <= shares_.back().size; size += step_)
    sizes.push_back(static_cast<std::uint32_t>(size));
  return SizeMix(std::move(sizes), random_);
}

std::uint32_t SizeLaw::smallest() const {
  return std::ranges::min_element(shares_, {}, &SizeShare::size)->size;
}

std::uint32_t SizeLaw::largest() const {
  if (step_ != 0)
    return shares_.front().size + (shares_.back().size - shares_.front().size) / step_ * step_;
  return std::ranges::max_element(shares_, {}, &SizeShare::size)->size;
}

} // namespace xtg::packet
