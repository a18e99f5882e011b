// SPDX-License-Identifier: BSD-2-Clause
#include "net/caps.h"

#include <gtest/gtest.h>

namespace xtg::net {
namespace {

std::string status_with(std::string_view bits) {
  return "Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t" + std::string(bits) + "\nCapBnd:\t0\n";
}

TEST(Caps, ReadsTheEffectiveSetOnly) {
  EXPECT_EQ(parse_caps(status_with("0000000000000000")), Caps{});
  EXPECT_EQ(parse_caps(status_with("0000000000001000")), (Caps{.net_admin = true}));
  EXPECT_EQ(parse_caps(status_with("0000008000000000")), (Caps{.bpf = true}));
  EXPECT_EQ(parse_caps(status_with("0000004000000000")), (Caps{.perfmon = true}));
  EXPECT_EQ(parse_caps(status_with("0000000000200000")), (Caps{.sys_admin = true}));
  EXPECT_EQ(parse_caps(status_with("0000000000800000")), (Caps{.sys_nice = true}));
}

TEST(Caps, RefusesATextWithoutTheLine) {
  EXPECT_FALSE(parse_caps("Name:\tx\n"));
  EXPECT_FALSE(parse_caps(status_with("")));
}

TEST(Caps, NamesWhatIsMissing) {
  const Caps caps{.bpf = true, .perfmon = true};
  EXPECT_EQ(caps.missing(), (std::vector<std::string>{"CAP_NET_ADMIN", "CAP_SYS_ADMIN"}));
  EXPECT_TRUE(Caps{.sys_admin = true}.can_load());
  EXPECT_FALSE(Caps{.net_admin = true}.can_load());
}

TEST(Caps, ReadsThoseOfThisProcess) {
  const auto caps = effective_caps();
  ASSERT_TRUE(caps) << caps.error().message();
}

} // namespace
} // namespace xtg::net
