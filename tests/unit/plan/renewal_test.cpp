// SPDX-License-Identifier: BSD-2-Clause
#include "plan/renewal.h"

#include <gtest/gtest.h>

namespace xtg::plan {
namespace {

InterfaceFacts of(const std::string& driver, const std::string& kind = "") {
  InterfaceFacts iface;
  iface.name = "eth1";
  iface.driver = driver;
  iface.kind = kind;
  return iface;
}

TEST(ChangesFrames, SomeDriversDo) {
  for (const char* driver : {"virtio_net", "fsl_dpaa_eth"})
    EXPECT_TRUE(changes_frames(of(driver))) << driver;
  EXPECT_TRUE(changes_frames(of("bonding", "bond"))) << "one of its slaves may";
  EXPECT_TRUE(changes_frames(of("", "bond")));
  for (const char* driver : {"veth", "tun", "ixgbe", "i40e", "ice", "igb", "igc", "mlx5_core",
                             "ena", "bnxt_en", "vmxnet3", ""})
    EXPECT_FALSE(changes_frames(of(driver))) << driver;
}

/// The cost is borne only where there is reason to.
TEST(MustRenew, OnlyWhereTheDriverChangesFramesAndTheKernelLeavesThemSo) {
  for (const auto found : {std::optional(PageReuse::Renewed), std::optional(PageReuse::OnChange),
                           std::optional(PageReuse::Never), std::optional<PageReuse>()}) {
    const auto renew = must_renew(of("veth", "veth"), found);
    ASSERT_TRUE(renew);
    EXPECT_FALSE(*renew);
  }
  EXPECT_FALSE(must_renew(of("virtio_net"), PageReuse::Renewed).value());
  EXPECT_TRUE(must_renew(of("virtio_net"), PageReuse::OnChange).value());
}

TEST(MustRenew, DoesSoWhereItCouldNotBeTried) {
  EXPECT_TRUE(must_renew(of("virtio_net"), std::nullopt).value());
}

TEST(MustRenew, RefusesWhereNothingHelps) {
  const auto renew = must_renew(of("virtio_net"), PageReuse::Never);
  ASSERT_FALSE(renew);
  EXPECT_EQ(renew.error().code, Errc::NotSupported);
  EXPECT_EQ(renew.error().message(),
            "eth1: its driver (virtio_net) changes the frames that it is given, and this kernel "
            "sends them again as they were left: what leaves would be garbage (Linux 6.3 and later "
            "put them right)");
}

TEST(RenewalNote, NamesInterfaceAndDriver) {
  EXPECT_EQ(renewal_note(of("virtio_net")),
            "the driver of eth1 (virtio_net) changes the frames that it is given, and this kernel "
            "is not known to put them right: the send program does, which takes a little longer");
}

} // namespace
} // namespace xtg::plan
