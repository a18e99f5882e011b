// SPDX-License-Identifier: BSD-2-Clause
#include "plan/renewal.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace xtg::plan {

namespace {

struct Changer {
  std::string_view driver; ///< ethtool name
  std::string_view what;   ///< what it does to frames, and in which kernel function
};
/// From reading the drivers that have ndo_xdp_xmit (Linux 6.1 to 6.18). Most map the frame's bytes
/// unchanged (ixgbe, i40e, ice, idpf, igb, igc, mlx5, bnxt, ena, ionic, vmxnet3, atlantic, sfc,
/// qede, octeontx2, funeth, stmmac, fec, netsec, mvneta, mvpp2, am65-cpsw, icssg-prueth, tsnep,
/// enetc, mtk, gve with DQO), some of them with metadata of their own in the headroom (dpaa2, cpsw,
/// lan966x); gve without DQO copies them, tun puts its header beside them, veth passes the frame on
/// whole. netvsc and mana make an skb of it, which overwrites the xdp_frame: its page is returned
/// only since Linux 6.4, which renews `data`.
constexpr std::array kChangers = {
    Changer{"virtio_net", "pushes its header: __virtnet_xdp_xmit_one()"},
    Changer{"bonding", "hands it to a slave's driver: bond_xdp_xmit()"},
};

/// Drivers for which there is no remedy.
std::string_view why_never(const InterfaceFacts& iface) {
  if (iface.moves_bytes) // dpaa_a050385_wa_xdpf()
    return "moves the bytes of frames (erratum A050385), and the kernel would resend them so: "
           "what leaves would be garbage";
  if (iface.driver == "xen_netfront" || iface.driver == "vif") // xennet_tx_buf_gc()
    return "never gives back the memory of frames that XDP sends: a run would use up this "
           "machine's";
  return {};
}

std::string_view driver_of(const InterfaceFacts& iface) {
  return iface.kind == "bond" ? std::string_view("bonding") : std::string_view(iface.driver);
}

} // namespace

bool changes_frames(const InterfaceFacts& iface) {
  return std::ranges::any_of(
      kChangers, [&](const Changer& changer) { return changer.driver == driver_of(iface); });
}

Result<bool> must_renew(const InterfaceFacts& iface, std::optional<PageReuse> found) {
  if (const std::string_view why = why_never(iface); !why.empty())
    return fail(Errc::NotSupported,
                fmt::format("{}: its driver ({}) {}", iface.name, driver_of(iface), why));
  if (!changes_frames(iface)) return false;
  if (found == PageReuse::Never)
    return fail(Errc::NotSupported,
                fmt::format("{}: its driver ({}) changes the frames that it is given, and this "
                            "kernel sends them again as they were left: what leaves would be "
                            "garbage (Linux 6.4 and later put them right)",
                            iface.name, driver_of(iface)));
  return found != PageReuse::Renewed;
}

std::string renewal_note(const InterfaceFacts& iface) {
  return fmt::format(
      "the driver of {} ({}) changes the frames that it is given, and this kernel "
      "is not known to put them right: the send program does, which costs some speed",
      iface.name, driver_of(iface));
}

} // namespace xtg::plan
