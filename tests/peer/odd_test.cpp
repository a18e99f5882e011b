// SPDX-License-Identifier: BSD-2-Clause
// Segments that are right, in frames that are not quite usual: a priority tag, options of IP,
// extension headers, no time stamp.
#include "fixture.h"

#include "packet/bytes.h"
#include "packet/checksum.h"

namespace xtg::peer::test {
namespace {

using Frame = std::vector<std::uint8_t>;

void add_tag(Frame& frame, std::uint16_t tci) {
  const std::uint8_t tag[] = {0x81, 0x00, static_cast<std::uint8_t>(tci >> 8),
                              static_cast<std::uint8_t>(tci)};
  frame.insert(frame.begin() + 12, std::begin(tag), std::end(tag));
}

/// Two words of options, of which the first is what routers look at.
void add_v4_options(Frame& frame) {
  const std::uint8_t options[] = {148, 4, 0, 0, 1, 1, 1, 0};
  const std::span<std::uint8_t> all(frame);
  frame[14] = 0x47;
  packet::store_be(all.subspan(16, 2), packet::load_be(all.subspan(16, 2)) + sizeof(options));
  packet::store_be(all.subspan(24, 2), 0);
  frame.insert(frame.begin() + 34, std::begin(options), std::end(options));
  packet::store_be(std::span(frame).subspan(24, 2),
                   packet::internet_checksum(std::span(frame).subspan(14, 28)));
}

void add_v6_headers(Frame& frame) {
  const std::uint8_t headers[] = {60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0};
  const std::span<std::uint8_t> all(frame);
  frame[20] = 0;
  packet::store_be(all.subspan(18, 2), packet::load_be(all.subspan(18, 2)) + sizeof(headers));
  frame.insert(frame.begin() + 54, std::begin(headers), std::end(headers));
}

class OddTest : public EitherSender {
protected:
  /// After the first segments everything from the far end is dressed so; it arrives as ever.
  void run(const std::function<void(Frame&)>& how, const std::string& ingress,
           packet::Family family = packet::Family::V4) {
    const std::uint64_t mss = family == packet::Family::V4 ? kMss : kMss - 20;
    Peer& p = start({.bytes = 30 * mss, .options = {"--ingress", ingress}, .family = family});
    p.accept({.mss = static_cast<std::uint16_t>(mss + 12), .rtt_ms = 20});
    p.dress(how);
    p.receive(20 * mss);
    p.send_data(700);
    p.expect_ack(700);
    p.receive(30 * mss);
    finish_closed(30 * mss);
    expect_count("bad_segments", 0);
    expect_count("bytes_received", 700);
  }
};
XTG_EITHER_SENDER(OddTest);

TEST_P(OddTest, PriorityTag) {
  for (const char* ingress : {"xdp", "tc"}) // tc meets it in the packet's metadata
    run([](Frame& frame) { add_tag(frame, 0xe000); }, ingress);
}

TEST_P(OddTest, OptionsOfIpv4) {
  for (const char* ingress : {"xdp", "tc"})
    run(add_v4_options, ingress);
}

TEST_P(OddTest, ExtensionHeaders) {
  for (const char* ingress : {"xdp", "tc"})
    run(add_v6_headers, ingress, packet::Family::V6);
}

TEST_P(OddTest, SegmentsWithoutTheTimestampThatWasAgreedOn) {
  Peer& p = start({.bytes = at(30)});
  p.accept({.window = 10 * kMss, .rtt_ms = 20});
  p.expect_data(0, at(10));
  p.ack(at(10), {.options = {1, 1, 1, 1}}); // a middlebox has taken them out
  p.expect_data(at(10), at(19));            // the window is smaller by its scale's rounding
  p.ack(at(19), {.window = 1 << 20});
  p.receive(at(30));
  EXPECT_EQ(p.sent_again(), 0U);
  finish_closed(at(30));
  expect_count("bad_segments", 0);
}

TEST_P(OddTest, AnotherNetworksTagIsNotOurs) {
  Peer& p = start({.bytes = at(30)});
  p.accept({.window = 10 * kMss, .rtt_ms = 20});
  p.expect_data(0, at(10));
  p.dress([](Frame& frame) { add_tag(frame, 7); });
  p.ack(at(10));
  p.rst();
  p.expect_no_new_data_for(100);
  p.dress({});
  p.ack(at(10), {.window = 1 << 20});
  p.receive(at(30));
  finish_closed(at(30));
}

} // namespace
} // namespace xtg::peer::test
