// SPDX-License-Identifier: BSD-2-Clause
#include "plan/refusal.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

TEST(RefusedProgram, HasTheDriversWordsAndTheirRepair) {
  InterfaceFacts iface;
  iface.name = "eth1";
  iface.driver = "virtio_net";
  const auto repair = [&](const char* words) {
    const Diagnosis found = refused_program(iface, {.error = EOPNOTSUPP, .words = words});
    EXPECT_EQ(found.id, "xdp-refused");
    EXPECT_NE(found.cause.find(words), found.cause.npos) << found.cause;
    return found.repair;
  };
  EXPECT_EQ(repair("MTU too large to enable XDP"), "ip link set dev eth1 mtu 1500");
  EXPECT_EQ(repair("MTU 9000 too large for XDP"), "ip link set dev eth1 mtu 1500");
  EXPECT_EQ(repair("LRO is not supported with XDP"), "ethtool -K eth1 lro off");
  EXPECT_NE(
      repair("Can't set XDP while host is implementing GRO_HW/CSUM, disable GRO_HW/CSUM first")
          .find("guest_csum=off"),
      std::string::npos);
  EXPECT_EQ(repair("something else"), "");
  EXPECT_EQ(refused_program(iface, {.error = EINVAL, .words = "virtio_net: So it is."}).cause,
            "the driver of eth1 (virtio_net) takes no XDP program: So it is");
  EXPECT_EQ(refused_program(iface, {.error = EINVAL, .words = ""}).cause,
            "the driver of eth1 (virtio_net) takes no XDP program: Invalid argument");
}

} // namespace
} // namespace xtg::plan
