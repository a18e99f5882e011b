// SPDX-License-Identifier: BSD-2-Clause
#include "core/http_framing.h"

#include <string>

#include <gtest/gtest.h>

namespace xtg {
namespace {

using State = HttpFrame::State;

constexpr HttpLimits kSmall{256, 64};

TEST(HttpFrame, TakesTheFirstRequestAlone) {
  const std::string one = "POST /v1/tests HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd";
  const HttpFrame frame = http_frame(one + "GET / HTTP/1.1\r\n\r\n", kSmall);
  EXPECT_EQ(frame.state, State::Complete);
  EXPECT_EQ(frame.size, one.size());
}

TEST(HttpFrame, EveryBeginningIsPartial) {
  const std::string one = "POST /v1/tests HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd";
  for (std::size_t n = 0; n < one.size(); ++n)
    EXPECT_EQ(http_frame(one.substr(0, n), kSmall).state, State::Partial) << n;
  EXPECT_EQ(http_frame(one, kSmall).state, State::Complete);
}

TEST(HttpFrame, RefusesWhatReadersCouldTakeDifferently) {
  for (const auto& [text, status] : {
           std::pair<std::string, int>{
               "GET / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nContent-Length: 0x4\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
           {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
           {"POST / HTTP/1.1\r\nContent-encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", 415},
           {"GET / HTTP/1.1\r\nCONTENT-ENCODING:br\r\n\r\n", 415},
           {"GET / HTTP/1.1\r\nX: a\nContent-Length: 5\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nX\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\n: a\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nX : a\r\n\r\n", 400},
           {"GET / HTTP/2.0\r\n\r\n", 400},
           {"GET http://else/ HTTP/1.1\r\n\r\n", 400},
           {"\x16\x03\x01 hello\r\n", 400},
           {"POST / HTTP/1.1\r\nContent-Length: 65\r\n\r\n", 413},
       }) {
    const HttpFrame frame = http_frame(text, kSmall);
    EXPECT_EQ(frame.state, State::Malformed) << text;
    EXPECT_EQ(frame.status, status) << text;
  }
}

TEST(HttpFrame, AHeadHasAnEnd) {
  EXPECT_EQ(http_frame("GET / HTTP/1.1\r\nX: " + std::string(300, 'a'), kSmall).status, 431);
  EXPECT_EQ(http_frame(std::string(300, 'a'), kSmall).status, 431);
}

} // namespace
} // namespace xtg
