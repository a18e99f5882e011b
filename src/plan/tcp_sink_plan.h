// SPDX-License-Identifier: BSD-2-Clause
// `tcp-sink`: checks. Needs only values.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "plan/facts.h"
#include "plan/tcp_sink_spec.h"

namespace xtg::plan {

struct TcpSinkPlan {
  TcpSinkSpec spec;
  InterfaceFacts iface;
  std::vector<std::string> notes;
};

/// NotFound if there is no such interface, InvalidArgument if it is down or has no address.
Result<TcpSinkPlan> resolve_tcp_sink(const TcpSinkSpec& spec, const HostFacts& facts);

} // namespace xtg::plan
