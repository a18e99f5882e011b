// SPDX-License-Identifier: BSD-2-Clause
#include "plan/renewal.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace xtg::plan {

namespace {

struct Changer {
  std::string_view driver; ///< as ethtool names it
  std::string_view what;   ///< it does, in which function of the kernel
};
/// From a reading of the drivers that have ndo_xdp_xmit (Linux 6.1 to 6.18). The others map the
/// frame's bytes as they are (ixgbe, ixgbevf, i40e, ice, igb, igc, mlx4, mlx5, bnxt, ena, vmxnet3,
/// gve, atlantic, sfc, qede, enetc, dpaa2, stmmac, mvneta, mvpp2, cpsw, tsnep, mtk, lan966x), copy
/// them (xen-netfront), put their header beside them (tun) or pass the frame on whole (veth).
/// netvsc and mana make an skb of it, which clears `data`: its page comes back only since Linux
/// 6.4, which renews it.
constexpr std::array kChangers = {
    Changer{"virtio_net", "pushes its header: __virtnet_xdp_xmit_one()"},
    Changer{"fsl_dpaa_eth", "moves the data to align them: dpaa_a050385_wa_xdpf()"},
    Changer{"bonding", "hands it to a slave's driver: bond_xdp_xmit()"},
};

std::string_view driver_of(const InterfaceFacts& iface) {
  return iface.kind == "bond" ? std::string_view("bonding") : std::string_view(iface.driver);
}

} // namespace

bool changes_frames(const InterfaceFacts& iface) {
  return std::ranges::any_of(
      kChangers, [&](const Changer& changer) { return changer.driver == driver_of(iface); });
}

Result<bool> must_renew(const InterfaceFacts& iface, std::optional<PageReuse> found) {
  if (!changes_frames(iface)) return false;
  if (found == PageReuse::Never)
    return fail(Errc::NotSupported,
                fmt::format("{}: its driver ({}) changes the frames that it is given, and this "
                            "kernel sends them again as they were left: what leaves would be "
                            "garbage (Linux 6.3 and later put them right)",
                            iface.name, driver_of(iface)));
  return found != PageReuse::Renewed;
}

std::string renewal_note(const InterfaceFacts& iface) {
  return fmt::format("the driver of {} ({}) changes the frames that it is given, and this kernel "
                     "is not known to put them right: the send program does, which takes a little "
                     "longer",
                     iface.name, driver_of(iface));
}

} // namespace xtg::plan
