// SPDX-License-Identifier: BSD-2-Clause
// Asks the host what a plan needs to know.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "plan/facts.h"
#include "plan/tcp_plan.h"
#include "plan/test_spec.h"

namespace xtg::app {

/// The interface that the user named, or the one that such a packet takes where none was named, or
/// a VRF. Completes the question with what a socket of this process would have: mark, VRF, and the
/// interface, if one was named. Waits up to a second for IPv6 addresses that are being checked.
Result<plan::InterfaceFacts> find_interface(const plan::InterfaceChoice& choice,
                                            plan::RouteQuestion& question);

/// Never fails: what could not be learnt stands in the facts as text. With `resolve_neighbours` the
/// kernel is made to ask for next hops that are not in its table (at most a second each). Of a port
/// that sends.
plan::HostFacts gather_facts(const plan::TestSpec& test, const plan::PortSpec& port,
                             bool resolve_neighbours);

/// The facts of every port, which from here on has its interface's own name; with them the ways
/// back, whose addresses are the first sender's. `of_sender` gathers those of a port that sends.
std::vector<plan::HostFacts> gather_facts_of_ports(
    plan::TestSpec& test,
    const std::function<plan::HostFacts(const plan::TestSpec&, const plan::PortSpec&)>& of_sender);

/// Of a `tcp` run, with what its host's name stands for.
plan::TcpFacts gather_facts(const plan::TcpSpec& spec);

/// Of an interface that only receives.
plan::HostFacts gather_facts(const std::string& interface);

std::vector<int> allowed_cpus();
std::string kernel_release();
std::string host_name();

} // namespace xtg::app
