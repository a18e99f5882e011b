// SPDX-License-Identifier: BSD-2-Clause
#include "core/result.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "core/exit_status.h"

namespace xtg {
namespace {

Result<int> inner() {
  return fail_sys(EBUSY, "create link");
}

TEST(Error, ReadsFromTheOutsideIn) {
  const Result<int> outer = forward(inner(), "attach to eth0");
  ASSERT_FALSE(outer);
  EXPECT_EQ(outer.error().what, "attach to eth0: create link");
  EXPECT_EQ(outer.error().message(), "attach to eth0: create link: Device or resource busy");
  EXPECT_EQ(outer.error().sys, EBUSY);
}

TEST(Error, WithoutErrnoHasNoStrerror) {
  const Status status = fail(Errc::Internal, "odd");
  EXPECT_EQ(status.error().message(), "odd");
}

TEST(Error, ErrnoDecidesTheKind) {
  EXPECT_EQ(fail_sys(EPERM, "x").value().code, Errc::NoPermission);
  EXPECT_EQ(fail_sys(EACCES, "x").value().code, Errc::NoPermission);
  EXPECT_EQ(fail_sys(EOPNOTSUPP, "x").value().code, Errc::NotSupported);
  EXPECT_EQ(fail_sys(ENODEV, "x").value().code, Errc::NotFound);
  EXPECT_EQ(fail_sys(ENOENT, "x").value().code, Errc::NotFound);
  EXPECT_EQ(fail_sys(EIO, "x").value().code, Errc::System);
}

TEST(ExitStatus, FollowsTheKindOfError) {
  const auto status = [](Errc code) { return exit_status(Error{code, 0, "x"}); };
  EXPECT_EQ(status(Errc::InvalidArgument), 2);
  EXPECT_EQ(status(Errc::NotFound), 2);
  EXPECT_EQ(status(Errc::NotSupported), 4);
  EXPECT_EQ(status(Errc::NoPermission), 4);
  EXPECT_EQ(status(Errc::Peer), 5);
  EXPECT_EQ(status(Errc::Timeout), 5);
  EXPECT_EQ(status(Errc::System), 1);
  EXPECT_EQ(status(Errc::Internal), 1);
}

} // namespace
} // namespace xtg
