// SPDX-License-Identifier: BSD-2-Clause
#include "core/unique_fd.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "core/clock.h"

namespace xtg {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}
int open_null() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(UniqueFd, ClosesWhatItOwns) {
  int fd = -1;
  {
    const UniqueFd owner(open_null());
    fd = owner.get();
    ASSERT_TRUE(owner.valid());
    ASSERT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, MovesAndReleases) {
  UniqueFd a(open_null());
  const int fd = a.get();
  UniqueFd b(std::move(a));
  EXPECT_FALSE(a.valid());
  EXPECT_EQ(b.get(), fd);
  const int second = open_null();
  UniqueFd c(second);
  c = std::move(b);
  EXPECT_FALSE(is_open(second));
  EXPECT_EQ(c.release(), fd);
  EXPECT_FALSE(c.valid());
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST(Clock, NeverGoesBack) {
  std::uint64_t last = monotonic_ns();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = monotonic_ns();
    EXPECT_GE(now, last);
    last = now;
  }
  EXPECT_GT(last, 0U);
}

} // namespace
} // namespace xtg
