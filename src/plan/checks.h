// SPDX-License-Identifier: BSD-2-Clause
// What the commands that send check and look up alike. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plan/facts.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"

namespace xtg::plan {

[[nodiscard]] tl::unexpected<Error> invalid(std::string what);

/// What the user has said in so many words.
struct Consent {
  bool default_route = false;
  bool public_address = false;
};

/// InvalidArgument where the interface or a destination needs a word that was not given; `option`
/// is what named the destination.
Status check_consent(const Consent& consent, const InterfaceFacts& iface,
                     const packet::IpRange& dst, std::string_view option);

/// What a dry run does without the word for, and sending needs.
void note_consent(const Consent& consent, const InterfaceFacts& iface,
                  std::vector<std::string>& notes);

enum class AddressUse : std::uint8_t { Source, Destination };
/// What is odd about an address of the range: unspecified, broadcast, reserved, loopback, and as a
/// source multicast. Empty: nothing.
std::string_view special_text(const packet::IpRange& range, AddressUse use);

/// InvalidArgument where a source is one that no host has, without the user's word for it.
Status check_source(const Consent& consent, const packet::IpRange& src);
Status check_source(const Consent& consent, const packet::MacRange& src);

/// Why an IPv6 address of the interface cannot be sent from: "on eth0 is not usable, ...".
std::string unusable_text(const InterfaceFacts& iface, const UnusableAddress& address);
/// Notes where frames to `dst` are sent from `src` for want of addresses that cannot be used, or
/// from one of them.
void note_unusable(const InterfaceFacts& iface, const packet::Ip& dst, const packet::Ip& src,
                   std::vector<std::string>& notes);

/// There is an interface, with Ethernet framing, and it is up; a dry run needs it not to be up.
Status check_interface(const HostFacts& facts, bool dry_run);

/// The driver is known to run no XDP programs.
bool lacks_xdp(const InterfaceFacts& iface);

/// Whether a program that receives can be attached, as far as this is known before it is tried;
/// `command` wants it.
Status check_ingress(std::string_view command, RxMode mode, const HostFacts& facts);

/// An address's zone (RFC 4007), if there is one, is the interface that receives.
Status check_ingress_zone(std::string_view zone, std::string_view interface,
                          const HostFacts& facts);

/// One CPU for each thread.
Result<std::vector<int>> pick_cpus(std::uint32_t threads, const std::vector<int>& cpus,
                                   const HostFacts& facts);

/// The answer for this stream's frames, or another one about the address; nullptr: there is none.
const RouteFacts* route_for(const HostFacts& facts, const packet::Ip& dst, std::size_t stream = 0);

/// A note where so much on layer 1 is more than the link carries.
void note_link_speed(const InterfaceFacts& iface, double l1_bps, std::vector<std::string>& notes);

} // namespace xtg::plan
