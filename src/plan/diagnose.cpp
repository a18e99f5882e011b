// SPDX-License-Identifier: BSD-2-Clause
#include "plan/diagnose.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "core/program_name.h"
#include "packet/frame.h"

namespace xtg::plan {

namespace {

constexpr std::uint32_t kEthernetBytes = 14;
constexpr std::uint32_t kTagBytes = 4;

std::string in_namespace(const VethPeer& peer, std::string_view command) {
  if (!peer.netns.empty()) return fmt::format("ip netns exec {} {}", peer.netns, command);
  if (peer.netns_pid != 0) return fmt::format("nsenter -t {} -n {}", peer.netns_pid, command);
  return std::string(command);
}

/// The kernel (devmap.c) and drivers leave room for one VLAN tag; further tags count against the
/// MTU. An untagged frame may not use that room: its IP packet would exceed the MTU, and the first
/// router would drop it.
std::uint32_t mtu_for(FrameSize frame) {
  return frame.bytes - packet::kFcsBytes - kEthernetBytes - (frame.tags != 0 ? kTagBytes : 0);
}

bool fits(FrameSize frame, std::uint32_t mtu) {
  return mtu_for(frame) <= mtu;
}

Diagnosis peer_silent(const InterfaceFacts& iface) {
  const VethPeer& peer = *iface.peer;
  if (!peer.reachable) {
    return {
        "peer-no-napi",
        fmt::format("{} is a veth whose other end (interface {} in another namespace) has neither "
                    "GRO nor an "
                    "XDP program, so the kernel has no receive ring there for frames sent from XDP",
                    iface.name, peer.ifindex),
        "at the other end: ethtool -K PEER gro on", Fix::None};
  }
  // Generic mode keeps out every other program, also the one that --fix would attach.
  if (peer.xdp_generic)
    return {
        "peer-no-napi",
        fmt::format("{} is a veth whose peer {} has no GRO, and an XDP program in generic mode, "
                    "with which the kernel has no receive ring there for frames sent from XDP",
                    iface.name, peer.name),
        gro_command(peer), Fix::None};
  return {"peer-no-napi",
          fmt::format(
              "{} is a veth whose peer {} has neither GRO nor an XDP program, so the kernel has no "
              "receive ring there for frames sent from XDP",
              iface.name, peer.name),
          gro_command(peer), Fix::PeerRing};
}

Diagnosis no_transmit(const InterfaceFacts& iface) {
  return {"no-xdp-transmit",
          fmt::format("the driver of {} ({}) cannot transmit frames from XDP (no ndo_xdp_xmit)",
                      iface.name, iface.driver.empty() ? "unnamed" : iface.driver),
          "use an interface whose driver has XDP transmit, for example veth, tap, virtio_net, "
          "ixgbe, i40e, ice, "
          "igb, igc, mlx5, ena, bnxt",
          Fix::None};
}

/// A program in generic mode keeps others out of the driver.
Diagnosis behind_driver(const InterfaceFacts& iface) {
  return {"generic-program",
          fmt::format("the driver of {} ({}) has XDP transmit queues only while a program is "
                      "attached in it, and a program in generic mode keeps others out",
                      iface.name, iface.driver),
          fmt::format("receive with --mode native, or take the program off: ip link set dev {} "
                      "xdpgeneric off",
                      iface.name),
          Fix::None};
}

Diagnosis down(const InterfaceFacts& iface) {
  return {"interface-down", fmt::format("{} is down", iface.name),
          fmt::format("ip link set dev {} up", iface.name), Fix::None};
}

/// The queueing discipline, or the backlog, kept every frame from the driver.
Diagnosis queue_loss(const InterfaceFacts& iface, TxPath via, QueueLoss queue) {
  if (via == TxPath::Receive)
    return {"backlog-drops",
            fmt::format("the CPU's backlog had no room for the frames that enter {}", iface.name),
            "sysctl net.core.netdev_max_backlog=10000", Fix::None};
  if (!iface.carrier)
    return {
        "no-carrier",
        fmt::format("{} has no carrier, and its queueing discipline drops every frame", iface.name),
        fmt::format("connect or open its other end: ip link show dev {}", iface.name), Fix::None};
  std::string show = fmt::format("tc -s qdisc show dev {}", iface.name);
  if (queue.dropped == 0)
    return {"queue-holds",
            fmt::format("the queueing discipline of {} still holds every frame", iface.name),
            std::move(show), Fix::None};
  return {"queue-drops",
          fmt::format("the queueing discipline of {}, or a tc program at its egress, dropped every "
                      "frame",
                      iface.name),
          std::move(show), Fix::None};
}

Diagnosis above_mtu(FrameSize frame, std::string_view name, std::uint32_t mtu,
                    std::string command) {
  return {"frame-above-mtu",
          fmt::format("a frame of {} bytes (with FCS) does not fit through {}, whose MTU is {}",
                      frame.bytes, name, mtu),
          std::move(command), Fix::None};
}

} // namespace

std::string Diagnosis::paragraph() const {
  if (repair.empty()) return cause;
  return fmt::format("{}; to repair: {}", cause, repair);
}

std::string gro_command(const VethPeer& peer) {
  return in_namespace(peer, fmt::format("ethtool -K {} gro on", peer.name));
}

bool needs_pass_program(const InterfaceFacts& iface) {
  if (iface.kind == "veth" || iface.kind == "tun") return false;
  if (!iface.xdp_prog_ids.empty() && iface.xdp_mode != "generic") return false;
  if (iface.xdp_features) {
    return (*iface.xdp_features & kXdpBasic) != 0 && (*iface.xdp_features & kXdpNdoXmit) == 0;
  }
  // Before Linux 6.3 a driver cannot be asked; these are known to allocate the queues late.
  static constexpr std::array<std::string_view, 8> kLate = {
      "virtio_net", "ixgbe", "ixgbevf", "i40e", "ice", "igb", "igc", "ena"};
  return std::find(kLate.begin(), kLate.end(), iface.driver) != kLate.end();
}

std::optional<Diagnosis> preflight(const InterfaceFacts& iface, FrameSize frame, TxPath via) {
  if (!iface.up) return down(iface);
  if (!fits(frame, iface.mtu)) {
    return above_mtu(frame, iface.name, iface.mtu,
                     fmt::format("ip link set dev {} mtu {}, or a smaller --pkt-size", iface.name,
                                 mtu_for(frame)));
  }
  const bool transmits = !iface.xdp_features || (*iface.xdp_features & kXdpNdoXmit) != 0;
  if (via == TxPath::Receive) return std::nullopt;
  if (iface.kind == "veth" && iface.peer) {
    const VethPeer& peer = *iface.peer;
    if (peer.reachable && !peer.up) {
      return Diagnosis{
          "peer-down", fmt::format("the veth peer {} of {} is down", peer.name, iface.name),
          in_namespace(peer, fmt::format("ip link set dev {} up", peer.name)), Fix::None};
    }
    const bool ring = peer.reachable ? peer.gro || peer.xdp_native : transmits;
    if (via == TxPath::Xdp && !ring) return peer_silent(iface);
    if (peer.reachable && !fits(frame, peer.mtu)) {
      return above_mtu(
          frame, fmt::format("{}, the veth peer of {}", peer.name, iface.name), peer.mtu,
          in_namespace(peer, fmt::format("ip link set dev {} mtu {}", peer.name, mtu_for(frame))));
    }
  }
  if (via == TxPath::Tc) return std::nullopt;
  if (!needs_pass_program(iface)) {
    if (!transmits) return no_transmit(iface);
  } else if (!iface.xdp_prog_ids.empty()) {
    return behind_driver(iface);
  }
  return std::nullopt;
}

Diagnosis diagnose_silence(const InterfaceFacts& iface, FrameSize frame,
                           const std::map<int, std::uint64_t>& errnos, TxPath via,
                           QueueLoss queue) {
  if (auto known = preflight(iface, frame, via)) return *known;

  const auto largest =
      std::max_element(errnos.begin(), errnos.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const std::uint64_t failed = largest == errnos.end() ? 0 : largest->second;
  if (queue.dropped + queue.held > failed) return queue_loss(iface, via, queue);
  const int error = largest == errnos.end() ? 0 : largest->first;
  switch (error) {
  case EOPNOTSUPP:
    return no_transmit(iface);
  case ENETDOWN:
    return down(iface);
  case EMSGSIZE:
    return above_mtu(frame, iface.name, iface.mtu,
                     fmt::format("ip link set dev {} mtu {}, or a smaller --pkt-size", iface.name,
                                 mtu_for(frame)));
  case ENXIO:
    if (iface.kind == "veth" && iface.peer) return peer_silent(iface);
    return {"no-xdp-queues",
            fmt::format("the driver of {} ({}) has no transmit queues for XDP: it needs as many "
                        "more queues as the "
                        "machine has CPUs",
                        iface.name, iface.driver),
            fmt::format("ethtool -L {} combined N with a smaller N, or another driver version",
                        iface.name),
            Fix::None};
  case ENODEV:
    return {"interface-gone", fmt::format("{} was removed", iface.name), "", Fix::None};
  case 0:
    return {"all-dropped",
            fmt::format("{} accepted no frame and its driver gave no reason; its transmit ring is "
                        "full or its far "
                        "end reads nothing",
                        iface.name),
            fmt::format("ip -s link show dev {}, and the same at the far end", iface.name),
            Fix::None};
  default:
    return {"driver-error",
            fmt::format("{} refuses every frame: {}", iface.name, std::strerror(error)),
            fmt::format("{} probe -i {}", program_name(), iface.name), Fix::None};
  }
}

std::string shown_name_text(const std::string& name) {
  const auto at = name.find('@');
  if (at == 0 || at == std::string::npos) return {};
  return ": the name is " + name.substr(0, at);
}

} // namespace xtg::plan
