// SPDX-License-Identifier: BSD-2-Clause
// The reflector sends back, byte for byte, what a plainly written reflector makes of a frame.
#include <algorithm>
#include <span>

#include "packet/checksum.h"
#include "reflect_frames.h"

namespace xtg::test {
namespace {

using packet::load_be;
using packet::store_be;

INSTANTIATE_TEST_SUITE_P(, ReflectTest, testing::Values(Family::V4, Family::V6),
                         [](const auto& info) { return info.param == Family::V4 ? "V4" : "V6"; });

// The reference itself: what it makes is a frame that a receiver takes.
TEST_P(ReflectTest, TheReferenceMakesSoundFrames) {
  PlainReflector plain({});
  for (const std::uint32_t size : {128U, 129U, 512U}) {
    const Bytes in = frame(full(size, XTG_SIG_F_REFLECTOR), 77);
    Bytes seen = in;
    store_be(std::span(seen).subspan(seen.size() - 48, 8), 1234);
    const auto out = plain.reflect(in, seen);
    ASSERT_TRUE(out);
    EXPECT_TRUE(packet::checksums_valid(*out));
    EXPECT_EQ(load_be(std::span(*out).subspan(out->size() - 48, 8)), 1234U);
    const auto sig = packet::find_signature(*out);
    ASSERT_TRUE(sig);
    EXPECT_EQ(sig->seq, 77U);
    EXPECT_EQ(sig->flags, XTG_SIG_F_REFLECTOR | XTG_SIG_F_REFLECTED);
    EXPECT_EQ(to_hex(std::span(*out).first(12)), "02 00 00 00 00 01 02 00 00 00 00 02");
  }
}

/// All lengths, so that what is written begins at even and odd places of the datagram.
TEST_P(ReflectTest, SendsBackFramesOfAllSizes) {
  for (const bool checksum : {true, false}) {
    if (!checksum && GetParam() == Family::V6) continue;
    Pair pair;
    for (std::uint32_t size = 98; size <= packet::max_frame_size(); size += size < 300 ? 1 : 167) {
      Kind kind = full(size);
      kind.checksum = checksum;
      ASSERT_TRUE(pair.sends_back(frame(kind, size))) << size;
    }
    EXPECT_EQ(pair.program.counters().stamped, 0U);
  }
}

TEST_P(ReflectTest, TellsWhereThereIsRoom) {
  Pair pair;
  std::uint64_t stamped = 0;
  for (std::uint32_t size = 98; size <= packet::max_frame_size(); size += size < 300 ? 1 : 167) {
    const Bytes in = frame(full(size, XTG_SIG_F_REFLECTOR), size);
    const Reflected out = pair.program.run(in);
    ASSERT_EQ(out.action, XDP_TX) << size;
    const auto expected = pair.plain.reflect(in, out.bytes);
    ASSERT_TRUE(expected);
    ASSERT_EQ(to_hex(out.bytes), to_hex(*expected)) << size;
    const std::size_t payload = size - kFcs - (GetParam() == Family::V4 ? 42 : 62);
    if (payload < kWordsBeforeEnd) continue;
    stamped++;
    const auto words = std::span(out.bytes).last(kWordsBeforeEnd);
    const std::uint64_t rx_ns = load_be(words.subspan(8, 8)), tx_ns = load_be(words.subspan(16, 8));
    EXPECT_GE(rx_ns, out.before_ns);
    EXPECT_GE(tx_ns, rx_ns);
    EXPECT_LE(tx_ns, out.after_ns);
  }
  EXPECT_EQ(pair.program.counters().stamped, stamped);
  EXPECT_EQ(pair.program.counters().sent, pair.program.stream(0).frames);
}

TEST_P(ReflectTest, CountsEveryStreamByItself) {
  for (const bool shared : {false, true}) {
    Pair pair({.shared = shared});
    for (std::uint64_t seq = 0; seq < 20; seq++)
      for (const std::uint32_t stream : {3U, 3U + XTG_REFLECT_PLACES, 4U}) { // two share a place
        Kind kind = full(128, XTG_SIG_F_REFLECTOR);
        kind.stream = static_cast<std::uint16_t>(stream);
        ASSERT_TRUE(pair.sends_back(frame(kind, seq)));
      }
    for (std::uint32_t i = 0; i < 3; i++)
      EXPECT_EQ(pair.program.stream(i).frames, 20U);
    EXPECT_EQ(pair.program.control().streams, 3U);
  }
}

TEST_P(ReflectTest, AnnouncementsSayHowManyAndAreNotCounted) {
  Pair pair;
  const Kind kind = full(192, XTG_SIG_F_REFLECTOR);
  EXPECT_TRUE(pair.sends_back(announcement(kind, XTG_SIG_START)));
  for (std::uint64_t seq = 0; seq < 5; seq++)
    EXPECT_TRUE(pair.sends_back(frame(kind, seq)));
  const Reflected end = pair.program.run(announcement(kind, XTG_SIG_END));
  ASSERT_EQ(end.action, XDP_TX);
  EXPECT_EQ(load_be(std::span(end.bytes).last(kWordsBeforeEnd).first(8)), 5U);
  EXPECT_TRUE(pair.sends_back(announcement(kind, XTG_SIG_END)));
  EXPECT_TRUE(pair.sends_back(announcement(full(192), XTG_SIG_END))); // no room
  EXPECT_EQ(pair.program.stream(0).frames, 5U);
  EXPECT_EQ(pair.program.stream(0).announced, 4U);
}

/// The number that the reflector gave a frame of this stream.
std::uint64_t number_of(Pair& pair, Kind kind, std::uint16_t stream, std::uint64_t seq) {
  kind.stream = stream;
  const Reflected out = pair.program.run(frame(kind, seq));
  EXPECT_EQ(out.action, XDP_TX);
  EXPECT_TRUE(packet::checksums_valid(out.bytes));
  return load_be(std::span(out.bytes).last(kWordsBeforeEnd).first(8));
}

TEST_P(ReflectTest, StreamsBeyondTheMostGoBackUncounted) {
  Pair pair({.n_streams = 2});
  for (std::uint16_t stream = 0; stream < 5; stream++)
    for (std::uint64_t seq = 0; seq < 2; seq++)
      EXPECT_EQ(number_of(pair, full(128, XTG_SIG_F_REFLECTOR), stream, seq),
                stream < 2 ? seq : ~std::uint64_t{0});
  EXPECT_EQ(pair.program.counters().unnumbered, 6U);
  EXPECT_EQ(pair.program.control().streams, 2U);
}

/// Single frames, damaged or made up, keep no place: a stream that comes behind them is counted,
/// and one that came before goes on.
TEST_P(ReflectTest, APlaceIsGivenToAnotherStream) {
  Pair pair({.n_streams = 8});
  const Kind kind = full(128, XTG_SIG_F_REFLECTOR);
  for (std::uint64_t seq = 0; seq < 3; seq++)
    EXPECT_EQ(number_of(pair, kind, 1, seq), seq);
  for (std::uint16_t stream = 100; stream < 200; stream++)
    EXPECT_EQ(number_of(pair, kind, stream, 0), 0U) << stream;
  for (std::uint64_t seq = 0; seq < 3; seq++) {
    EXPECT_EQ(number_of(pair, kind, 1, seq), 3 + seq);
    EXPECT_EQ(number_of(pair, kind, 2, seq), seq);
  }
  EXPECT_EQ(pair.program.control().streams, 8U);
  // All frames stand somewhere.
  std::uint64_t stamped = pair.program.counters().unnumbered;
  for (std::uint32_t i = 0; i < 8; i++)
    stamped += pair.program.stream(i).frames;
  EXPECT_EQ(stamped, 109U);
}

/// One of which nothing came for a while gives its place back, too.
TEST_P(ReflectTest, AnIdleStreamGivesItsPlaceBack) {
  Pair pair({.n_streams = 1});
  const Kind kind = full(128, XTG_SIG_F_REFLECTOR);
  for (std::uint64_t seq = 0; seq < 2; seq++)
    EXPECT_EQ(number_of(pair, kind, 1, seq), seq);
  EXPECT_EQ(number_of(pair, kind, 2, 0), ~std::uint64_t{0});
  for (int i = 0; i < 2; i++) { // a second goes by, and the stream is still there
    pair.program.control().tick_ns -= 1'000'000'000;
    EXPECT_EQ(number_of(pair, kind, 2, 1), ~std::uint64_t{0});
    EXPECT_EQ(number_of(pair, kind, 1, 2), 2U + static_cast<unsigned>(i));
  }
  for (int i = 0; i < 2; i++) { // and now it is not
    pair.program.control().tick_ns -= 1'000'000'000;
    EXPECT_EQ(number_of(pair, kind, 2, 2), i == 0 ? ~std::uint64_t{0} : 0U);
  }
  EXPECT_EQ(pair.program.counters().unnumbered, 4U + 4U);
}

TEST_P(ReflectTest, CompactSignaturesOfANamedSession) {
  Pair pair({.run_id = kRunId});
  EXPECT_TRUE(pair.sends_back(frame(compact(), 7)));
  EXPECT_TRUE(pair.sends_back(frame(compact(), 8)));
  for (std::uint32_t size = smallest_compact(GetParam()); size < smallest_compact(GetParam()) + 14;
       size++) { // even and odd
    Kind kind = compact();
    kind.size = size;
    EXPECT_TRUE(pair.sends_back(frame(kind, size))) << size;
  }
  EXPECT_EQ(pair.program.stream(0).frames, 16U);
}

/// 16 bits are found by chance in other people's payload.
TEST_P(ReflectTest, ShortSignaturesAreBelievedAtTheSecondThatAgrees) {
  Pair pair;
  EXPECT_TRUE(pair.passes(frame(compact(), 7)));
  Kind other = compact();
  other.stream = 9;
  EXPECT_TRUE(pair.passes(frame(other, 8)));
  EXPECT_TRUE(pair.sends_back(frame(compact(), 8)));
  EXPECT_TRUE(pair.sends_back(frame(compact(), 9)));
  EXPECT_EQ(pair.program.not_reflected(XTG_REFLECT_UNSURE), 2U);
  EXPECT_EQ(pair.program.stream(0).frames, 2U);
}

TEST_P(ReflectTest, CompactSignaturesAreBelievedAfterALongOneOfTheirSession) {
  Pair pair;
  EXPECT_TRUE(pair.sends_back(announcement(full(192), XTG_SIG_START)));
  EXPECT_TRUE(pair.sends_back(frame(compact(), 0)));
  Kind other = compact();
  other.run_id ^= 1;
  EXPECT_TRUE(pair.passes(frame(other, 0)));
}

TEST_P(ReflectTest, KeepsTags) {
  Pair pair;
  for (const unsigned tags : {1U, 2U, 3U, 4U})
    for (const std::uint32_t size : {128U, 129U})
      EXPECT_TRUE(pair.sends_back(tagged(frame(full(size, XTG_SIG_F_REFLECTOR)), tags)));
  EXPECT_TRUE(pair.passes(tagged(frame(full()), 5)));
}

TEST_P(ReflectTest, KeepsPadding) {
  Pair pair;
  for (std::size_t pad = 1; pad < 40; pad++) {
    Bytes padded = frame(full(128, XTG_SIG_F_REFLECTOR), pad);
    padded.insert(padded.end(), pad, 0xa5);
    EXPECT_TRUE(pair.sends_back(padded)) << pad;
  }
}

/// Frames that do not lie in one piece.
TEST_P(ReflectTest, LongFrames) {
  Pair pair;
  for (const std::size_t more : {1000, 3000, 3001, 4096, 5000, 8001, 30000}) {
    EXPECT_TRUE(pair.sends_back(stretched(frame(full(1000)), more))) << more;
    EXPECT_TRUE(pair.sends_back(stretched(frame(full(1000, XTG_SIG_F_REFLECTOR)), more))) << more;
  }
  // The words and the signature across the end of a piece.
  for (std::size_t more = 2400; more < 2700; more++)
    ASSERT_TRUE(pair.sends_back(stretched(frame(full(1000, XTG_SIG_F_REFLECTOR)), more))) << more;
}

TEST_P(ReflectTest, OptionsAndDoNotFragment) {
  if (GetParam() == Family::V6) return;
  Pair pair;
  Bytes in = frame(full());
  in[20] |= 0x40;
  refresh(in);
  EXPECT_TRUE(pair.sends_back(in));
  in.insert(in.begin() + 34, {0x01, 0x01, 0x01, 0x00});
  in[14] = 0x46;
  in[17] = static_cast<std::uint8_t>(in[17] + 4);
  refresh(in);
  EXPECT_TRUE(pair.sends_back(in));
}

/// What was damaged stays so: a reflector makes nothing right that was wrong.
TEST_P(ReflectTest, AWrongChecksumStaysWrong) {
  Pair pair;
  for (const std::uint32_t size : {128U, 129U}) {
    Bytes in = frame(full(size, XTG_SIG_F_REFLECTOR));
    in[in.size() - 60] ^= 0x11;
    const Reflected out = pair.program.run(in);
    EXPECT_EQ(out.bytes, pair.plain.reflect(in, out.bytes));
    EXPECT_FALSE(packet::checksums_valid(out.bytes));
  }
}

TEST_P(ReflectTest, ByRedirect) {
  Pair pair({.redirect = true});
  const Bytes in = frame(full(128, XTG_SIG_F_REFLECTOR));
  const Reflected out = pair.program.run(in);
  EXPECT_EQ(out.action, XDP_REDIRECT);
  EXPECT_EQ(out.bytes, pair.plain.reflect(in, out.bytes));
}

} // namespace
} // namespace xtg::test
