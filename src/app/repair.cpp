// SPDX-License-Identifier: BSD-2-Clause
#include "app/repair.h"

#include <fmt/format.h>

#include "net/interface.h"

namespace xtg::app {

Repair::Repair(net::NetNs ns, std::string ifname) : ns_(std::move(ns)), ifname_(std::move(ifname)) {
  what_ = fmt::format("GRO of {} was switched on for the run", ifname_);
}

Repair::Repair(Repair&& other) noexcept
    : ns_(std::move(other.ns_)), ifname_(std::move(other.ifname_)), what_(std::move(other.what_)) {
  other.ns_.reset();
}

Repair::~Repair() {
  if (!ns_) return;
  if (auto status = net::set_gro(*ns_, ifname_, false); !status)
    fmt::print(stderr, "xdp-trafficgen: {} could not be put back: {}\n", ifname_,
               status.error().message());
}

Result<Repair> Repair::apply(const plan::Diagnosis& diagnosis, const plan::InterfaceFacts& iface) {
  if (diagnosis.fix != plan::Fix::PeerGro || !iface.peer)
    return fail(Errc::NotSupported, "--fix cannot repair this: " + diagnosis.paragraph());
  auto ns = net::netns_of(*iface.peer);
  if (!ns) return forward(std::move(ns), "--fix");
  if (auto set = net::set_gro(*ns, iface.peer->name, true); !set)
    return forward(Result<Repair>(tl::unexpected<Error>(std::move(set.error()))), "--fix");
  return Repair(std::move(*ns), iface.peer->name);
}

} // namespace xtg::app
