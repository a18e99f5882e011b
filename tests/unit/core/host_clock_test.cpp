// SPDX-License-Identifier: BSD-2-Clause
#include "core/host_clock.h"

#include <gtest/gtest.h>

#include <sys/timex.h>

namespace xtg {
namespace {

TEST(HostClock, TheErrorIsTheKernelsOwnWhereItIsInStep) {
  EXPECT_EQ(tai_error_ns({TIME_OK, STA_PLL, 250}), 250'000U);
  EXPECT_EQ(tai_error_ns({TIME_OK, 0, 0}), 0U);
  EXPECT_EQ(tai_error_ns({TIME_INS, STA_INS, 1}), 1'000U) << "a leap second to come";
}

TEST(HostClock, NotInStepOrNotKnown) {
  EXPECT_EQ(tai_error_ns({TIME_ERROR, 0, 250}), kNotInStep);
  EXPECT_EQ(tai_error_ns({TIME_OK, STA_UNSYNC, 250}), kNotInStep);
  EXPECT_EQ(tai_error_ns({-1, 0, 250}), kNotInStep);
  EXPECT_EQ(tai_error_ns({TIME_OK, 0, -1}), kNotInStep);
  EXPECT_EQ(tai_error_ns({}), kNotInStep);
}

TEST(HostClock, ABootHasItsName) {
  EXPECT_EQ(boot_name(""), 0U);
  EXPECT_EQ(boot_name("a"), 0xaf63dc4c8601ec8cU) << "FNV-1a's test vector";
  EXPECT_NE(boot_name("4147ec64-cf33-43b8-8fd4-822f8fc54604"),
            boot_name("4147ec64-cf33-43b8-8fd4-822f8fc54605"));
  EXPECT_EQ(this_host_clock().boot, this_host_clock().boot);
}

TEST(HostClock, TheWorseOfTwoLooks) {
  EXPECT_EQ(worse_of({7, 10}, {7, 20}), (HostClock{7, 20}));
  EXPECT_EQ(worse_of({7, kNotInStep}, {7, 20}), (HostClock{7, kNotInStep}));
}

} // namespace
} // namespace xtg
