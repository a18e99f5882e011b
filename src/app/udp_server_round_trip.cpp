// SPDX-License-Identifier: BSD-2-Clause
// `udp --server --round-trip`: the far end reflects, and this end measures what returns.
#include <optional>
#include <random>
#include <utility>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/hosts_run.h"
#include "app/two_hosts.h"
#include "plan/port_test_plan.h"
#include "serve/far_end.h"

namespace xtg::app {
namespace {

class RoundTrip final : public HostsRun {
public:
  RoundTrip(const plan::TestSpec& test, const plan::FarEnd& far, Context& context)
      : HostsRun(far, test.output, nullptr, context), test_(test) {}

private:
  Status course() override;
  [[nodiscard]] Result<plan::PortTestPlan> plan() const;

  const plan::TestSpec& test_;
};

Result<plan::PortTestPlan> RoundTrip::plan() const {
  plan::TestSpec test = serve::near_round_trip(test_, path_.near_interface, path_.far_ip);
  const auto facts = gather_facts_of_ports(
      test, [](const auto& spec, const auto& port) { return gather_facts(spec, port, true); });
  return plan::resolve_port_test(test, facts, test_.run_id.value_or(std::random_device{}()));
}

Status RoundTrip::course() {
  const plan::PortSpec& port = test_.ports.front();
  const plan::StreamSpec& stream = port.streams.front();
  std::optional<packet::Ip> dst;
  if (stream.dst_addr) dst = stream.dst_addr->first;
  if (auto ok = connect({port.interface, stream.zone}, dst, test_.duration); !ok) return ok;
  const auto plan = this->plan();
  if (!plan) return tl::unexpected<Error>(plan.error());
  const auto attended = attend();
  if (auto ok = runs().prove(path_.near_ip); !ok) return ok; // a server answers to nobody else
  const auto id = start_far(serve::far_reflector(test_, plan->ports.front().send->run_id,
                                                 path_.near_ip, far_end_.interface),
                            false);
  if (!id) return tl::unexpected<Error>(id.error());
  serve::RoundTripHalves halves{path_.near_end(), path_.far_end(), {}, {}};
  serve::Journal journal(serve::Journal::kUnbounded);
  Tee tee(journal, shown(true));
  EndsWith reflector(runs(), *id, near_stop_);
  finish(measure(*plan, tee, near_stop_, asker(context_)), tee);
  halves.near = result_of(journal);
  halves.cut = reflector.over() && !interrupted() && serve::ended_early(halves.near);
  if (runs().lost()) return {};
  runs().stop(*id);
  halves.far = far_result(runs(), *id, kMore, hosts_.errors);
  hosts_.round_trip = std::move(halves);
  return {};
}

} // namespace

serve::BothHosts round_trip_with_server(const plan::TestSpec& test, const plan::FarEnd& far,
                                        Context& context) {
  return RoundTrip(test, far, context).run();
}

} // namespace xtg::app
