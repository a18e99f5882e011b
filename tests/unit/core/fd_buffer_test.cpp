// SPDX-License-Identifier: BSD-2-Clause
#include "core/fd_buffer.h"

#include <cerrno>
#include <csignal>
#include <ostream>
#include <sstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/unique_fd.h"

namespace xtg {
namespace {

struct Pipe {
  Pipe() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(pipe(fds), 0);
    out = UniqueFd(fds[0]);
    in = UniqueFd(fds[1]);
  }
  UniqueFd out, in;
};

TEST(FdBuffer, WritesAllOnceItIsRead) {
  Pipe pipe;
  const std::string text(300'000, 'x'); // more than a pipe holds
  std::string got;
  std::thread reader([&] {
    char piece[1000];
    for (ssize_t n = 0; (n = read(pipe.out.get(), piece, sizeof piece)) > 0;)
      got.append(piece, static_cast<std::size_t>(n));
  });
  {
    FdBuffer buffer(pipe.in.get());
    std::ostream out(&buffer);
    out << text.substr(0, 17) << text.substr(17);
    out.put('y');
    out << std::flush;
    EXPECT_TRUE(out.good());
    EXPECT_EQ(write_error(out), 0);
  }
  pipe.in.reset();
  reader.join();
  EXPECT_EQ(got, text + 'y');
}

TEST(FdBuffer, NothingReachesATerminalThatItWouldObey) {
  Pipe pipe;
  {
    FdBuffer buffer(pipe.in.get());
    std::ostream out(&buffer);
    out << "\x1b]0;x\x07\teth\xc3" << std::flush << "\x9c\n" << std::flush;
  }
  char got[100] = "";
  EXPECT_GT(read(pipe.out.get(), got, sizeof got - 1), 0);
  EXPECT_STREQ(got, "\\x1b]0;x\\x07\teth\xc3\x9c\n");
}

TEST(FdBuffer, KeepsTheFirstError) {
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  FdBuffer buffer(full.get());
  std::ostream out(&buffer);
  out << "text" << std::flush;
  EXPECT_FALSE(out.good());
  EXPECT_EQ(write_error(out), ENOSPC);
}

TEST(FdBuffer, ADescriptorThatCannotBeWrittenFails) {
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  FdBuffer buffer(null.get());
  std::ostream out(&buffer);
  out << "text" << std::flush;
  EXPECT_EQ(write_error(out), EBADF);
}

TEST(FdBuffer, WhoIsInAHurryDoesNotWait) {
  Pipe pipe;
  const UniqueFd hurry(eventfd(1, EFD_CLOEXEC));
  FdBuffer buffer(pipe.in.get(), hurry.get());
  std::ostream out(&buffer);
  out << "room is there" << std::flush;
  EXPECT_TRUE(out.good()) << "a hurry loses nothing that is taken";
  out << std::string(300'000, 'x') << std::flush;
  EXPECT_EQ(write_error(out), ETIMEDOUT);
}

TEST(FdBuffer, OtherStreamsHaveNoErrno) {
  std::ostringstream out;
  EXPECT_EQ(write_error(out), 0);
}

} // namespace
} // namespace xtg
