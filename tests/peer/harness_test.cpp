// SPDX-License-Identifier: BSD-2-Clause
// That the peer notices: a sender made by hand does one thing wrong, and the script must fail for
// it.
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <cstdlib>
#include <functional>

#include "fixture.h"
#include "support/privileges.h"

namespace xtg::peer::test {
namespace {

constexpr std::uint32_t kIsn = 0xfffff800; // its numbers wrap as well
constexpr std::uint32_t kSegment = 1'000;

/// What the bad sender sends in the end, made from a right segment that follows.
struct Sin {
  const char* name;
  const char* noticed; ///< part of the failure's text; empty: nothing is wrong
  std::function<void(Segment&)> segment = [](Segment&) {};
  std::function<void(std::vector<std::uint8_t>&)> frame = [](std::vector<std::uint8_t>&) {};
};

void PrintTo(const Sin& sin, std::ostream* out) {
  *out << sin.name;
}

void go_to(Segment& s, std::uint32_t offset) {
  s.seq = kIsn + 1 + offset;
  for (std::uint32_t i = 0; i < s.payload.size(); ++i)
    s.payload[i] = pattern_byte(offset + i);
}

/// Sends through a packet socket below the kernel's TCP.
class BadSender {
public:
  explicit BadSender(const Ends& ends)
      : ends_(ends), back_{ends.dst_mac, ends.src_mac, ends.dst, ends.src},
        fd_(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL))) {
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(if_nametoindex(Wire::kDevice));
    bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof(at));
  }

  int run(const Sin& sin) {
    Segment s = blank(kSyn);
    s.seq = kIsn;
    s.mss = 1460;
    s.wscale = 7;
    s.sack_permitted = true;
    put(s);
    if (!wait([](const Segment& in) { return (in.flags & kSyn) != 0; })) return 1;
    put(blank(kAck));
    for (std::uint32_t i = 0; i < 5; ++i)
      put(data(i * kSegment));
    if (!wait([](const Segment& in) { return !in.sack.empty(); })) return 1;
    Segment last = data(5 * kSegment);
    sin.segment(last);
    auto frame = build(last, ends_);
    sin.frame(frame);
    write(frame);
    wait([](const Segment&) { return false; }); // for the script to end
    return 0;
  }

private:
  Segment blank(std::uint8_t flags) {
    Segment s;
    s.src_port = 40'000;
    s.dst_port = 10'000;
    s.flags = flags;
    s.seq = kIsn + 1;
    s.ack = next_;
    s.window = 500;
    s.ts = Timestamps{++clock_, echo_};
    return s;
  }
  Segment data(std::uint32_t offset) {
    Segment s = blank(kAck);
    s.payload.resize(kSegment);
    go_to(s, offset);
    return s;
  }
  void put(const Segment& s) { write(build(s, ends_)); }
  void write(const std::vector<std::uint8_t>& frame) {
    if (send(fd_.get(), frame.data(), frame.size(), 0) < 0) std::abort();
  }
  bool wait(const std::function<bool(const Segment&)>& is) {
    std::vector<std::uint8_t> room(65536);
    pollfd p{fd_.get(), POLLIN, 0};
    while (poll(&p, 1, 2'000) > 0) {
      const ssize_t n = recv(fd_.get(), room.data(), room.size(), 0);
      const Parsed in =
          parse(std::span(room).first(n < 0 ? 0 : static_cast<std::size_t>(n)), back_);
      if (!in.relevant || !in.problem.empty()) continue;
      if ((in.segment.flags & kSyn) != 0) next_ = in.segment.seq + 1;
      if (in.segment.ts) echo_ = in.segment.ts->value;
      if (is(in.segment)) return true;
    }
    return false;
  }

  Ends ends_, back_;
  UniqueFd fd_;
  std::uint32_t next_ = 0, clock_ = 0xfffffffa, echo_ = 0;
};

class HarnessTest : public testing::TestWithParam<Sin> {
protected:
  void SetUp() override { XTG_REQUIRE_CAPS("netns"); }
};

