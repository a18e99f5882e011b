// SPDX-License-Identifier: BSD-2-Clause
// What the TCP sender's functions need of their surroundings, in place of the kernel program: the
// same source, one flow at a time. Include this instead of the xtg/abi/tcp_*.h headers.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#define XTG_TCP_FN static inline
#include "xtg/abi/tcp.h"

namespace xtg::test {

/// Random numbers that are the same everywhere for a seed (the standard's distributions are not).
class Dice {
public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return state_(); }
  std::uint64_t below(std::uint64_t n) { return n ? state_() % n : 0; }
  /// In [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  bool chance(double p) { return static_cast<double>(state_() >> 11) < p * 0x1p53; }

private:
  std::mt19937_64 state_;
};

struct TcpEnv {
  xtg_tcp_config config{};
  std::vector<xtg_tcp_word> words;
  std::vector<std::uint32_t> rtts; ///< samples
  bool awake = false;
  xtg_tcp_flow flow{};

  inline static TcpEnv* current = nullptr;

  explicit TcpEnv(std::uint32_t board_words = 16) : words(board_words) {
    config.mss = 1000;
    config.board_words = board_words;
    config.burst = 45;
    config.sack = 1;
    config.congestion = XTG_TCP_CC_RENO;
    config.floor_segs = 10;
    config.silence_us = 60'000'000;
    config.give_up_us = 100'000'000;
    config.tail_slack_us = 10'000;
    // Whatever the memory held before must not matter.
    Dice dice(board_words);
    for (xtg_tcp_word& word : words) {
      word.sacked = dice.next();
      word.lost = dice.next();
      word.retransmits = dice.next();
      word.local = dice.next();
    }
    current = this;
  }
  TcpEnv(const TcpEnv&) = delete;
  TcpEnv& operator=(const TcpEnv&) = delete;
  ~TcpEnv() { current = nullptr; }
};

} // namespace xtg::test

inline const xtg_tcp_config* xtg_tcp_c() {
  return &xtg::test::TcpEnv::current->config;
}
inline xtg_tcp_word* xtg_tcp_word_at(const xtg_tcp_flow* /*flow*/, __u64 word) {
  auto& words = xtg::test::TcpEnv::current->words;
  return &words[word & (words.size() - 1)];
}
inline void xtg_tcp_rtt_sample(xtg_tcp_flow* /*flow*/, __u32 rtt_us) {
  xtg::test::TcpEnv::current->rtts.push_back(rtt_us);
}
inline void xtg_tcp_wake(xtg_tcp_flow* /*flow*/) {
  xtg::test::TcpEnv::current->awake = true;
}
/// As bpf_loop(): ends when `fn` returns 1.
inline long xtg_loop(__u32 n, long (*fn)(__u32, void*), void* ctx) {
  for (__u32 i = 0; i < n; i++)
    if (fn(i, ctx) != 0) return i + 1;
  return n;
}

#include "xtg/abi/tcp_input.h"
#include "xtg/abi/tcp_output.h"
