// SPDX-License-Identifier: BSD-2-Clause
// Reads from the host the facts that a plan needs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/facts.h"
#include "plan/tcp_plan.h"
#include "plan/test_spec.h"

namespace xtg::app {

/// The interface that the user named or, without one or with a VRF, the one that the route chooses.
/// Completes the question with the defaults of this process's sockets (mark, VRF) and the named
/// interface. Waits up to a second for IPv6 duplicate address detection.
Result<plan::InterfaceFacts> find_interface(const plan::InterfaceChoice& choice,
                                            plan::RouteQuestion& question);

/// Facts for a sending port. Never fails: the reason for a missing fact is recorded as text. With
/// `resolve_neighbours` the kernel resolves next hops missing from its table (at most a second
/// each).
plan::HostFacts gather_facts(const plan::TestSpec& test, const plan::PortSpec& port,
                             bool resolve_neighbours);

/// Gathers the facts of every port and replaces the port's interface by its canonical name. Adds
/// the return paths, which lead to the first sender's addresses. `of_sender` gathers the facts of a
/// sending port.
std::vector<plan::HostFacts> gather_facts_of_ports(
    plan::TestSpec& test,
    const std::function<plan::HostFacts(const plan::TestSpec&, const plan::PortSpec&)>& of_sender);

/// Facts for a `tcp` run, including the addresses of the host name.
plan::TcpFacts gather_facts(const plan::TcpSpec& spec);

/// Facts for an interface that only receives.
plan::HostFacts gather_facts(const std::string& interface);

std::vector<int> allowed_cpus();
std::string kernel_release();
/// As /proc/cpuinfo names it; empty if it does not.
std::string cpu_model();
std::uint32_t online_cpus();
std::string host_name();

} // namespace xtg::app
