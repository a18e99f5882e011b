// SPDX-License-Identifier: BSD-2-Clause
#include "serve/event_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace xtg::serve {
namespace {

struct Stream {
  std::vector<std::string> pieces;
  bool cut = false;
};

class EventReaderTest : public testing::Test {
protected:
  /// The server gives one stream after the other; the test is over after so many pauses.
  void read(std::vector<Stream> streams, std::size_t pauses = 100) {
    const auto get = [&](const std::string& path, const auto& take) -> Status {
      paths_.push_back(path);
      const Stream stream = paths_.size() > streams.size() ? Stream{} : streams[paths_.size() - 1];
      bool more = true;
      for (const std::string& piece : stream.pieces)
        more = more && take(piece);
      if (more && !stream.cut) return {};
      return tl::unexpected<Error>(Error{Errc::Peer, 0, "cut"});
    };
    const auto print = [&](std::string_view line) {
      lines_.emplace_back(line);
      return lines_.size() < most_;
    };
    read_events("7", get, print, [&] { return paths_.size() < pauses; });
  }

  std::vector<std::string> paths_, lines_;
  std::size_t most_ = 100;
};

TEST_F(EventReaderTest, LinesInAnyPieces) {
  read({{{"sta", "rt\ninter", "val\n", "end\n"}}});
  EXPECT_EQ(lines_, (std::vector<std::string>{"start", "interval", "end"}));
  EXPECT_EQ(paths_, std::vector<std::string>{"/v1/tests/7/events?from=0"});
}

TEST_F(EventReaderTest, WhatIsCutIsReadAgainFromItsLine) {
  read({{{"start\ninterval\nen"}, true}, {{"end\n"}}});
  EXPECT_EQ(lines_, (std::vector<std::string>{"start", "interval", "end"}));
  EXPECT_EQ(paths_.back(), "/v1/tests/7/events?from=2");
}

TEST_F(EventReaderTest, TheLastLinesOfATestThatIsOver) {
  read({{{"start\n"}, true}, {{"end\n"}}}, 1);
  EXPECT_EQ(lines_, (std::vector<std::string>{"start", "end"}));
}

TEST_F(EventReaderTest, AServerThatAnswersNoMore) {
  read({{{}, true}, {{}, true}, {{}, true}, {{"never\n"}}}, 2);
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(paths_.size(), 3U);
}

TEST_F(EventReaderTest, NoLineAfterThePrinterHadEnough) {
  most_ = 2;
  read({{{"start\ninterval\nend\n"}}});
  EXPECT_EQ(lines_, (std::vector<std::string>{"start", "interval"}));
  EXPECT_EQ(paths_.size(), 1U);
}

} // namespace
} // namespace xtg::serve