TEST_P(HarnessTest, Notices) {
  const Sin& sin = GetParam();
  auto wire = Wire::make({});
  ASSERT_TRUE(wire) << wire.error().message();
  const Ends& ends = (*wire)->ends(packet::Family::V4);
  // Without the address the kernel does not answer what is not for a socket of its own.
  ASSERT_EQ(std::system("ip address flush dev xtgpeer0"), 0);
  auto child = Child::start({.words = {}, .function = [&] { return BadSender(ends).run(sin); }});
  ASSERT_TRUE(child) << child.error().message();
  Peer p(**wire, *child, {});
  std::string why;
  try {
    p.accept({.mss = kSegment + 12, .window = 8 * kSegment, .rtt_ms = 0});
    p.expect_data(0, 5 * kSegment);
    p.ack(3 * kSegment, {.window = 5 * kSegment, .sack = {{4 * kSegment, 5 * kSegment}}});
    p.expect_data(5 * kSegment, 6 * kSegment);
  } catch (const Failure& failure) {
    why = failure.what();
  }
  if (*sin.noticed == '\0')
    EXPECT_EQ(why, "") << p.transcript();
  else
    EXPECT_NE(why.find(sin.noticed), std::string::npos) << "it says: " << why << "\n"
                                                        << p.transcript();
}

INSTANTIATE_TEST_SUITE_P(
    peer, HarnessTest,
    testing::Values(
        Sin{"nothing_wrong", ""},
        Sin{"tcp_checksum", "wrong TCP checksum", [](Segment&) {}, spoil_checksum},
        Sin{"ip_checksum", "wrong IPv4 checksum", [](Segment&) {}, [](auto& f) { ++f[24]; }},
        Sin{"padding", "the IP length is not", [](Segment&) {}, [](auto& f) { f.push_back(0); }},
        Sin{"mac", "wrong destination MAC", [](Segment&) {}, [](auto& f) { ++f[5]; }},
        Sin{"source_port", "wrong source port", [](Segment& s) { ++s.src_port; }},
        Sin{"hop_limit", "hop limit", [](Segment& s) { s.hop_limit = 63; }},
        Sin{"fragments", "fragmented", [](Segment& s) { s.dont_fragment = false; }},
        Sin{"no_ack_flag", "without ACK", [](Segment& s) { s.flags = kPsh; }},
        Sin{"payload", "byte 5700 of the stream", [](Segment& s) { s.payload[700] ^= 1; }},
        Sin{"no_timestamps", "time stamps not as", [](Segment& s) { s.ts.reset(); }},
        Sin{"option_layout", "laid out",
            [](Segment& s) {
              s.options.assign({8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1});
            }},
        Sin{"old_tsval", "TSval", [](Segment& s) { s.ts->value -= 3; }},
        Sin{"echo_never_sent", "was never sent", [](Segment& s) { s.ts->echo += 1'000'000; }},
        Sin{"ack_too_far", "acknowledges 7", [](Segment& s) { s.ack += 7; }},
        Sin{"ack_goes_back", "goes back", [](Segment& s) { s.ack -= 1; }},
        Sin{"window_shrinks", "window shrinks", [](Segment& s) { s.window = 498; }},
        Sin{"gap", "a gap after", [](Segment& s) { go_to(s, 6'000); }},
        Sin{"acknowledged", "what was acknowledged", [](Segment& s) { go_to(s, 2'000); }},
        Sin{"sacked", "what was SACKed", [](Segment& s) { go_to(s, 4'000); }},
        Sin{"partly_sacked", "what was SACKed", [](Segment& s) { go_to(s, 3'500); }},
        Sin{"missing_but_unasked", "payload 3000 to 4000 instead",
            [](Segment& s) { go_to(s, 3'000); }},
        Sin{"too_long", "bytes of payload",
            [](Segment& s) {
              s.payload.resize(1'001);
              go_to(s, 5'000);
            }},
        Sin{"past_the_window", "the window ends at 8000", [](Segment& s) { go_to(s, 7'500); }},
        Sin{"ect", "ECT where", [](Segment& s) { s.ecn = 2; }},
        Sin{"syn", "SYN inside", [](Segment& s) { s.flags |= kSyn; }},
        Sin{"fin_inside", "FIN inside",
            [](Segment& s) {
              s.payload.clear();
              s.flags |= kFin;
              go_to(s, 3'000);
            }},
        Sin{"reset", "a reset instead",
            [](Segment& s) {
              s.payload.clear();
              s.flags |= kRst;
            }}),
    [](const auto& info) { return std::string(info.param.name); });

} // namespace
} // namespace xtg::peer::test
