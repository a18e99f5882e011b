// SPDX-License-Identifier: BSD-2-Clause
#include "plan/local_end.h"

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

InterfaceFacts with_unusable(bool failed) {
  InterfaceFacts iface;
  iface.name = "eth0";
  iface.unusable = {{packet::Ip::parse("2001:db8::1").value(), failed}};
  return iface;
}

TEST(LocalEnd, PortsThatAreUsedUp) {
  const std::string why = why_no_local_end({40'000, 40'003, 3, 1}, false, true, {});
  EXPECT_EQ(why,
            "no local port is free: of the 4 ports 40000-40003 "
            "(net.ipv4.ip_local_port_range), 1 are in use and 3 in TIME_WAIT; --src-port takes "
            "others, --close rst leaves none in TIME_WAIT");
  EXPECT_EQ(why_no_local_end({1, 65'535, 65'000, 0}, false, true, {}).find("no local port"), 0U)
      << "some are reserved";
}

TEST(LocalEnd, ChosenPorts) {
  EXPECT_EQ(why_no_local_end({2'000, 2'009, 1, 0}, true, false, {}),
            "no local port is free: of the 10 ports 2000-2009, 0 are in use and 1 in TIME_WAIT; "
            "another --src-port takes others, --close rst leaves none in TIME_WAIT");
}

TEST(LocalEnd, AnAddressThatCannotBeUsed) {
  const PortUse few{1'000, 1'999, 5, 5};
  EXPECT_EQ(why_no_local_end(few, false, false, with_unusable(false)),
            "no local address: 2001:db8::1 on eth0 is not usable yet (tentative: duplicate address "
            "detection is running)");
  EXPECT_NE(why_no_local_end(few, false, false, with_unusable(true)).find("another host has it"),
            std::string::npos);
}

TEST(LocalEnd, NeitherOfThem) {
  const std::string why = "no local address or port can be used for it";
  EXPECT_EQ(why_no_local_end({1'000, 1'999, 5, 5}, false, true, with_unusable(false)), why);
  EXPECT_EQ(why_no_local_end({2'000, 2'009, 0, 0}, true, true, {}), why);
}

} // namespace
} // namespace xtg::plan
