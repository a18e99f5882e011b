// SPDX-License-Identifier: BSD-2-Clause
#include "serve/challenge.h"

#include <algorithm>

#include <fmt/format.h>

#include "serve/policy.h"

namespace xtg::serve {
namespace {

constexpr std::string_view kName = "xdp-trafficgen challenge ";

std::string digits_of(const Nonce& nonce) {
  std::string digits;
  for (const std::uint8_t byte : nonce)
    digits += fmt::format("{:02x}", byte);
  return digits;
}

} // namespace

std::string challenge_datagram(const Nonce& nonce) {
  return std::string(kName) + digits_of(nonce);
}

std::string challenge_answer(std::string_view datagram) {
  if (!datagram.starts_with(kName)) return {};
  datagram.remove_prefix(kName.size());
  const bool digits = datagram.size() == 32 &&
                      datagram.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return digits ? std::string(datagram) : std::string{};
}

Status Challenges::open(const std::string& client, const std::string& id, const packet::Ip& address,
                        const Nonce& nonce, std::uint64_t now_ns) {
  std::erase_if(open_, [&](const Open& each) { return each.until_ns <= now_ns; });
  const auto own = std::ranges::count(open_, client, &Open::client);
  if (open_.size() >= kMaxOpen || own >= static_cast<std::ptrdiff_t>(kMaxOpenOfOne))
    return fail(Errc::System, fmt::format("{} challenges are open: at most {} of a client and {} "
                                          "in all are, for 10 s each",
                                          open_.size(), kMaxOpenOfOne, kMaxOpen));
  open_.push_back({client, id, address, nonce, now_ns + kAnswerNs});
  return {};
}

Status Challenges::answer(const std::string& client, const std::string& id, std::string_view digits,
                          std::uint64_t now_ns) {
  const auto found = std::ranges::find_if(open_, [&](const Open& each) {
    return each.id == id && each.client == client && each.until_ns > now_ns && !each.spent;
  });
  if (found == open_.end()) return fail(Errc::NotFound, "no such challenge is open");
  const bool right = same_secret(digits_of(found->nonce), digits);
  const packet::Ip address = found->address;
  found->spent = true;
  if (!right) return fail(Errc::InvalidArgument, "nonce: it is not the one that was sent");
  open_.erase(found);
  std::erase_if(proven_, [&](const Proven& each) {
    return each.until_ns <= now_ns || (each.client == client && each.address == address);
  });
  if (std::ranges::count(proven_, client, &Proven::client) >=
      static_cast<std::ptrdiff_t>(kMaxProvenOfOne))
    proven_.erase(std::ranges::find(proven_, client, &Proven::client));
  if (proven_.size() >= kMaxProven)
    return fail(Errc::System, fmt::format("{} addresses are proven: no more are kept", kMaxProven));
  proven_.push_back({client, address, now_ns + kProvenNs});
  return {};
}

std::vector<packet::Ip> Challenges::proven(const std::string& client, std::uint64_t now_ns) const {
  std::vector<packet::Ip> out;
  for (const Proven& each : proven_)
    if (each.client == client && each.until_ns > now_ns) out.push_back(each.address);
  return out;
}

} // namespace xtg::serve
