// SPDX-License-Identifier: BSD-2-Clause
#include "app/repair.h"

#include <chrono>
#include <future>

#include <fmt/format.h>

#include "net/interface.h"
#include "net/netns.h"
#include "xdp/ring_program.h"

namespace xtg::app {

namespace {

constexpr std::chrono::milliseconds kLookAgain{100};

/// Holds the program until stopped; `begun` receives the result of attaching it.
void keep(const std::stop_token& stop, const net::NetNs& ns, int ifindex,
          std::promise<Status>& begun) {
  if (auto entered = ns.enter(); !entered) return begun.set_value(entered);
  auto program = xdp::RingProgram::hold(ifindex);
  if (!program) return begun.set_value(tl::unexpected<Error>(std::move(program.error())));
  begun.set_value({});
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, stop, kLookAgain, [&stop] { return stop.stop_requested(); }))
    program->keep();
}

} // namespace

Repair::~Repair() = default;

Result<std::unique_ptr<Repair>> Repair::hold(const plan::VethPeer& peer, bool only_shared) {
  auto ns = net::netns_of(peer);
  if (!ns) return forward(std::move(ns), "--fix");
  if (only_shared && !ns->run([&]() -> Result<bool> {
                          return xdp::RingProgram::is_on(peer.ifindex);
                        }).value_or(false))
    return std::unique_ptr<Repair>();
  std::unique_ptr<Repair> repair(
      new Repair(fmt::format("an XDP program that passes everything is attached to {} for the run: "
                             "the kernel has a receive ring there only with one, or with GRO",
                             peer.name)));
  std::promise<Status> promise;
  auto begun = promise.get_future();
  repair->keeper_ =
      std::jthread([ns = std::move(*ns), ifindex = peer.ifindex, promise = std::move(promise)](
                       const std::stop_token& stop) mutable { keep(stop, ns, ifindex, promise); });
  if (auto status = begun.get(); !status)
    return forward(Result<std::unique_ptr<Repair>>(tl::unexpected<Error>(status.error())), "--fix");
  return repair;
}

Result<std::unique_ptr<Repair>> Repair::apply(const plan::Diagnosis& diagnosis,
                                              const plan::InterfaceFacts& iface) {
  if (diagnosis.fix != plan::Fix::PeerRing || !iface.peer)
    return fail(Errc::NotSupported, "--fix cannot repair this: " + diagnosis.paragraph());
  return hold(*iface.peer, false);
}

std::unique_ptr<Repair> Repair::share(const plan::InterfaceFacts& iface) {
  if (!iface.peer || !iface.peer->reachable || iface.peer->gro || !iface.peer->xdp_native)
    return nullptr;
  auto shared = hold(*iface.peer, true);
  return shared ? std::move(*shared) : nullptr;
}

} // namespace xtg::app
