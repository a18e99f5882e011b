// SPDX-License-Identifier: BSD-2-Clause
// What tests on the same ports keep from one to the next: XDP attachments and ingress devices.
// Internal to app.
#pragma once

#include <deque>
#include <memory>

#include "net/ingress_devices.h"
#include "plan/facts.h"
#include "xdp/kept_links.h"

namespace xtg::app {

struct KeptPort {
  std::shared_ptr<net::IngressDevices> devices; ///< empty: none yet
  bool here = false;                            ///< they are in this network namespace
  xdp::KeptLinks links;                         ///< end before the devices
};

/// Takes the port's own programs out of the facts of its interface: the next test replaces them.
/// Null: nothing is kept.
plan::HostFacts without_kept(plan::HostFacts facts, KeptPort* kept);

/// By the number of the port in the plan. It must outlive the tests, and the plans must have the
/// same ports.
using KeptPorts = std::deque<KeptPort>;

} // namespace xtg::app
