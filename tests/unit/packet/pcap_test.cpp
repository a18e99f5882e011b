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

// tcpdump -r reads such a file with "link-type EN10MB (Ethernet)" and nanosecond stamps.
TEST(Pcap, ImageIsTheClassicFormatWithNanoseconds) {
  const std::vector<TimedFrame> frames{{1'000'000'002, {0xaa, 0xbb, 0xcc}}, {3, {0x11}}};
  const std::string image = pcap_image(frames);
  const std::vector<std::uint8_t> bytes(image.begin(), image.end());
  EXPECT_EQ(bytes, test::from_hex("4d3cb2a1 0200 0400 00000000 00000000 00000400 01000000"
                                  "01000000 02000000 03000000 03000000 aabbcc"
                                  "00000000 03000000 01000000 01000000 11"));
}

TEST(Pcap, WritesAndReplacesAFile) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("xtg-pcap-test-" + std::to_string(::getpid()));
  const std::vector<TimedFrame> frames{{5, {1, 2, 3, 4}}};
  ASSERT_TRUE(write_pcap(path, {}));
  ASSERT_TRUE(write_pcap(path, frames));
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(content, pcap_image(frames));
  std::remove(path.c_str());
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
}

} // namespace
} // namespace xtg::packet
