// SPDX-License-Identifier: BSD-2-Clause
// By which path frames leave, and what paths other than XDP transmit ask of a plan. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plan/plan.h"

namespace xtg::plan {

/// The value of --via.
std::string_view tx_path_name(TxPath via);

struct TxPathChoice {
  TxPath via = TxPath::Xdp;
  std::string reason{}; ///< where XDP transmit would be the first choice: why it is not taken
};
/// Xdp where nothing is known that keeps such frames from leaving so, or `fix` repairs it; else Tc,
/// where that is of use.
TxPathChoice choose_tx_path(const InterfaceFacts& iface, const std::vector<FrameSize>& sizes,
                            bool fix);

/// The driver has XDP transmit, as far as this can be known.
bool may_transmit(const InterfaceFacts& iface);

/// Chooses the path of a plan that has its streams.
/// InvalidArgument where its frames are longer than the path that was asked for takes.
Status decide_tx_path(Plan& plan);
/// Tc after all, for that reason.
void fall_back_to_tc(Plan& plan, std::string reason);
/// Xdp after all, if it takes such frames.
void use_xdp(Plan& plan);
/// Why Auto took Tc; empty where it did not.
std::string tx_path_note(const std::string& reason);

/// Transmit queues through tc of each thread's frames of each stream, thread by thread. Without
/// --queues each thread has queues of its own, as far as they go, which its streams use in turn.
/// Empty: the kernel chooses. So it does over a bond, which may select a link by queue (queue_id).
std::vector<int> tx_queues(const Plan& plan);

/// InvalidArgument where a stream has what an interface without Ethernet framing cannot send.
Status check_framing(const InterfaceFacts& iface, const StreamSpec& stream);

/// Of a host that sends to this interface: not the interface's own.
packet::Mac sender_beyond(const packet::Mac& own);
packet::Ip host_beyond(packet::Family family);
/// Over lo the kernel drops IPv4 packets from an own address that arrive without a route, as ours
/// do except those to 127/8.
bool needs_foreign_source(const InterfaceFacts& iface, const packet::Ip& dst);

} // namespace xtg::plan
