// SPDX-License-Identifier: BSD-2-Clause
// Phrases shared by the text and JSON forms: names of enumerators, and a stream's fields as ranges.
// Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "packet/address.h"
#include "packet/frame.h"
#include "plan/plan.h"
#include "plan/tcp_spec.h"
#include "report/event.h"
#include "stats/rate.h"

namespace xtg::report {

/// Every field of a stream as a range; a constant one is a range of one.
struct FieldRanges {
  packet::MacRange dst_mac, src_mac;
  packet::IpRange dst_addr, src_addr;
  packet::PortRange dst_port, src_port;
};
FieldRanges field_ranges(const packet::Frame& frame);

std::string_view name(plan::Stamp stamp);
std::string_view name(plan::StampClock clock);
std::string_view name(plan::Pace pace);
std::string_view name(stats::CountSource source);
std::string_view name(stats::EndReason reason);

std::string_view name(plan::Ingress ingress);
std::string_view name(plan::Congestion congestion);
std::string_view name(plan::TcpClose close);
std::string_view name(plan::TcpPayload payload);

std::string thousands(double value);                       ///< "-" for a value that is no count
std::string prefixed(double value, std::string_view unit); ///< with_prefix(), or "- unit"
/// "1,000,000 pps, achieved 999,000 pps (-0.1000 %)", for a run with a target.
std::string target_text(const stats::Sample& total);
/// "eth1 (ifindex 7, veth), 02:00:00:00:00:01, MTU 1500, 2 TX queues"
std::string interface_text(const plan::InterfaceFacts& iface);
/// The values of a field, or `fixed` if it does not vary.
packet::Values field_values(const packet::Frame& frame, packet::FieldKind kind, std::uint64_t fixed,
                            std::size_t nth = 0);
std::string numbers_text(const packet::Values& values); ///< "100", "100-199"
/// IDs and priority of tag `i`, 0 being the outermost: "100-199:5".
std::string vlan_text(const plan::StreamPlan& stream, std::size_t tag);
/// "stream 0: 10.0.0.1 port 1 (...) -> ..., 64-byte frames, rate max"
std::string stream_text(const plan::StreamPlan& stream);
/// Source of the counts of a run on this interface.
std::string source_text(const std::string& interface, const RunInfo& info,
                        plan::TxPath via = plan::TxPath::Xdp);

std::string cpu_list(const std::vector<int>& cpus); ///< "0,1"
/// Line breaks become spaces, so that a message stays one line.
std::string one_line(std::string text);
/// "ENOSPC", or "errno 4095" for an unknown number.
std::string errno_name(int number);
std::string errno_text(int number);
/// Frames that a dry run shows of a stream: at most what a run would send.
std::uint64_t frames_shown(const plan::Plan& plan, const plan::StreamPlan& stream);

} // namespace xtg::report
