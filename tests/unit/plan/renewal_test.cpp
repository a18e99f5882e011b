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
  EXPECT_TRUE(changes_frames(of("virtio_net")));
  EXPECT_TRUE(changes_frames(of("bonding", "bond"))) << "one of its slaves may";
  EXPECT_TRUE(changes_frames(of("", "bond")));
  for (const char* driver : {"veth", "tun", "ixgbe", "i40e", "ice", "igb", "igc", "mlx5_core",
                             "ena", "bnxt_en", "vmxnet3", "fsl_dpaa_eth", ""})
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
            "sends them again as they were left: what leaves would be garbage (Linux 6.4 and later "
            "put them right)");
}

TEST(MustRenew, RefusesDriversThatNothingHelps) {
  InterfaceFacts dpaa = of("fsl_dpaa_eth");
  EXPECT_FALSE(must_renew(dpaa, PageReuse::OnChange).value());
  dpaa.moves_bytes = true;
  for (const InterfaceFacts& iface : {dpaa, of("xen_netfront"), of("vif")}) {
    const auto renew = must_renew(iface, PageReuse::Renewed);
    ASSERT_FALSE(renew) << iface.driver;
    EXPECT_EQ(renew.error().code, Errc::NotSupported);
  }
  EXPECT_EQ(must_renew(dpaa, PageReuse::Renewed).error().message(),
            "eth1: its driver (fsl_dpaa_eth) moves the bytes of frames (erratum A050385), and the "
            "kernel would resend them so: what leaves would be garbage");
}

TEST(RenewalNote, NamesInterfaceAndDriver) {
  EXPECT_EQ(renewal_note(of("virtio_net")),
            "the driver of eth1 (virtio_net) changes the frames that it is given, and this kernel "
            "is not known to put them right: the send program does, which costs some speed");
}

} // namespace
} // namespace xtg::plan
