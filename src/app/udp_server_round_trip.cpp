// SPDX-License-Identifier: BSD-2-Clause
// `udp --server --round-trip`: the far end reflects, and this end measures what returns.
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "app/app.h"
#include "app/facts.h"
#include "app/far_host.h"
#include "app/front_end.h"
#include "app/host_lines.h"
#include "app/two_hosts.h"
#include "core/clock.h"
#include "plan/port_test_plan.h"
#include "serve/far_end.h"

namespace xtg::app {
namespace {

class RoundTrip {
public:
  RoundTrip(const plan::TestSpec& test, const plan::FarEnd& far, Context& context)
      : test_(test), far_end_(far), context_(context) {
    if (test.output.json_stream) lines_.emplace(context.out);
  }

  serve::BothHosts run() {
    hosts_.command = context_.command;
    hosts_.profile = context_.test;
    if (auto ok = course(); !ok) hosts_.errors.push_back(std::move(ok.error()));
    if (lines_) lines_->join(); // the result's line is the last one
    if (host_ && host_->runs().lost() && hosts_.errors.empty())
      hosts_.errors.push_back(*host_->runs().lost());
    return std::move(hosts_);
  }

private:
  Status course();
  Result<plan::PortTestPlan> plan();
  std::unique_ptr<report::Sink> shown();

  const plan::TestSpec& test_;
  const plan::FarEnd& far_end_;
  Context& context_;
  serve::BothHosts hosts_;
  StopToken stop_; ///< the user's, or when the server is lost
  std::unique_ptr<FarHost> host_;
  HostPath path_;
  std::optional<HostLines> lines_; ///< for --json-stream
};

Result<plan::PortTestPlan> RoundTrip::plan() {
  plan::TestSpec test = serve::near_round_trip(test_, path_.near_interface, path_.far_ip);
  const auto facts = gather_facts_of_ports(
      test, [](const auto& spec, const auto& port) { return gather_facts(spec, port, true); });
  return plan::resolve_port_test(test, facts, test_.run_id.value_or(std::random_device{}()));
}

std::unique_ptr<report::Sink> RoundTrip::shown() {
  if (lines_) return lines_->sink({.near_end = true, .forward = true});
  if (!for_people(test_.output)) return report::make_quiet();
  return report::make_text(context_.out, context_.err);
}

Status RoundTrip::course() {
  auto host = FarHost::connect(far_end_, context_.err);
  if (!host) return tl::unexpected<Error>(std::move(host.error()));
  host_ = std::move(*host);
  FarRuns& runs = host_->runs();
  runs.when_lost([this] { stop_.trip(monotonic_ns()); });
  hosts_.server = host_->server();
  const plan::PortSpec& port = test_.ports.front();
  const plan::StreamSpec& stream = port.streams.front();
  std::optional<packet::Ip> dst;
  if (stream.dst_addr) dst = stream.dst_addr->first;
  auto path = host_->find_path({port.interface, stream.zone}, dst);
  if (!path) return tl::unexpected<Error>(std::move(path.error()));
  path_ = std::move(*path);
  const auto plan = this->plan();
  if (!plan) return tl::unexpected<Error>(plan.error());
  const auto attended = context_.stop.attend([this] { stop_.trip(monotonic_ns()); });
  if (auto ok = runs.prove(path_.near_ip); !ok) return ok; // a server answers to nobody else
  const auto id = runs.start(serve::far_reflector(test_, plan->ports.front().send->run_id,
                                                  path_.near_ip, far_end_.interface),
                             far_end_.wait, context_.stop);
  if (!id) return tl::unexpected<Error>(id.error());
  if (lines_) lines_->follow(runs.target(), *id, {.near_end = false, .forward = false});
  serve::RoundTripHalves halves{path_.near_end(), path_.far_end(), {}, {}};
  serve::Journal journal(serve::Journal::kUnbounded);
  Tee tee(journal, shown());
  EndsWith reflector(runs, *id, stop_);
  finish(measure(*plan, tee, stop_, asker(context_)), tee);
  halves.near = result_of(journal);
  halves.cut = reflector.over() && context_.stop.asked() == Asked::Nothing &&
               serve::ended_early(halves.near);
  if (runs.lost()) return {};
  runs.stop(*id);
  halves.far = far_result(runs, *id, kMore, hosts_.errors);
  hosts_.round_trip = std::move(halves);
  return {};
}

} // namespace

serve::BothHosts round_trip_with_server(const plan::TestSpec& test, const plan::FarEnd& far,
                                        Context& context) {
  return RoundTrip(test, far, context).run();
}

} // namespace xtg::app
