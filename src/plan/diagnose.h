// SPDX-License-Identifier: BSD-2-Clause
// Why nothing is, or would be, sent: from facts and error counts to a cause in words and the
// command that repairs it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "plan/facts.h"

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

/// A frame as interfaces judge it: the first VLAN tag does not count against the MTU.
struct FrameSize {
  // NOLINTNEXTLINE(google-explicit-constructor): most frames have no tags
  FrameSize(std::uint32_t with_fcs, std::uint32_t vlan_tags = 0)
      : bytes(with_fcs), tags(vlan_tags) {}
  std::uint32_t bytes; ///< with FCS
  std::uint32_t tags;
};

/// What is known to keep such frames from leaving the interface, before anything is sent. Nothing
/// known against it: no value.
std::optional<Diagnosis> preflight(const InterfaceFacts& iface, FrameSize frame);

/// True when the driver allots XDP transmit queues only while a program is attached, and none is:
/// the run then attaches a pass program.
bool needs_pass_program(const InterfaceFacts& iface);

/// Why no frame was accepted: `errnos` as counted (positive errno -> frames), facts gathered
/// afresh.
Diagnosis diagnose_silence(const InterfaceFacts& iface, FrameSize frame,
                           const std::map<int, std::uint64_t>& errnos);

/// The command that makes a veth's peer take frames from XDP, with its namespace.
std::string gro_command(const VethPeer& peer);

/// Of "eth0@if3", which is how iproute2 shows an interface that is joined to another: ": the name
/// is eth0"; empty for other names.
std::string shown_name_text(const std::string& name);

} // namespace xtg::plan
