// SPDX-License-Identifier: BSD-2-Clause
#include "packet/pcap.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include <gtest/gtest.h>

#include "core/exit_status.h"
#include "support/hex.h"

namespace xtg::packet {
namespace {

/// A file for the length of a test.
class PcapFile : public testing::Test {
protected:
  ~PcapFile() override {
    for (const char* ending : {".pcap", ".pcapng"})
      std::remove(path(ending).c_str());
  }
  static std::string path(const std::string& ending) {
    return std::filesystem::temp_directory_path() /
           ("xtg-pcap-test-" + std::to_string(::getpid()) + ending);
  }
  static std::vector<std::uint8_t> content(const std::string& ending) {
    std::ifstream file(path(ending), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

const std::vector<TimedFrame> kFrames{{1'000'000'002, {0xaa, 0xbb, 0xcc}}, {3, {0x11}}};
constexpr const char* kClassic = "4d3cb2a1 0200 0400 00000000 00000000 00000400 01000000"
                                 "01000000 02000000 03000000 03000000 aabbcc"
                                 "00000000 03000000 01000000 01000000 11";
// A section, and one interface of Ethernet with nanoseconds.
const std::string kCommentedHead =
    "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffff ffffffff 1c000000"
    "01000000 20000000 0100 0000 00000400 0900 0100 09000000 0000 0000 20000000";

// tcpdump -r reads such a file with "link-type EN10MB (Ethernet)" and nanosecond stamps.
TEST_F(PcapFile, IsTheClassicFormatWithNanoseconds) {
  ASSERT_TRUE(write_pcap(path(".pcap"), kFrames));
  EXPECT_EQ(content(".pcap"), test::from_hex(kClassic));
}

TEST_F(PcapFile, ReplacesWhatIsThere) {
  ASSERT_TRUE(write_pcap(path(".pcap"), kFrames));
  ASSERT_TRUE(write_pcap(path(".pcap"), {}));
  EXPECT_EQ(content(".pcap").size(), 24U);
}

// tshark reads such a file and shows the comment as frame.comment.
TEST_F(PcapFile, TakesCommentsWhereItsNameSaysPcapng) {
  auto writer = PcapWriter::create(path(".pcapng"));
  ASSERT_TRUE(writer);
  const std::vector<std::uint8_t> bytes{0xaa, 0xbb, 0xcc, 0xdd, 0xee};
  ASSERT_TRUE(writer->write({0x123456789abcdef0, bytes, 7}, "late"));
  ASSERT_TRUE(writer->write({5, std::span(bytes).first(4), 4}, "a gap"));
  ASSERT_TRUE(writer->write({6, std::span(bytes).first(1), 1}));
  ASSERT_TRUE(writer->close());
  EXPECT_EQ(content(".pcapng"),
            test::from_hex(kCommentedHead +
                           "06000000 34000000 00000000 78563412 f0debc9a 05000000 07000000"
                           "aabbccdd ee000000 0100 0400 6c617465 0000 0000 34000000"
                           "06000000 34000000 00000000 00000000 05000000 04000000 04000000"
                           "aabbccdd 0100 0500 6120676170000000 0000 0000 34000000"
                           "06000000 24000000 00000000 00000000 06000000 01000000 01000000"
                           "aa000000 24000000"));
}

TEST_F(PcapFile, WritesFrameByFrame) {
  auto writer = PcapWriter::create(path(".pcap"));
  ASSERT_TRUE(writer);
  EXPECT_EQ(writer->path(), path(".pcap"));
  ASSERT_TRUE(writer->write({1'000'000'002, kFrames[0].bytes, 3}, "has no room for it"));
  ASSERT_TRUE(writer->flush());
  EXPECT_EQ(content(".pcap").size(), 24U + 16 + 3);
  ASSERT_TRUE(writer->write({3, kFrames[1].bytes, 1}));
  ASSERT_TRUE(writer->close());
  EXPECT_EQ(content(".pcap"), test::from_hex(kClassic));
}

TEST_F(PcapFile, FramesThatAreCutSaySo) {
  auto writer = PcapWriter::create(path(".pcap"));
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->write({0, kFrames[0].bytes, 9'000}));
  ASSERT_TRUE(writer->close());
  const auto bytes = content(".pcap");
  EXPECT_EQ(std::vector(bytes.begin() + 32, bytes.begin() + 40),
            test::from_hex("03000000 28230000"));
}

TEST(Pcap, ErrorsNameTheFile) {
  const Status missing = write_pcap("/nonexistent/x.pcap", {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), "create /nonexistent/x.pcap: No such file or directory");
  EXPECT_EQ(exit_status(missing.error()), 2);
  // What the C library still buffers must not get lost without a word.
  const Status full = write_pcap("/dev/full", {});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message(), "write /dev/full: No space left on device");
  auto writer = PcapWriter::create("/dev/full");
  ASSERT_TRUE(writer);
  const Status flushed = writer->flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().message(), "write /dev/full: No space left on device");
}

} // namespace
} // namespace xtg::packet
