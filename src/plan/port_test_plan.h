// SPDX-License-Identifier: BSD-2-Clause
// The plan of a run that sees both ends. Needs only values.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <optional>
#include <vector>

#include "core/result.h"
#include "plan/facts.h"
#include "plan/plan.h"
#include "plan/rx_plan.h"
#include "plan/test_spec.h"

namespace xtg::plan {

struct PortPlan {
  InterfaceFacts iface;
  std::optional<Plan> send;
  std::optional<RxPlan> receive;
};

struct PortTestPlan {
  TestSpec spec;
  std::vector<PortPlan> ports;
};

std::vector<InterfaceFacts> interfaces_of(const PortTestPlan& plan);

/// Replaces every interface name, also in conditions, by the interface's own name. `name_of`
/// returns it, or the argument if no interface has that name.
TestSpec with_own_names(TestSpec spec,
                        const std::function<std::string(const std::string&)>& name_of);

/// Completes every port from the facts of its interface (one for each, in the same order).
/// `session`: the run's random number; the senders' sessions differ in its lowest bits, and every
/// receiver accepts all of them. Senders get separate CPUs while there are enough. Errors as in
/// resolve() and resolve_rx(); also InvalidArgument if frames would carry no signature.
Result<PortTestPlan> resolve_port_test(const TestSpec& test, const std::vector<HostFacts>& facts,
                                       std::uint32_t run_id);

/// Whether the port receives: a dry run has no plan of a receiver.
bool receives(const PortTestPlan& plan, std::size_t port);

/// The receiving program that the run attaches at a sender's veth peer takes frames from XDP: those
/// senders transmit from XDP, unless --via says otherwise.
void settle_paths(PortTestPlan& plan);
/// Whether the run attaches such a program for this port.
bool receives_at_its_peer(const PortTestPlan& plan, const PortPlan& port);
/// NotSupported where frames are known not to leave, and --fix does not repair it; in a dry run
/// only where they are too long.
Status check_frames(const PortTestPlan& plan);

/// The stream in the reverse direction: addresses, UDP ports and MAC addresses are swapped. What
/// the stream leaves open is set as resolve() would choose it on the interface of `facts`, so that
/// it returns to where it is sent from; MAC addresses that were left open are looked up.
StreamSpec reversed(const StreamSpec& stream, const HostFacts& facts);

/// With `bidir`, every port that only receives sends as well; `facts` are those of the first
/// sending port.
TestSpec with_return_paths(TestSpec spec, const HostFacts& facts);

} // namespace xtg::plan
