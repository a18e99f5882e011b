// SPDX-License-Identifier: BSD-2-Clause
// Why nothing is, or would be, sent: maps facts and error counts to a cause and the command that
// repairs it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "plan/facts.h"
#include "plan/spec.h"

namespace xtg::plan {

/// What --fix can repair by itself.
enum class Fix : std::uint8_t { None, PeerRing };

struct Diagnosis {
  std::string id;     ///< stable key: "peer-no-napi", "no-xdp-transmit", "interface-down" ...
  std::string cause;  ///< one sentence, no trailing period
  std::string repair; ///< a command line or a step; empty when there is none
  Fix fix = Fix::None;
  bool operator==(const Diagnosis&) const = default;
  /// "cause; to repair: `repair`" in one paragraph.
  [[nodiscard]] std::string paragraph() const;
};

/// A frame as checked against an MTU: the first VLAN tag does not count.
struct FrameSize {
  // NOLINTNEXTLINE(google-explicit-constructor): most frames have no tags
  FrameSize(std::uint32_t with_fcs, std::uint32_t vlan_tags = 0)
      : bytes(with_fcs), tags(vlan_tags) {}
  std::uint32_t bytes; ///< with FCS
  std::uint32_t tags;
};

/// Known reasons why such frames cannot leave the interface, before anything is sent. No value:
/// none known.
std::optional<Diagnosis> preflight(const InterfaceFacts& iface, FrameSize frame,
                                   TxPath via = TxPath::Xdp);

/// True when the driver allocates XDP transmit queues only while a program is attached, and none
/// is: the run then attaches a pass program.
bool needs_pass_program(const InterfaceFacts& iface);

/// Frames that reached no driver: of the queueing discipline, or with TxPath::Receive of the CPU's
/// backlog.
struct QueueLoss {
  std::uint64_t dropped = 0;
  std::uint64_t held = 0; ///< still queued
};

/// Why no frame was accepted: `errnos` as counted (positive errno -> frames), facts gathered again
/// afterwards.
Diagnosis diagnose_silence(const InterfaceFacts& iface, FrameSize frame,
                           const std::map<int, std::uint64_t>& errnos, TxPath via = TxPath::Xdp,
                           QueueLoss queue = {});

/// The command, run in the peer's namespace, that makes a veth peer accept frames from XDP.
std::string gro_command(const VethPeer& peer);

/// For "eth0@if3", as iproute2 shows a paired interface: ": the name is eth0"; empty for other
/// names.
std::string shown_name_text(const std::string& name);

} // namespace xtg::plan
