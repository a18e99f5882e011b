// SPDX-License-Identifier: BSD-2-Clause
// Explicit congestion notification (RFC 3168): ECT on new data only, one reduction and one CWR for
// a window of data. That no other connection has ECT or CWR, the peer checks with every segment.
#include "fixture.h"

namespace xtg::peer::test {
namespace {

class EcnTest : public EitherSender {
protected:
  Peer& start_ecn(std::uint64_t segments) {
    Peer& p =
        start({.bytes = at(segments), .congestion = "reno", .sysctls = {{"ipv4/tcp_ecn", "1"}}});
    p.accept({.ecn = true});
    return p;
  }
  /// Reads what leaves without another ACK; CWR is counted.
  std::uint64_t read_flight() {
    peer().expect_none(
        "",
        [this](const Seen& s) {
          if (s.has(kCwr)) ++cwr_;
          if (s.has(kCwr) && !s.data()) ADD_FAILURE() << "CWR without payload";
          return false;
        },
        60);
    return (peer().highest() - peer().acknowledged()) / kMss;
  }
  int cwr_ = 0;
};
XTG_EITHER_SENDER(EcnTest);

TEST_P(EcnTest, OneReductionForAWindow) {
  Peer& p = start_ecn(700);
  p.expect("payload", [](const Seen& s) { return s.data(); });
  const std::uint64_t first = read_flight();
  ASSERT_GE(first, 4U);
  EXPECT_EQ(cwr_, 0);
  const std::uint64_t half = at(first / 2), all = p.highest();
  p.ack(half, {.flags = kEce});
  p.ack(all, {.flags = kEce, .at_once = true});
  const std::uint64_t second = read_flight();
  EXPECT_LE(second, first / 2 + 2);
  EXPECT_GE(second, first / 2 - first / 10 - 1) << "more than one reduction";
  EXPECT_EQ(cwr_, 1);
  p.ack(p.highest(), {.flags = kEce}); // another window, marked again
  const std::uint64_t third = read_flight();
  EXPECT_LE(third, second / 2 + 2);
  EXPECT_EQ(cwr_, 2);
  p.ack(p.highest());
  p.receive(at(700));
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(at(700));
  expect_count("ecn_reductions", 2);
  if (!program()) return;
  EXPECT_EQ(json().at("end").at("negotiated").at("ecn"), true);
}

TEST_P(EcnTest, RetransmissionsAreNotMarkable) {
  Peer& p = start_ecn(10);
  p.expect_data(0, at(10));
  p.lose({at(3), at(4)});
  p.ack(at(3), {.sack = {{at(4), at(10)}}});
  p.expect_again({{at(3), at(4)}});
  p.ack(at(10));
  finish_closed(at(10));
  expect_count("ecn_reductions", 0);
}

TEST_P(EcnTest, WithoutAgreementEceMeansNothing) {
  Peer& p = start({.bytes = at(20), .congestion = "reno"});
  p.accept({.window = 10 * kMss});
  p.expect_data(0, at(10));
  p.ack(at(10), {.window = 1 << 20, .flags = kEce});
  p.expect_data(at(10), at(20)); // all at once, though marked
  p.ack(at(20));
  finish_closed(at(20));
  expect_count("ecn_reductions", 0);
}

} // namespace
} // namespace xtg::peer::test
