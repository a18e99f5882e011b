// SPDX-License-Identifier: BSD-2-Clause
#include "plan/checks.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "packet/frame.h"
#include "packet/prefix.h"
#include "plan/diagnose.h"
#include "xtg/abi/base.h"

namespace xtg::plan {

namespace {

using packet::Ip;
using packet::IpRange;

/// A range may begin and end in non-public blocks and contain public ones in between. No IPv4 block
/// is smaller than a /24; a range of IPv6 addresses lies within one /64, and so within one block.
bool all_non_public(const IpRange& range) {
  const Ip first = range.first, last = range.last();
  if (!first.is_non_public() || !last.is_non_public()) return false;
  if (!first.is_v4()) return true;
  for (std::uint64_t low = (first.low() | 0xff) + 1; low <= last.low(); low += 0x100) {
    if (!first.with_low(low).is_non_public()) return false;
  }
  return true;
}

/// Addresses of no host or of more than one, with a description.
struct SpecialBlock {
  packet::IpPrefix block;
  std::string_view words;
  bool destination; ///< odd also as a destination, not only as a source
};

std::span<const SpecialBlock> special_blocks() {
  const auto block = [](const char* text) { return *packet::IpPrefix::parse(text); };
  static const std::array<SpecialBlock, 9> kBlocks{{
      {block("255.255.255.255"), "the broadcast address, received by every host on the link", true},
      {block("0.0.0.0"), "the unspecified address, which no host has", true},
      {block("0.0.0.0/8"), "an address of \"this network\" (RFC 1122), which no host has", true},
      {block("127.0.0.0/8"), "a loopback address, which never leaves a host", true},
      {block("240.0.0.0/4"), "a reserved address (RFC 1112), which hosts and routers drop", true},
      {block("224.0.0.0/4"), "a multicast address, which no host sends from", false},
      {block("::"), "the unspecified address, which no host has", true},
      {block("::1"), "a loopback address, which never leaves a host", true},
      {block("ff00::/8"), "a multicast address, which no host sends from", false},
  }};
  return kBlocks;
}

/// The contiguous ranges that make up these addresses; a list gives one for each address.
std::vector<IpRange> pieces(const IpRange& range) {
  if (range.list.empty()) return {range.hull()};
  std::vector<IpRange> out;
  for (std::uint64_t i = 0; i < range.count; i++)
    out.push_back({range.at(i), 1});
  return out;
}

bool overlaps(const IpRange& range, const packet::IpPrefix& block) {
  if (range.first.family != block.network.family) return false;
  return block.contains(range.first) || block.contains(range.last()) ||
         (range.first <= block.network && block.network <= range.last());
}

} // namespace

tl::unexpected<Error> invalid(std::string what) {
  return fail(Errc::InvalidArgument, std::move(what));
}

tl::unexpected<Error> blocked(const Diagnosis& obstacle) {
  return fail(Errc::NotSupported,
              obstacle.paragraph() +
                  (obstacle.fix != Fix::None ? "; --fix does it for the run" : ""));
}

Status check_consent(const Consent& consent, const InterfaceFacts& iface, const IpRange& dst,
                     std::string_view option) {
  if (iface.has_default_route && !consent.default_route)
    return invalid(fmt::format("{} carries the default route: a flood there can cut this host off; "
                               "--allow-default-route to send anyway",
                               iface.name));
  if (consent.public_address) return {};
  std::string_view words = special_text(dst, AddressUse::Destination);
  if (words.empty() && !std::ranges::all_of(pieces(dst), all_non_public))
    words = dst.first.is_multicast() ? "a multicast address of global scope" : "a public address";
  if (words.empty()) return {};
  return invalid(fmt::format("{} {}: {}; --allow-public to send there anyway", option,
                             dst.to_string(), words));
}

void note_consent(const Consent& consent, const InterfaceFacts& iface,
                  std::vector<std::string>& notes) {
  if (iface.has_default_route && !consent.default_route)
    notes.push_back(fmt::format("{} carries the default route: sending needs --allow-default-route",
                                iface.name));
}

std::string_view special_text(const IpRange& range, AddressUse use) {
  const std::vector<IpRange> all = pieces(range);
  for (const SpecialBlock& special : special_blocks()) {
    if (!special.destination && use != AddressUse::Source) continue;
    if (std::ranges::any_of(all, [&](const IpRange& r) { return overlaps(r, special.block); }))
      return special.words;
  }
  return {};
}

bool any_group(const packet::MacRange& macs) {
  constexpr std::uint64_t kBlock = std::uint64_t{1} << 40; // the group bit is the lowest above it
  const packet::Values all = macs.values();
  const auto is_group = [](std::uint64_t value) { return (value & kBlock) != 0; };
  if (!all.list.empty()) return std::ranges::any_of(all.list, is_group);
  if (is_group(all.first)) return true;
  // The first member in or behind each block of group addresses.
  for (std::uint64_t from = (all.first | (kBlock - 1)) + 1; from <= all.highest();
       from += 2 * kBlock) {
    const std::uint64_t i = (from - all.first + all.step - 1) / all.step;
    if (i < all.count && is_group(all.at(i))) return true;
  }
  return false;
}

Status check_source(const Consent& consent, const IpRange& src) {
  const std::string_view words = special_text(src, AddressUse::Source);
  if (consent.public_address || words.empty()) return {};
  return invalid(
      fmt::format("--src-addr {}: {}; --allow-public to use it anyway", src.to_string(), words));
}

Status check_source(const Consent& consent, const packet::MacRange& src) {
  if (consent.public_address || !any_group(src)) return {};
  return invalid(fmt::format("--src-mac {}: a group address, which no interface sends from and "
                             "switches drop; --allow-public to use it anyway",
                             src.to_string()));
}

std::string missing_framing(const InterfaceFacts& iface) {
  return iface.loopback
             ? fmt::format("{} is the loopback interface, without XDP transmit and MAC addresses",
                           iface.name)
             : fmt::format("{} has no Ethernet framing", iface.name);
}

Status check_interface(const HostFacts& facts, bool dry_run, bool any_framing) {
  if (!facts.iface)
    return fail(Errc::NotFound,
                facts.iface_error.empty() ? "no interface to send on" : facts.iface_error);
  if (!facts.iface->ethernet && !any_framing)
    return fail(Errc::NotSupported, missing_framing(*facts.iface));
  if (!facts.iface->up && !dry_run) // a down interface has no routes either: name the cause
    return fail(Errc::NotSupported,
                preflight(*facts.iface, packet::min_frame_size(packet::Family::V4))->paragraph());
  return {};
}

bool lacks_xdp(const InterfaceFacts& iface) {
  return iface.xdp_features && (*iface.xdp_features & kXdpBasic) == 0;
}

std::string why_tc(const InterfaceFacts& iface) {
  if (!iface.ethernet) return missing_framing(iface);
  if (iface.xdp_prog_ids.empty()) return {};
  return fmt::format("XDP on {} belongs to program {}", iface.name,
                     fmt::join(iface.xdp_prog_ids, ", "));
}

std::string tc_note(std::string_view done, std::string_view reason) {
  return fmt::format("{} at tc ingress, after the driver, which is slower: {}", done, reason);
}

Status check_ingress(std::string_view command, RxMode mode, const HostFacts& facts) {
  if (!facts.iface && facts.iface_error.empty())
    return fail(Errc::NotFound, "no interface to receive on");
  const bool by_tc = mode == RxMode::Tc || mode == RxMode::Auto;
  if (auto ok = check_interface(facts, false, by_tc); !ok) return ok;
  const InterfaceFacts& iface = *facts.iface;
  if (!iface.xdp_prog_ids.empty() && !by_tc)
    return fail(Errc::NotSupported,
                fmt::format("{} has an XDP program already (id {}), which is left alone: ip link "
                            "show dev {} names it; {} needs it detached, or --mode tc",
                            iface.name, fmt::join(iface.xdp_prog_ids, ", "), iface.name, command));
  if (mode == RxMode::Native && lacks_xdp(iface))
    return fail(Errc::NotSupported,
                fmt::format("the driver of {} ({}) has no XDP, which --mode native needs; --mode "
                            "generic receives after the driver, slower",
                            iface.name, iface.driver.empty() ? "unnamed" : iface.driver));
  return {};
}

Status check_ingress_zone(std::string_view zone, std::string_view interface,
                          const HostFacts& facts) {
  if (zone.empty() || zone == interface || zone == facts.iface->name) return {};
  return invalid(fmt::format("%{}: frames are received on {}, not there", zone, facts.iface->name));
}

Result<std::vector<int>> pick_cpus(std::uint32_t threads, const std::vector<int>& cpus,
                                   const HostFacts& facts) {
  static_assert(kMaxThreads == XTG_MAX_WORKERS);
  if (threads == 0 || threads > kMaxThreads)
    return invalid(fmt::format("--threads {}: 1 to {} threads", threads, kMaxThreads));
  for (const int cpu : cpus) {
    if (std::find(facts.cpus.begin(), facts.cpus.end(), cpu) == facts.cpus.end())
      return invalid(
          fmt::format("--cpus: CPU {} is not one this process may run on ({}); --threads "
                      "says how many threads there are",
                      cpu, fmt::join(facts.cpus, ",")));
  }
  if (!cpus.empty()) return cpus;
  if (threads > facts.cpus.size())
    return invalid(fmt::format("--threads {}: this process may run on {} CPUs, one thread each",
                               threads, facts.cpus.size()));
  return std::vector<int>(facts.cpus.begin(), facts.cpus.begin() + threads);
}

const RouteFacts* route_for(const HostFacts& facts, const Ip& dst, std::size_t stream) {
  if (stream < facts.routes.size() && facts.routes[stream].dst == dst) return &facts.routes[stream];
  for (const RouteFacts& route : facts.routes) {
    if (route.dst == dst) return &route;
  }
  return nullptr;
}

void note_unusable(const InterfaceFacts& iface, const Ip& dst, const Ip& src,
                   std::vector<std::string>& notes) {
  if (dst.is_v4()) return;
  const bool has_one = std::any_of(iface.addresses.begin(), iface.addresses.end(),
                                   [](const Ip& a) { return !a.is_v4(); });
  for (const UnusableAddress& other : iface.unusable) {
    const bool replaced =
        !has_one || (src.is_link_local() && !dst.is_link_local() && !other.ip.is_link_local());
    if (other.ip != src && !replaced) continue;
    notes.push_back(fmt::format("{} {}: frames are sent from {}", other.ip.to_string(),
                                unusable_text(iface, other),
                                other.ip == src ? "it anyway" : src.to_string()));
  }
}

std::string unusable_text(const InterfaceFacts& iface, const UnusableAddress& address) {
  if (address.failed)
    return fmt::format("on {} is not usable, another host has it (duplicate address detection "
                       "failed)",
                       iface.name);
  return fmt::format("on {} is not usable yet (tentative: duplicate address detection is running)",
                     iface.name);
}

void note_link_speed(const InterfaceFacts& iface, double l1_bps, std::vector<std::string>& notes) {
  const auto speed = static_cast<double>(iface.speed_bps);
  if (iface.speed_bps != 0 && l1_bps > speed)
    notes.push_back(
        fmt::format("the rate is above the link's speed of {}", with_prefix(speed, "bit/s")));
}

} // namespace xtg::plan
