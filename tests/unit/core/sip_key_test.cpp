// SPDX-License-Identifier: BSD-2-Clause
#include "core/sip_key.h"

#include <cstdio>
#include <fstream>
#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

namespace xtg {
namespace {

class SipKeyFile : public testing::Test {
protected:
  Result<SipKey> read_with(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    auto key = read_key(path_);
    std::remove(path_.c_str());
    return key;
  }
  std::string path_ = testing::TempDir() + "xtg-key." + std::to_string(getpid());
};

constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST_F(SipKeyFile, IsBytesOrDigits) {
  std::string bytes;
  for (char i = 0; i < 16; i++)
    bytes += i;
  EXPECT_EQ(read_with(bytes).value(), kKey);
  EXPECT_EQ(read_with("000102030405060708090a0b0c0d0e0f").value(), kKey);
  EXPECT_EQ(read_with(" 000102030405060708090A0B0C0D0E0F\r\n").value(), kKey);
}

TEST_F(SipKeyFile, AnythingElseIsNone) {
  for (const std::string content :
       {"", "0001", "000102030405060708090a0b0c0d0e", "000102030405060708090a0b0c0d0e0g",
        "000102030405060708090a0b0c0d0e0f00"}) {
    const auto key = read_with(content);
    ASSERT_FALSE(key) << content;
    EXPECT_EQ(key.error().code, Errc::InvalidArgument);
    EXPECT_NE(key.error().what.find(std::to_string(content.size()) + " bytes"), std::string::npos)
        << key.error().what;
  }
  EXPECT_FALSE(read_with(std::string(1000, '0')));
  EXPECT_FALSE(read_with(std::string(16, '\0')));
  EXPECT_FALSE(read_with(std::string(32, '0'))) << "what everybody has";
}

TEST_F(SipKeyFile, NoFileIsRead) {
  EXPECT_FALSE(read_key(path_));
  const auto folder = read_key(testing::TempDir());
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().what.find("not a regular file"), std::string::npos);
}

} // namespace
} // namespace xtg
