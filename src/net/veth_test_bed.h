// SPDX-License-Identifier: BSD-2-Clause
// A wire to try things on: two new namespaces joined by a veth pair, addressed, its neighbours
// known, and silent, so that whatever either end counts is what somebody sent. The destructor
// removes it all; a wire that could not be finished leaves nothing behind. Needs CAP_SYS_ADMIN and
// CAP_NET_ADMIN.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "net/netns.h"
#include "packet/address.h"

namespace xtg::net {

struct VethTestBedSpec {
  unsigned queues = 2;
  std::uint32_t mtu = 1500;
  bool gro = true;       ///< at the far end: what lets a veth take frames from XDP
  bool threaded = false; ///< the far end receives in threads of its own, not in the sender's
  std::string near_name = "xtg0";
  std::string far_name = "xtg1";
};

/// IPv6 addresses are there only where the kernel has IPv6 and the MTU allows it (1280): see
/// Wire::ipv6().
struct VethTestBedEnd {
  std::string name; ///< of the interface
  int ifindex = 0;
  packet::Mac mac;
  packet::Ip v4; ///< 198.18.0.1/30 near, .2 far
  packet::Ip v6; ///< 2001:2::1/64 near, ::2 far
};

class VethTestBed {
public:
  static Result<VethTestBed> create(const VethTestBedSpec& spec = {});

  [[nodiscard]] const VethTestBedEnd& near() const { return near_; }
  [[nodiscard]] const VethTestBedEnd& far() const { return far_; }
  [[nodiscard]] const NetNs& near_ns() const { return near_ns_.ns(); }
  [[nodiscard]] const NetNs& far_ns() const { return far_ns_.ns(); }
  [[nodiscard]] const std::string& near_ns_name() const { return near_ns_.name(); }
  [[nodiscard]] const std::string& far_ns_name() const { return far_ns_.name(); }
  [[nodiscard]] bool ipv6() const { return ipv6_; }

private:
  VethTestBed(NamedNetNs near_ns, NamedNetNs far_ns)
      : near_ns_(std::move(near_ns)), far_ns_(std::move(far_ns)) {}
  Status build(const VethTestBedSpec& spec);

  NamedNetNs near_ns_; // their end takes the pair along
  NamedNetNs far_ns_;
  VethTestBedEnd near_;
  VethTestBedEnd far_;
  bool ipv6_ = false;
};

} // namespace xtg::net
