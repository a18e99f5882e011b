// SPDX-License-Identifier: BSD-2-Clause
#include "plan/tx_path.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plan/checks.h"

namespace xtg::plan {

namespace {

/// These, and not frames, keep XDP transmit from working.
constexpr std::array<std::string_view, 3> kOfXdp = {"peer-no-napi", "no-xdp-transmit",
                                                    "generic-program"};

/// Before Linux 6.3 a driver cannot be asked; these are known to have ndo_xdp_xmit.
constexpr std::array<std::string_view, 28> kTransmit = {
    "veth",         "tun",    "virtio_net", "ixgbe",      "i40e",          "ice",
    "igb",          "igc",    "mlx5_core",  "ena",        "bnxt_en",       "sfc",
    "qede",         "mvneta", "mvpp2",      "fsl_dpaa2",  "fsl_dpaa2_eth", "fsl_dpaa_eth",
    "fsl_enetc",    "tsnep",  "cpsw",       "st_gmac",    "stmmac",        "hv_netvsc",
    "xen_netfront", "vif",    "atlantic",   "mtk_soc_eth"};

std::optional<Diagnosis> first_obstacle(const InterfaceFacts& iface,
                                        const std::vector<FrameSize>& sizes, TxPath via) {
  for (const FrameSize size : sizes)
    if (auto obstacle = preflight(iface, size, via)) return obstacle;
  return std::nullopt;
}

/// The largest of sizes above what XDP transmit takes.
std::optional<std::uint32_t> above_page(const std::vector<FrameSize>& sizes) {
  std::uint32_t largest = 0;
  for (const FrameSize size : sizes)
    largest = std::max(largest, size.bytes);
  return largest > packet::max_frame_size() ? std::optional(largest) : std::nullopt;
}

/// As --queues takes it: "0,2-5"; of one queue "3-3", since "3" is a number of queues.
std::string queues_text(const QueueLaw& law) {
  if (law.all) return "auto";
  if (law.list.empty()) return std::to_string(law.count);
  std::vector<std::string> parts;
  for (auto first = law.list.begin(); first != law.list.end();) {
    auto last = first;
    while (last + 1 != law.list.end() && last[1] == last[0] + 1)
      ++last;
    parts.push_back(first == last && law.list.size() > 1 ? std::to_string(*first)
                                                         : fmt::format("{}-{}", *first, *last));
    first = last + 1;
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

/// Without --queues. Less than the number of queues in use: some drivers take any number.
int own_queue(const Plan& plan, std::size_t worker, std::size_t stream) {
  const std::size_t workers = plan.cpus.size();
  const std::size_t queues = std::max(plan.iface.tx_queues_used.value_or(plan.iface.tx_queues), 1U);
  if (worker >= queues) return static_cast<int>(worker % queues);
  const std::size_t own = (queues - worker - 1) / workers + 1; // worker, worker + workers, ...
  return static_cast<int>(worker + stream % own * workers);
}

Status choose_queues(Plan& plan) {
  const QueueLaw& law = plan.asked().queues;
  const int there = static_cast<int>(std::max(plan.iface.tx_queues, 1U));
  if (!law.asked()) return {};
  if (plan.asked().via == TxPath::Xdp || plan.asked().via == TxPath::Receive)
    return invalid(fmt::format(
        "--queues {}: with --via {} {}", queues_text(law), tx_path_name(plan.asked().via),
        plan.asked().via == TxPath::Receive
            ? "nothing is transmitted"
            : "the CPU decides on the queue: --cpus chooses that, or --via tc"));
  const std::int64_t last = law.all            ? there - 1
                            : law.list.empty() ? std::int64_t{law.count} - 1
                                               : *std::ranges::max_element(law.list);
  if (last >= there)
    return invalid(fmt::format("--queues {}: {} has {} transmit queue{}, 0 to {}", queues_text(law),
                               plan.iface.name, there, there == 1 ? "" : "s", there - 1));
  plan.queues = law.list;
  if (law.list.empty())
    for (int queue = 0; queue <= last; queue++)
      plan.queues.push_back(queue);
  return {};
}

} // namespace

std::string_view tx_path_name(TxPath via) {
  switch (via) {
  case TxPath::Xdp:
    return "xdp";
  case TxPath::Tc:
    return "tc";
  case TxPath::Receive:
    return "receive";
  case TxPath::Auto:
    break;
  }
  return "auto";
}

bool may_transmit(const InterfaceFacts& iface) {
  if (!iface.ethernet) return false;
  if (iface.xdp_features) return !preflight(iface, packet::min_frame_size(packet::Family::V4));
  return std::ranges::find(kTransmit, iface.driver) != kTransmit.end() ||
         std::ranges::find(kTransmit, iface.kind) != kTransmit.end();
}

TxPathChoice choose_tx_path(const InterfaceFacts& iface, const std::vector<FrameSize>& sizes,
                            bool fix) {
  if (!iface.ethernet)
    return {TxPath::Tc,
            missing_framing(iface) + (iface.loopback ? "" : ", and gets the packets without it")};
  if (const auto size = above_page(sizes))
    return {TxPath::Tc, fmt::format("frames of {} bytes are longer than XDP transmit takes ({})",
                                    *size, packet::max_frame_size())};
  const auto obstacle = first_obstacle(iface, sizes, TxPath::Xdp);
  if (!obstacle) {
    if (iface.xdp_features || may_transmit(iface)) return {};
    return {TxPath::Tc,
            fmt::format("the driver of {} ({}) is not known to transmit frames from XDP",
                        iface.name, iface.driver.empty() ? "unnamed" : iface.driver)};
  }
  const bool of_xdp = std::ranges::find(kOfXdp, obstacle->id) != kOfXdp.end();
  if (!of_xdp || (fix && obstacle->fix != Fix::None) || first_obstacle(iface, sizes, TxPath::Tc))
    return {};
  return {TxPath::Tc, obstacle->cause};
}

Status decide_tx_path(Plan& plan) {
  std::vector<FrameSize> sizes;
  for (const StreamPlan& stream : plan.streams)
    sizes.push_back(largest_frame(stream));
  if (auto ok = choose_queues(plan); !ok) return ok;
  const TxPath asked = plan.asked().via;
  if (const auto size = above_page(sizes); size && asked == TxPath::Xdp)
    return invalid(fmt::format("--pkt-size {}: XDP transmit takes frames of at most {} bytes with "
                               "FCS, one page of the kernel's: --via tc sends longer ones",
                               *size, packet::max_frame_size()));
  const TxPathChoice choice =
      asked != TxPath::Auto ? TxPathChoice{asked}
      : !plan.queues.empty()
          ? TxPathChoice{TxPath::Tc,
                         "--queues chooses a transmit queue, which XDP leaves to the CPU"}
          : choose_tx_path(plan.iface, sizes, plan.fix);
  plan.via = choice.via;
  plan.via_reason = choice.reason;
  plan.attach_pass = plan.via == TxPath::Xdp && needs_pass_program(plan.iface);
  return {};
}

void fall_back_to_tc(Plan& plan, std::string reason) {
  plan.via = TxPath::Tc;
  plan.via_reason = std::move(reason);
  plan.attach_pass = false;
}

void use_xdp(Plan& plan) {
  if (!plan.queues.empty()) return;
  for (const StreamPlan& stream : plan.streams)
    if (largest_frame(stream).bytes > packet::max_frame_size()) return;
  plan.via = TxPath::Xdp;
  plan.via_reason.clear();
  plan.attach_pass = needs_pass_program(plan.iface);
}

std::string tx_path_note(const std::string& reason) {
  if (reason.empty()) return {};
  return fmt::format("sent through tc and the queueing discipline (--via tc): {}", reason);
}

std::vector<int> tx_queues(const Plan& plan) {
  const bool asked = !plan.queues.empty();
  const bool bond = plan.iface.kind == "bond" || plan.iface.kind == "team";
  std::vector<int> out;
  if (plan.via != TxPath::Tc || (bond && !asked)) return out;
  for (std::size_t worker = 0; worker < plan.cpus.size(); worker++)
    for (std::size_t stream = 0; stream < plan.streams.size(); stream++)
      out.push_back(asked ? plan.queues[worker % plan.queues.size()]
                          : own_queue(plan, worker, stream));
  return out;
}

Status check_framing(const InterfaceFacts& iface, const StreamSpec& stream) {
  if (iface.ethernet) return {};
  const auto none = [&iface](std::string_view option) {
    return invalid(fmt::format("{}: {}", option, missing_framing(iface)));
  };
  if (!stream.vlans.empty()) return none("--vlan");
  if (stream.dst_mac) return none("--dst-mac");
  if (stream.src_mac) return none("--src-mac");
  return {};
}

packet::Mac sender_beyond(const packet::Mac& own) {
  packet::Mac other = own;
  other.bytes[0] = static_cast<std::uint8_t>((other.bytes[0] & 0xfeU) | 0x02U); // locally given
  other.bytes[5] ^= 0x01U;
  return other;
}

packet::Ip host_beyond(packet::Family family) {
  return *packet::Ip::parse(family == packet::Family::V4 ? "198.19.255.254" : "2001:2::ffff");
}

bool needs_foreign_source(const InterfaceFacts& iface, const packet::Ip& dst) {
  return iface.loopback && dst.is_v4() && !dst.is_loopback();
}

} // namespace xtg::plan
