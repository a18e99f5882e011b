// SPDX-License-Identifier: BSD-2-Clause
// The sender's own sequence numbers go over the end of their space, with losses there.
#include "fixture.h"
#include "isn.h"
#include "support/privileges.h"

namespace xtg::peer::test {
namespace {

constexpr std::uint32_t kBelow = 300'000; ///< the aim; a millisecond late is worth 15'625
constexpr std::uint32_t kBytes = 700'000;

class WrapTest : public EitherSender {
protected:
  /// A sender whose numbers wrap within the transfer. The machine may be late: false.
  bool try_start() {
    auto moment = find_moment(10'000, 0U - kBelow, 4'000'000'000U);
    if (!moment) throw Failure(moment.error().message());
    auto gate = ConnectGate::make(10'000);
    if (!gate) throw Failure(gate.error().message());
    gate_.emplace(std::move(*gate));
    Peer& p = start(
        {.bytes = kBytes, .src_port = moment->src_port, .before = [this] { gate_->install(); }});
    gate_->open_at(moment->real_ns);
    p.accept({.rtt_ms = 10});
    return p.sender_isn() > 0U - 450'000 && p.sender_isn() < 0U - 150'000;
  }
  void TearDown() override {
    EitherSender::TearDown(); // the child first: it may still be held
    gate_.reset();
  }
  std::optional<ConnectGate> gate_;
};
XTG_EITHER_SENDER(WrapTest);

TEST_P(WrapTest, StreamGoesOverTheEndOfTheSequenceSpace) {
  bool there = try_start();
  for (int i = 0; i < 4 && !there; ++i)
    there = try_start();
  if (!there) XTG_SKIP("netns", "a machine that is in time for a connect()");
  Peer& p = peer();
  const std::uint64_t end = std::uint32_t{0U - p.sender_isn() - 1}; // offset of sequence number 0
  // The segments around the end are lost, and some well before and after.
  std::uint64_t lost = 0;
  bool done = false;
  p.receive(kBytes, [&](const Seen& s) {
    if (done || s.again) return;
    const bool around = s.from <= end && end < s.to + kMss;
    const bool near =
        s.from + 40 * kMss > end && s.from < end + 40 * kMss && s.from / kMss % 8 == 0;
    if (around || near) {
      ++lost;
      p.lose({s.from, s.to});
    }
    done = s.from > end + 100 * kMss;
  });
  EXPECT_GE(lost, 2U);
  EXPECT_EQ(p.sent_again(), lost);
  finish_closed(kBytes);
}

} // namespace
} // namespace xtg::peer::test
