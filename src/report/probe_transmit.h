// SPDX-License-Identifier: BSD-2-Clause
// The checks of `probe` about the transmit paths of an interface (--via). Pure.
#pragma once

#include <optional>
#include <vector>

#include "plan/diagnose.h"
#include "plan/facts.h"
#include "report/probe_report.h"

namespace xtg::report {

/// Whether the driver accepts the program that a run attaches where it needs one.
struct PassProgram {
  bool tried = false; ///< not where attaching it could disturb traffic
  std::optional<plan::Diagnosis> refusal{};
};

/// XDP transmit, the path that `auto` takes, and for each path its costs and its frame sizes.
/// Something that only keeps XDP transmit from working is no failure: tc works.
std::vector<Check> transmit_checks(const plan::InterfaceFacts& iface, const PassProgram& pass);

/// The MTU, and the largest frames by each path that works.
Check mtu_check(const plan::InterfaceFacts& iface);

} // namespace xtg::report
