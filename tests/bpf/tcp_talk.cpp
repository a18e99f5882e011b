// SPDX-License-Identifier: BSD-2-Clause
#include "tcp_talk.h"

#include <algorithm>

#include <linux/bpf.h>

#include "core/clock.h"
#include "packet/bytes.h"
#include "support/hex.h"

namespace xtg::test {

namespace {

constexpr std::uint32_t kScale = 2; // of the far end's windows

std::uint32_t now_us() {
  return static_cast<std::uint32_t>(monotonic_ns() / 1000);
}

} // namespace

Talk::Talk(TcpSetup setup, std::uint64_t limit, std::uint32_t window)
    : program(setup), setup_(std::move(setup)) {
  if (!program.ok()) return;
  flow_.limit = limit;
  flow_.isn = kIsn;
  flow_.rcv_nxt = kFarIsn + said_;
  flow_.wl1 = kFarIsn;
  flow_.tsval_base = 0x89abcdef;
  flow_.window = window;
  flow_.wscale = kScale;
  flow_.own_window = 0x1f2e;
  flow_.own_wscale = 3;
  flow_.port = kPort;
  program.open(0, flow_);
  program.flow().ts_recent = far_ms_;
}

TcpSent Talk::send() {
  xtg_tcp_flow& f = program.flow();
  if (!fired_ && f.timer != XTG_TCP_TIMER_REORDER) f.timer_us = now_us() + 60'000'000;
  const bool begins = program.worker().left == 0;
  TcpSent sent = program.send();
  if (begins) burst_ns_ = sent.before_ns;
  sent.before_ns = burst_ns_;
  fired_ = false;
  return sent;
}

std::vector<TcpSent> Talk::send_all(std::size_t most) {
  std::vector<TcpSent> out;
  while (out.size() < most || program.worker().left != 0) {
    TcpSent sent = send();
    if (sent.action != XDP_REDIRECT) break;
    out.push_back(std::move(sent));
  }
  return out;
}

testing::AssertionResult Talk::silent() {
  for (int i = 0; i < 20; i++) {
    const TcpSent sent = send();
    if (sent.action == XDP_REDIRECT)
      return testing::AssertionFailure() << "sent " << to_hex(sent.bytes);
    if (sent.action != XDP_DROP) return testing::AssertionFailure() << "answered " << sent.action;
  }
  return testing::AssertionSuccess();
}

void Talk::fire(std::uint32_t timer) {
  EXPECT_EQ(program.flow().timer, timer);
  program.flow().timer_us = now_us() - 10; // more than a slot of the wheel
  program.control().rounds++;              // which sees it
  fired_ = true;
}

void Talk::hear(const Said& said) {
  packet::TcpHeaderSpec far = far_header(setup_.header, kPort);
  far.ecn = far.timestamps = false; // the options are written here
  Bytes rest;
  const auto put = [&](std::uint32_t word) {
    rest.resize(rest.size() + 4);
    packet::store_be(std::span(rest).last(4), word);
  };
  if (setup_.header.timestamps) {
    put(0x0101080a);
    put(++far_ms_);
    put(said.tsecr);
  }
  if (!said.sack.empty()) put(static_cast<std::uint32_t>(0x01010500 + 2 + 8 * said.sack.size()));
  for (const auto& [from, to] : said.sack) {
    put(kIsn + static_cast<std::uint32_t>(from));
    put(kIsn + static_cast<std::uint32_t>(to));
  }
  const std::size_t l4 = v4() ? 34 : 54, words = 5 + rest.size() / 4;
  rest.insert(rest.end(), said.payload.begin(), said.payload.end());
  packet::TcpSegment segment;
  segment.src_port = setup_.header.dst_port;
  segment.seq = kFarIsn + said_;
  segment.ack = kIsn + static_cast<std::uint32_t>(said.ack);
  segment.flags = said.flags;
  segment.window = static_cast<std::uint16_t>(std::min(said.window >> kScale, 0xffffU));
  segment.payload = rest;
  Bytes frame = render_tcp(far, segment);
  frame[15] |= static_cast<std::uint8_t>(v4() ? said.ecn : said.ecn << 4);
  // The longer header: 4096 per word in the sum's units, as the offset is the word's upper nibble.
  frame[l4 + 12] = static_cast<std::uint8_t>(words << 4);
  std::uint64_t sum = packet::load_be(std::span(frame).subspan(l4 + 16, 2));
  sum += 0xffffULL * 16 - ((words - 5) << 12);
  sum = sum % 0xffff;
  packet::store_be(std::span(frame).subspan(l4 + 16, 2), sum);
  EXPECT_EQ(program.receive(frame), std::uint32_t{XDP_DROP});
  EXPECT_EQ(program.queue().unsound, 0U);
  said_ += static_cast<std::uint32_t>(said.payload.size()) + (said.flags & XTG_TCP_FIN ? 1 : 0);
}

Bytes Talk::stream(std::uint64_t offset, std::uint32_t len) const {
  Bytes out(len);
  const Bytes& period = setup_.payload;
  for (std::uint32_t i = 0; i < len && !period.empty(); i++)
    out[i] = period[(offset + i) % period.size()];
  return out;
}

Want Talk::segment(std::uint64_t offset) const {
  std::uint64_t len = setup_.mss, rest = ~std::uint64_t{0};
  if (!setup_.payload.empty()) rest = setup_.payload.size() - offset % setup_.payload.size();
  rest = std::min(rest, flow_.limit - offset);
  len = std::min(len, rest);
  return {offset, static_cast<std::uint32_t>(len),
          static_cast<std::uint8_t>(XTG_TCP_ACK | (len == rest ? XTG_TCP_PSH : 0))};
}

std::uint32_t Talk::offset_of(const TcpSent& sent) const {
  const std::size_t l4 = v4() ? 34 : 54;
  return static_cast<std::uint32_t>(packet::load_be(std::span(sent.bytes).subspan(l4 + 4, 4))) -
         kIsn;
}

testing::AssertionResult Talk::is(const TcpSent& sent, const Want& want) const {
  if (sent.action != XDP_REDIRECT) return testing::AssertionFailure() << "nothing was sent";
  const std::size_t l4 = v4() ? 34 : 54, header = program.config().header_len;
  if (sent.bytes.size() < header) return testing::AssertionFailure() << sent.bytes.size();
  const Bytes payload = stream(want.offset, want.len);
  packet::TcpSegment segment;
  segment.src_port = kPort;
  segment.seq = kIsn + static_cast<std::uint32_t>(want.offset);
  segment.ack = kFarIsn + said_;
  segment.flags = want.flags;
  segment.window = flow_.own_window;
  segment.payload = payload;
  segment.new_data = want.fresh;
  if (setup_.header.timestamps) {
    segment.tsecr = far_ms_;
    segment.tsval =
        static_cast<std::uint32_t>(packet::load_be(std::span(sent.bytes).subspan(l4 + 24, 4)));
    const auto since = static_cast<std::uint32_t>(sent.before_ns / 1'000'000);
    const auto passed = static_cast<std::uint32_t>(sent.after_ns / 1'000'000) - since;
    if (segment.tsval - flow_.tsval_base - since > passed)
      return testing::AssertionFailure() << "TSval " << segment.tsval;
  }
  if (auto sound = sums_right(sent.bytes); !sound) return sound;
  const Bytes frame = render_tcp(setup_.header, segment);
  if (std::ranges::equal(sent.bytes, frame)) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "offset " << want.offset << ", " << want.len << " bytes\n  is        "
         << to_hex(std::span(sent.bytes).first(std::min<std::size_t>(sent.bytes.size(), 120)))
         << " (" << sent.bytes.size() << ")\n  should be "
         << to_hex(std::span(frame).first(std::min<std::size_t>(frame.size(), 120))) << " ("
         << frame.size() << ")";
}

testing::AssertionResult Talk::sends(const Want& want) {
  return is(send(), want);
}

} // namespace xtg::test
