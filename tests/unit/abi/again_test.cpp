// SPDX-License-Identifier: BSD-2-Clause
#include "xtg/abi/again.h"

#include <set>

#include <gtest/gtest.h>

namespace xtg {
namespace {

using Numbers = std::multiset<std::uint64_t>;

void add(Numbers& to, std::uint64_t first, std::uint64_t end) {
  while (first != end)
    to.insert(first++);
}

/// What will still be sent, each as often as it will be.
Numbers unsent(const xtg_tx_worker& w) {
  Numbers out;
  add(out, w.seq, w.send_end);
  add(out, w.again_seq, w.again_end);
  add(out, w.rest_seq, w.rest_end);
  return out;
}

Numbers numbers(std::uint64_t first, std::uint64_t end) {
  Numbers out;
  add(out, first, end);
  return out;
}

std::uint64_t attempts(const xtg_tx_worker& w) {
  return w.claimed + w.resent - (w.send_end - w.seq) - (w.rest_end - w.rest_seq);
}

/// A batch of 64 from number 1000 on, of which so many have been offered.
xtg_tx_worker batch(std::uint64_t offered) {
  xtg_tx_worker w{};
  w.claimed = 1'064;
  w.seq = 1'000 + offered;
  w.send_end = 1'064;
  return w;
}

/// As the program begins to send refused frames again.
void send_again(xtg_tx_worker& w, std::uint64_t n) {
  w.seq = w.again_seq;
  w.again_seq += n;
  w.send_end = w.again_seq;
  w.resent += n;
}

TEST(Again, ABulkInMidBatch) {
  xtg_tx_worker w = batch(17); // 16 and the one that pushed them out
  xtg_take_back(&w, 1'000, 16);
  EXPECT_EQ(w.again_seq, 1'000U);
  EXPECT_EQ(w.again_end, 1'016U);
  EXPECT_EQ(w.rest_seq, 1'017U);
  EXPECT_EQ(w.rest_end, 1'064U);
  EXPECT_EQ(w.idle_left, 47U);
  EXPECT_EQ(w.seq, w.send_end);
  EXPECT_EQ(attempts(w), 1'017U);
  xtg_take_back(&w, 1'016, 1);
  EXPECT_EQ(unsent(w), numbers(1'000, 1'064));
}

TEST(Again, TheBatchsLastBulk) {
  xtg_tx_worker w = batch(64);
  xtg_take_back(&w, 1'050, 14);
  EXPECT_EQ(unsent(w), numbers(1'050, 1'064));
  EXPECT_EQ(w.idle_left, 0U);
}

/// A redirect error in the middle of frames that are sent again, with more of them, or a rest, or
/// nothing behind.
TEST(Again, AnErrorAmongFramesSentAgain) {
  for (const std::uint64_t refused : {3U, 16U, 17U, 40U})
    for (const std::uint64_t begun : {17U, 64U}) {
      if (refused > begun) continue;
      SCOPED_TRACE(testing::Message() << refused << " refused of " << begun);
      xtg_tx_worker w = batch(begun);
      xtg_take_back(&w, 1'000 + begun - refused, refused);
      const Numbers before = unsent(w);
      const std::uint64_t first = w.again_seq, tried = std::min<std::uint64_t>(refused, 16);
      const std::uint64_t attempts_before = attempts(w);
      send_again(w, tried);
      w.seq += 2;
      xtg_take_back(&w, first + 1, 1);
      Numbers expected = before;
      expected.erase(first); // in the bulk, which may still be refused
      EXPECT_EQ(unsent(w), expected);
      EXPECT_EQ(w.again_seq, first + 1) << "in order";
      EXPECT_EQ(attempts(w), attempts_before + 2);
      xtg_take_back(&w, first, 1);
      EXPECT_EQ(unsent(w), before);
      EXPECT_EQ(w.again_seq, first);
    }
}

TEST(Again, AnErrorAmongTheRest) {
  xtg_tx_worker w = batch(17);
  xtg_take_back(&w, 1'000, 16);
  send_again(w, 16);
  w.seq = w.send_end;
  w.seq = w.rest_seq; // the rest's turn
  w.rest_seq = w.send_end = w.rest_end;
  w.seq += 5;
  xtg_take_back(&w, w.seq - 1, 1);
  EXPECT_EQ(unsent(w), numbers(1'021, 1'064));
  EXPECT_EQ(w.again_seq, 1'021U);
  EXPECT_EQ(w.again_end, 1'022U);
  EXPECT_EQ(w.rest_end, 1'064U);
}

} // namespace
} // namespace xtg
