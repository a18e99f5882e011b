// SPDX-License-Identifier: BSD-2-Clause
// Which addresses a client has shown to hold: it returned a number that was sent there. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "packet/address.h"

namespace xtg::serve {

/// What is sent, once: 16 random bytes behind a name, so that a capture explains itself.
using Nonce = std::array<std::uint8_t, 16>;
std::string challenge_datagram(const Nonce& nonce);
/// The number in a datagram, as 32 hexadecimal digits; empty where it is none of ours.
std::string challenge_answer(std::string_view datagram);

class Challenges {
public:
  static constexpr std::size_t kMaxOpen = 64;        ///< in all
  static constexpr std::size_t kMaxOpenOfOne = 8;    ///< of one client
  static constexpr std::size_t kMaxProven = 1024;    ///< in all
  static constexpr std::size_t kMaxProvenOfOne = 64; ///< of one client: the latest
  static constexpr std::uint64_t kAnswerNs = 10'000'000'000;
  static constexpr std::uint64_t kProvenNs = 600'000'000'000;

  /// `id` names it, `nonce` is sent to `address`. An error where too many are open: one datagram is
  /// little, many are a stream.
  Status open(const std::string& client, const std::string& id, const packet::Ip& address,
              const Nonce& nonce, std::uint64_t now_ns);
  /// NotFound, or InvalidArgument where the answer is wrong: it cannot be tried again, and keeps
  /// its place, so that nobody has datagrams sent without end.
  Status answer(const std::string& client, const std::string& id, std::string_view digits,
                std::uint64_t now_ns);
  [[nodiscard]] std::vector<packet::Ip> proven(const std::string& client,
                                               std::uint64_t now_ns) const;

private:
  struct Open {
    std::string client, id;
    packet::Ip address;
    Nonce nonce;
    std::uint64_t until_ns;
    bool spent = false;
  };
  struct Proven {
    std::string client;
    packet::Ip address;
    std::uint64_t until_ns;
  };
  std::vector<Open> open_;
  std::vector<Proven> proven_;
};

} // namespace xtg::serve
