// SPDX-License-Identifier: BSD-2-Clause
#include "xtg/abi/resend.h"

#include <set>

#include <gtest/gtest.h>

namespace xtg {
namespace {

using Numbers = std::multiset<std::uint64_t>;

void add(Numbers& to, std::uint64_t first, std::uint64_t end) {
  while (first != end)
    to.insert(first++);
}

/// A thread that sends one stream.
struct Thread {
  xtg_tx_worker w{};
  xtg_tx_cursor c{};
};

void take_back(Thread& t, std::uint64_t first, std::uint64_t n) {
  xtg_take_back(&t.w, &t.c, first, n);
}

/// What will still be sent, each as often as it will be.
Numbers unsent(const Thread& t) {
  Numbers out;
  add(out, t.w.seq, t.w.send_end);
  add(out, t.c.resend_seq, t.c.resend_end);
  add(out, t.c.rest_seq, t.c.rest_end);
  return out;
}

Numbers numbers(std::uint64_t first, std::uint64_t end) {
  Numbers out;
  add(out, first, end);
  return out;
}

std::uint64_t attempts(const Thread& t) {
  return t.c.claimed + t.c.resent - (t.w.send_end - t.w.seq) - (t.c.rest_end - t.c.rest_seq);
}

/// A batch of 64 from number 1000 on, of which so many have been offered.
Thread batch(std::uint64_t offered) {
  Thread t;
  t.c.claimed = 1'064;
  t.w.seq = 1'000 + offered;
  t.w.send_end = 1'064;
  return t;
}

/// As the program begins to send refused frames again.
void send_again(Thread& t, std::uint64_t n) {
  t.w.seq = t.c.resend_seq;
  t.c.resend_seq += n;
  t.w.send_end = t.c.resend_seq;
  t.c.resent += n;
}

TEST(Resend, ABulkInMidBatch) {
  Thread t = batch(17); // 16 and the one that pushed them out
  take_back(t, 1'000, 16);
  EXPECT_EQ(t.c.resend_seq, 1'000U);
  EXPECT_EQ(t.c.resend_end, 1'016U);
  EXPECT_EQ(t.c.rest_seq, 1'017U);
  EXPECT_EQ(t.c.rest_end, 1'064U);
  EXPECT_EQ(t.w.idle_left, 47U);
  EXPECT_EQ(t.w.seq, t.w.send_end);
  EXPECT_EQ(attempts(t), 1'017U);
  take_back(t, 1'016, 1);
  EXPECT_EQ(unsent(t), numbers(1'000, 1'064));
}

TEST(Resend, TheBatchsLastBulk) {
  Thread t = batch(64);
  take_back(t, 1'050, 14);
  EXPECT_EQ(unsent(t), numbers(1'050, 1'064));
  EXPECT_EQ(t.w.idle_left, 0U);
}

/// A redirect error in the middle of frames that are sent again, with more of them, or a rest, or
/// nothing behind.
TEST(Resend, AnErrorAmongFramesSentAgain) {
  for (const std::uint64_t refused : {3U, 16U, 17U, 40U})
    for (const std::uint64_t begun : {17U, 64U}) {
      if (refused > begun) continue;
      SCOPED_TRACE(testing::Message() << refused << " refused of " << begun);
      Thread t = batch(begun);
      take_back(t, 1'000 + begun - refused, refused);
      const Numbers before = unsent(t);
      const std::uint64_t first = t.c.resend_seq, tried = std::min<std::uint64_t>(refused, 16);
      const std::uint64_t attempts_before = attempts(t);
      send_again(t, tried);
      t.w.seq += 2;
      take_back(t, first + 1, 1);
      Numbers expected = before;
      expected.erase(first); // in the bulk, which may still be refused
      EXPECT_EQ(unsent(t), expected);
      EXPECT_EQ(t.c.resend_seq, first + 1) << "in order";
      EXPECT_EQ(attempts(t), attempts_before + 2);
      take_back(t, first, 1);
      EXPECT_EQ(unsent(t), before);
      EXPECT_EQ(t.c.resend_seq, first);
    }
}

TEST(Resend, AnErrorAmongTheRest) {
  Thread t = batch(17);
  take_back(t, 1'000, 16);
  send_again(t, 16);
  t.w.seq = t.w.send_end;
  t.w.seq = t.c.rest_seq; // the rest's turn
  t.c.rest_seq = t.w.send_end = t.c.rest_end;
  t.w.seq += 5;
  take_back(t, t.w.seq - 1, 1);
  EXPECT_EQ(unsent(t), numbers(1'021, 1'064));
  EXPECT_EQ(t.c.resend_seq, 1'021U);
  EXPECT_EQ(t.c.resend_end, 1'022U);
  EXPECT_EQ(t.c.rest_end, 1'064U);
}

} // namespace
} // namespace xtg
