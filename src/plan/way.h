// SPDX-License-Identifier: BSD-2-Clause
// Which way frames leave, and what the ways other than XDP transmit ask of a plan. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plan/plan.h"

namespace xtg::plan {

/// The value of --via.
std::string_view via_name(WayOut via);

struct Way {
  WayOut via = WayOut::Xdp;
  std::string reason{}; ///< where XDP transmit would be the first choice: why it is not taken
};
/// Xdp where nothing is known that keeps such frames from leaving so, or `fix` repairs it; else Tc,
/// where that is of use.
Way choose_way(const InterfaceFacts& iface, const std::vector<FrameSize>& sizes, bool fix);

/// The driver has XDP transmit, as far as this can be known.
bool may_transmit(const InterfaceFacts& iface);

/// Decides the way of a plan whose streams stand.
void take_way(Plan& plan);
/// Takes another one than XDP transmit after all, for that reason.
void turn_to_tc(Plan& plan, std::string reason);
/// XDP transmit after all.
void stay_with_xdp(Plan& plan);
/// "sent by way of tc, not of XDP transmit: ..."; empty where there is nothing to say.
std::string way_note(const Plan& plan);

/// InvalidArgument where a stream has what an interface without Ethernet framing cannot send.
Status check_framing(const InterfaceFacts& iface, const StreamSpec& stream);

/// Of a host that sends to this interface: not the interface's own.
packet::Mac sender_beyond(const packet::Mac& own);
packet::Ip host_beyond(packet::Family family);

} // namespace xtg::plan
