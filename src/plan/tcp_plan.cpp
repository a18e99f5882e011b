// SPDX-License-Identifier: BSD-2-Clause
#include "plan/tcp_plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/text.h"
#include "packet/frame.h"
#include "plan/checks.h"
#include "plan/next_hop.h"
#include "plan/pacing.h"
#include "plan/tx_path.h"

namespace xtg::plan {

namespace {

using packet::Family;
using packet::Ip;

constexpr std::uint32_t kEthernetHeader = 14;
constexpr std::uint32_t kTcpHeader = 20; // without options

std::string_view name(Family family) {
  return family == Family::V4 ? "IPv4" : "IPv6";
}

std::string flows_text(std::uint64_t flows) {
  return fmt::format("{} flow{}", flows, flows == 1 ? "" : "s");
}

/// The family by -4 or -6, or that of --src-addr.
std::optional<Family> wanted_family(const TcpSpec& spec) {
  if (spec.family) return spec.family;
  if (spec.src_addr) return spec.src_addr->family;
  return std::nullopt;
}

Status check_flows(const TcpSpec& spec) {
  if (spec.flows == 0 || spec.flows > kMaxFlows)
    return invalid(fmt::format("--flows {}: 1 to {} flows", spec.flows, kMaxFlows));
  if (spec.threads > spec.flows)
    return invalid(fmt::format("--threads {} for {}: every flow is one thread's, so at most as "
                               "many threads as --flows",
                               spec.threads, flows_text(spec.flows)));
  if (spec.parallel == 0)
    return invalid(
        fmt::format("--parallel 0: 1 to {} connections are opened at a time", kMaxFlows));
  if (spec.src_port && *spec.src_port + std::uint64_t{spec.flows} > 65'536)
    return invalid(fmt::format("--src-port {} with {}: from there on there are {} ports, one for "
                               "each flow",
                               *spec.src_port, flows_text(spec.flows), 65'536 - *spec.src_port));
  if (spec.burst == 0 || spec.burst > kMaxTcpBurst)
    return invalid(fmt::format("--burst {}: 1 to {} segments", spec.burst, kMaxTcpBurst));
  return {};
}

Status check_header(const TcpSpec& spec) {
  if ((spec.tos & 3) != 0)
    return invalid(fmt::format("--tos {}: the two low bits are for ECN, which TCP sets by itself; "
                               "{} has the same DSCP",
                               spec.tos, spec.tos & ~3));
  if (spec.mss && (*spec.mss < kMinMss || *spec.mss > kMaxMss))
    return invalid(fmt::format("--mss {}: {} to {} bytes", *spec.mss, kMinMss, kMaxMss));
  if (spec.family && spec.src_addr && spec.src_addr->family != *spec.family)
    return invalid(fmt::format("--src-addr {} is not an {} address, which -{} asks for",
                               spec.src_addr->to_string(), name(*spec.family),
                               *spec.family == Family::V4 ? 4 : 6));
  return {};
}

Status check_amount(const TcpSpec& spec) {
  std::vector<std::string> given;
  if (spec.bytes) given.push_back(fmt::format("--bytes {}", *spec.bytes));
  if (spec.bytes_per_flow)
    given.push_back(fmt::format("--bytes-per-flow {}", *spec.bytes_per_flow));
  if (spec.num_packets) given.push_back(fmt::format("--num-packets {}", *spec.num_packets));
  if (given.size() > 1)
    return invalid(
        fmt::format("{} and {} exclude each other: one amount is accepted", given[0], given[1]));
  const bool file = spec.payload == TcpPayload::File;
  if (spec.repeat && !file)
    return invalid("--repeat needs --payload-file: any other payload repeats anyway");
  if (file && spec.payload_file.empty())
    return invalid("--payload-file \"\": expected the name of a file");
  if (file && !spec.repeat && spec.num_packets)
    return invalid(fmt::format("--num-packets {} with --payload-file: how many segments the file "
                               "makes is known only to the connection; give --bytes or "
                               "--bytes-per-flow, or --repeat",
                               *spec.num_packets));
  return {};
}

Status check_destination(const TcpSpec& spec, const Ip& dst, const InterfaceFacts& iface) {
  if (dst.is_multicast())
    return invalid(
        fmt::format("HOST {}: a multicast address; TCP needs that of a host", dst.to_string()));
  const std::string_view special = special_text({dst, 1}, AddressUse::Destination);
  if (!special.empty())
    return invalid(fmt::format("HOST {}: {}; TCP needs the address of another host",
                               dst.to_string(), special));
  const auto& own = iface.addresses;
  if (std::find(own.begin(), own.end(), dst) != own.end())
    return invalid(fmt::format("HOST {}: an address of this host on {}; nothing would leave it",
                               dst.to_string(), iface.name));
  return check_safety(spec, iface, dst);
}

/// The kernel chooses the address itself; this checks only that there is one.
Status check_source(const TcpSpec& spec, const InterfaceFacts& iface, const RouteFacts* route,
                    const Ip& dst) {
  if (spec.src_addr) {
    for (const UnusableAddress& address : iface.unusable)
      if (address.ip == *spec.src_addr)
        return fail(Errc::NotFound, fmt::format("--src-addr {} {}", address.ip.to_string(),
                                                unusable_text(iface, address)));
    if (spec.src_addr->family == dst.family) return {};
    return invalid(fmt::format("--src-addr {}: not of the family of {}", spec.src_addr->to_string(),
                               dst.to_string()));
  }
  if (route != nullptr && route->src && route->src->family == dst.family) return {};
  const bool has_one = std::any_of(iface.addresses.begin(), iface.addresses.end(),
                                   [&](const Ip& a) { return a.family == dst.family; });
  if (has_one) return {};
  if (!dst.is_v4() && !iface.unusable.empty())
    return fail(Errc::NotFound, fmt::format("{} {}", iface.unusable.front().ip.to_string(),
                                            unusable_text(iface, iface.unusable.front())));
  return fail(Errc::NotFound,
              fmt::format("{} has no {} address to connect to {} from: give it one with ip addr "
                          "add, or name one of this host's with --src-addr",
                          iface.name, name(dst.family), dst.to_string()));
}

/// The largest IP packet: limited by the interface's MTU, a veth peer's MTU, and a live frame.
std::uint32_t largest_packet(const InterfaceFacts& iface, std::vector<std::string>& notes) {
  std::uint32_t largest = iface.mtu;
  if (iface.peer && iface.peer->reachable && iface.peer->mtu != 0 && iface.peer->mtu < largest) {
    largest = iface.peer->mtu;
    notes.push_back(
        fmt::format("segments fit the MTU of {} of the veth peer {}", largest, iface.peer->name));
  }
  if (largest > kMaxLiveIp) {
    largest = kMaxLiveIp;
    notes.push_back(fmt::format("IP packets have at most {} bytes, the limit of a frame sent "
                                "from XDP; the MTU of {} is {}",
                                kMaxLiveIp, iface.name, iface.mtu));
  }
  return largest;
}

std::uint32_t headers_of(const TcpPlan& plan) {
  return (plan.dst.is_v4() ? 20 : 40) + kTcpHeader;
}

Status check_mss(const TcpSpec& spec, const TcpPlan& plan) {
  const std::uint32_t headers = headers_of(plan);
  if (plan.max_segment_ip < headers + kMinMss)
    return fail(Errc::NotSupported,
                fmt::format("the MTU of {} leaves no room for TCP segments: {} bytes are the least",
                            plan.iface.name, headers + kMinMss));
  if (spec.mss && *spec.mss > plan.max_segment_ip - headers)
    return invalid(fmt::format("--mss {}: an IP packet of {} bytes leaves at most {} for the "
                               "payload of a segment",
                               *spec.mss, plan.max_segment_ip, plan.max_segment_ip - headers));
  return {};
}

/// As for a run of full segments; real ones may be smaller.
Status check_rate(TcpPlan& plan) {
  const std::uint32_t frame = largest_frame(plan).bytes;
  const auto on = [&](Layer layer) {
    return static_cast<double>(frame_bits(frame, kEthernetHeader, layer));
  };
  const LayerBits bits{on(Layer::L1), on(Layer::L2), on(Layer::L3)};
  const auto pps = scheduled_pps(plan.spec.rate, bits);
  if (!pps) return tl::unexpected<Error>(pps.error());
  if (*pps) note_link_speed(plan.iface, **pps * bits.l1, plan.notes);
  return {};
}

/// Divides `total` evenly; the first flows get the remainder, one each.
std::vector<std::uint64_t> shares(std::uint64_t total, std::uint32_t flows) {
  std::vector<std::uint64_t> out(flows, total / flows);
  for (std::size_t i = 0; i < total % flows; i++)
    out[i]++;
  return out;
}

/// The file's size, if it is sent once.
Result<std::optional<std::uint64_t>> file_limit(const TcpSpec& spec, const TcpFacts& facts) {
  std::optional<std::uint64_t> limit;
  if (spec.payload != TcpPayload::File) return limit;
  const std::string option = fmt::format("--payload-file {}", xtg::quoted(spec.payload_file));
  if (!facts.file_size)
    return fail(Errc::NotFound,
                fmt::format("{}: {}", option,
                            facts.file_error.empty() ? "its size is not known" : facts.file_error));
  if (*facts.file_size == 0) return invalid(option + ": the file is empty");
  if (!spec.repeat) limit = facts.file_size;
  return limit;
}

Status share_amount(const TcpSpec& spec, const TcpFacts& facts, TcpPlan& plan) {
  const auto limit = file_limit(spec, facts);
  if (!limit) return tl::unexpected<Error>(limit.error());
  if (spec.num_packets)
    plan.flow_segments = shares(*spec.num_packets, spec.flows);
  else if (spec.bytes)
    plan.flow_bytes = shares(*spec.bytes, spec.flows);
  else
    plan.flow_bytes.assign(spec.flows, spec.bytes_per_flow.value_or(limit->value_or(kNoLimit)));

  const auto& amounts = spec.num_packets ? plan.flow_segments : plan.flow_bytes;
  if (*limit && amounts.front() > **limit)
    return invalid(
        fmt::format("{} over {}: {} has {} bytes for each; --repeat sends it over and over",
                    spec.bytes ? fmt::format("--bytes {}", *spec.bytes)
                               : fmt::format("--bytes-per-flow {}", *spec.bytes_per_flow),
                    flows_text(spec.flows), xtg::quoted(spec.payload_file), **limit));
  const auto idle = std::count(amounts.begin(), amounts.end(), std::uint64_t{0});
  if (idle != 0)
    plan.notes.push_back(fmt::format("{} of the {} get nothing to send: the amount is smaller "
                                     "than their number",
                                     idle, flows_text(spec.flows)));
  return {};
}

} // namespace

Status check_tcp_spec(const TcpSpec& spec) {
  for (const auto check : {check_flows, check_header, check_amount})
    if (auto ok = check(spec); !ok) return ok;
  return {};
}

RouteQuestion question_of(const TcpSpec& spec, const Ip& dst) {
  RouteQuestion question;
  question.dst = dst;
  if (spec.src_addr && spec.src_addr->family == dst.family) question.src = spec.src_addr;
  question.tos = spec.tos;
  question.protocol = kProtocolTcp;
  question.src_port = spec.src_port.value_or(0);
  question.dst_port = spec.port;
  return question;
}

Status check_safety(const TcpSpec& spec, const InterfaceFacts& iface, const Ip& dst) {
  return check_consent({spec.allow_default_route || spec.dry_run, spec.allow_public}, iface,
                       {dst, 1}, "HOST");
}

Result<Ip> choose_address(const TcpSpec& spec, const std::vector<Ip>& addresses,
                          const std::string& address_error) {
  if (addresses.empty())
    return fail(Errc::NotFound, address_error.empty()
                                    ? fmt::format("HOST {}: has no address", xtg::quoted(spec.host))
                                    : address_error);
  const auto family = wanted_family(spec);
  if (!family) return addresses.front();
  const auto found = std::find_if(addresses.begin(), addresses.end(),
                                  [&](const Ip& a) { return a.family == *family; });
  if (found != addresses.end()) return *found;
  return fail(Errc::NotFound,
              fmt::format("HOST {}: has no {} address, only {}", xtg::quoted(spec.host),
                          name(*family), addresses.front().to_string()));
}

std::uint32_t largest_payload(const TcpPlan& plan) {
  return plan.spec.mss.value_or(plan.max_segment_ip -
                                std::min(plan.max_segment_ip, headers_of(plan)));
}

FrameSize largest_frame(const TcpPlan& plan) {
  return plan.max_segment_ip + kEthernetHeader + packet::kFcsBytes;
}

Result<TcpPlan> resolve_tcp(const TcpSpec& spec, const TcpFacts& facts) {
  const auto refused = [](auto& failed) {
    return tl::unexpected<Error>(std::move(failed.error()));
  };
  if (auto ok = check_tcp_spec(spec); !ok) return refused(ok);
  auto dst = choose_address(spec, facts.addresses, facts.address_error);
  if (!dst) return refused(dst);
  if (auto ok = check_interface(facts.host, spec.dry_run, spec.via != TxPath::Xdp); !ok)
    return refused(ok);
  const InterfaceFacts& iface = *facts.host.iface;
  if (iface.loopback)
    return invalid(fmt::format("HOST {}: an address of this host, reached over {}; TCP needs the "
                               "address of another host or network namespace",
                               dst->to_string(), iface.name));
  if (!iface.ethernet && spec.ingress == Ingress::Xdp)
    return invalid(fmt::format("--ingress xdp: {}", missing_framing(iface)));
  if (auto ok = check_destination(spec, *dst, iface); !ok) return refused(ok);
  const RouteFacts* route = route_for(facts.host, *dst);
  if (auto ok = check_source(spec, iface, route, *dst); !ok) return refused(ok);
  auto cpus = pick_cpus(spec.threads, spec.cpus, facts.host);
  if (!cpus) return refused(cpus);

  TcpPlan plan;
  plan.spec = spec;
  plan.notes = spec.notes;
  if (spec.dry_run) note_consent({spec.allow_default_route}, iface, plan.notes);
  plan.iface = iface;
  plan.dst = *dst;
  plan.src = spec.src_addr;
  plan.src_mac = iface.mac;
  plan.cpus = std::move(*cpus);
  if (iface.ethernet) {
    auto next_hop =
        find_next_hop({spec.dry_run, Errc::Peer,
                       "the host or the router to it is down, or --interface names a wrong one"},
                      iface, route, *dst, plan.notes);
    if (!next_hop) return refused(next_hop);
    plan.dst_mac = *next_hop;
  }
  if (const auto src = spec.src_addr ? spec.src_addr : route ? route->src : std::nullopt)
    note_unusable(iface, *dst, *src, plan.notes);
  plan.max_segment_ip = largest_packet(iface, plan.notes);
  if (auto ok = check_mss(spec, plan); !ok) return refused(ok);
  if (auto ok = share_amount(spec, facts, plan); !ok) return refused(ok);
  if (auto ok = check_rate(plan); !ok) return refused(ok);
  const TxPathChoice choice = spec.via == TxPath::Auto
                                  ? choose_tx_path(iface, {largest_frame(plan)}, spec.fix)
                                  : TxPathChoice{spec.via};
  plan.via = choice.via;
  plan.via_reason = choice.reason;
  return plan;
}

} // namespace xtg::plan
