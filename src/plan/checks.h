// SPDX-License-Identifier: BSD-2-Clause
// Checks and look-ups that the sending commands share. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plan/diagnose.h"
#include "plan/facts.h"
#include "plan/rx_spec.h"
#include "plan/spec.h"

namespace xtg::plan {

[[nodiscard]] tl::unexpected<Error> invalid(std::string what);

/// NotSupported: what keeps frames from leaving, and its repair.
[[nodiscard]] tl::unexpected<Error> blocked(const Diagnosis& obstacle);

/// What the user has explicitly allowed.
struct Consent {
  bool default_route = false;
  bool public_address = false;
};

/// InvalidArgument where the interface or a destination needs an option that was not given;
/// `option` is the option that named the destination.
Status check_consent(const Consent& consent, const InterfaceFacts& iface,
                     const packet::IpRange& dst, std::string_view option);

/// Notes what sending would need an option for; a dry run needs none.
void note_consent(const Consent& consent, const InterfaceFacts& iface,
                  std::vector<std::string>& notes);

enum class AddressUse : std::uint8_t { Source, Destination };
/// What is unusual about an address of the range: unspecified, broadcast, reserved, loopback, and
/// as a source multicast. Empty: nothing.
std::string_view special_text(const packet::IpRange& range, AddressUse use);

/// Whether a group address is among them.
bool any_group(const packet::MacRange& macs);

/// InvalidArgument for a source address that no host has, unless explicitly allowed.
Status check_source(const Consent& consent, const packet::IpRange& src);
Status check_source(const Consent& consent, const packet::MacRange& src);

/// Why an IPv6 address of the interface cannot be a source: "on eth0 is not usable, ...".
std::string unusable_text(const InterfaceFacts& iface, const UnusableAddress& address);
/// Notes that frames to `dst` are sent from `src` because other addresses are not usable, or that
/// `src` itself is not.
void note_unusable(const InterfaceFacts& iface, const packet::Ip& dst, const packet::Ip& src,
                   std::vector<std::string>& notes);

/// Of an interface that is not Ethernet: what its frames lack.
std::string missing_framing(const InterfaceFacts& iface);

/// Errors unless there is an interface that is up, with Ethernet framing or `any_framing`; a dry
/// run accepts one that is down.
Status check_interface(const HostFacts& facts, bool dry_run, bool any_framing = false);

/// The driver is known not to run XDP programs.
bool lacks_xdp(const InterfaceFacts& iface);

/// Why XDP is no place for a receiving program on this interface, so that Auto goes to tc ingress;
/// empty: it is one.
std::string why_tc(const InterfaceFacts& iface);
/// The note on that. `done`: "received".
std::string tc_note(std::string_view done, std::string_view reason);

/// Whether a receiving program can be attached, as far as is known before trying; `command` names
/// the command in errors.
Status check_ingress(std::string_view command, RxMode mode, const HostFacts& facts);

/// An address's zone (RFC 4007), if any, must be the receiving interface.
Status check_ingress_zone(std::string_view zone, std::string_view interface,
                          const HostFacts& facts);

/// One CPU for each thread.
Result<std::vector<int>> pick_cpus(std::uint32_t threads, const std::vector<int>& cpus,
                                   const HostFacts& facts);

/// The route for this stream's frames, or another one to the same address; nullptr: none.
const RouteFacts* route_for(const HostFacts& facts, const packet::Ip& dst, std::size_t stream = 0);

/// Adds a note when the layer 1 rate exceeds the link speed.
void note_link_speed(const InterfaceFacts& iface, double l1_bps, std::vector<std::string>& notes);

} // namespace xtg::plan
