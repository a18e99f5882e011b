// SPDX-License-Identifier: BSD-2-Clause
#include "app/renewal.h"

#include <optional>

#include "net/netns.h"
#include "net/veth.h"
#include "xdp/page_reuse.h"

namespace xtg::app {

namespace {

constexpr int kNear = 1000, kFar = 1001; // indexes, free in a new namespace

Result<plan::PageReuse> try_page_reuse() {
  auto ns = net::NetNs::create_private();
  if (!ns) return tl::unexpected<Error>(std::move(ns.error()));
  return ns->run([]() -> Result<plan::PageReuse> {
    auto pair = net::create_veth({.near = {"near", nullptr, {}, kNear},
                                  .far = {"far", nullptr, {}, kFar},
                                  .queues = 1,
                                  .mtu = 1500,
                                  .up = true});
    if (!pair) return tl::unexpected<Error>(std::move(pair.error()));
    return xdp::probe_page_reuse(kNear, kFar);
  });
}

} // namespace

const Result<plan::PageReuse>& page_reuse() {
  static const Result<plan::PageReuse> found = try_page_reuse();
  return found;
}

Result<bool> must_renew(const plan::InterfaceFacts& iface) {
  std::optional<plan::PageReuse> found;
  if (plan::changes_frames(iface) && page_reuse()) found = *page_reuse();
  return plan::must_renew(iface, found);
}

} // namespace xtg::app
