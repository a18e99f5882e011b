// SPDX-License-Identifier: BSD-2-Clause
// `tcp --server`: one end here, the other one on a server's host. The end that receives is an
// ordinary receiver of its kernel (`tcp-sink`); the results of both make one.
#include <memory>
#include <optional>
#include <utility>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/hosts_run.h"
#include "app/near_run.h"
#include "app/two_hosts.h"
#include "plan/tcp_plan.h"
#include "plan/tcp_sink_plan.h"
#include "serve/both_hosts.h"
#include "serve/far_tcp.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

class TcpHosts final : public HostsRun {
public:
  TcpHosts(const plan::TcpSpec& spec, const plan::FarEnd& far, Context& context)
      : HostsRun(far, spec.output, nullptr, context), spec_(spec) {
    hosts_.tcp = true;
  }

private:
  [[nodiscard]] bool far_sends() const { return far_end_.reverse || far_end_.bidir; }

  Status course() override;
  Status start_sinks();
  Status send();
  void collect();

  const plan::TcpSpec& spec_;
  std::string far_sink_;
  serve::HalfResult near_sender_;
};

Status TcpHosts::start_sinks() {
  if (near_sends()) {
    auto id = start_far(serve::far_tcp_sink(spec_, path_.near_ip, far_end_.interface), true);
    if (!id) return tl::unexpected<Error>(std::move(id.error()));
    far_sink_ = std::move(*id);
  }
  if (!far_sends()) return {};
  if (auto ok = runs().prove(path_.near_ip); !ok) return ok;
  const auto spec = serve::near_tcp_sink(spec_, path_.far_ip, path_.near_interface);
  auto plan = plan::resolve_tcp_sink(spec, gather_facts(spec.interface));
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  near_receiver_ = std::make_unique<NearRun>(std::move(*plan), shown(false), asker(context_));
  near_receiver_->await_begin();
  return {};
}

Status TcpHosts::send() {
  const plan::TcpSpec spec = serve::near_tcp(spec_, path_.far_ip, path_.near_interface);
  const auto plan = plan::resolve_tcp(spec, gather_facts(spec));
  if (!plan) return tl::unexpected<Error>(plan.error());
  serve::Journal journal(serve::Journal::kUnbounded);
  Tee tee(journal, shown(true));
  finish(measure(*plan, tee, near_stop_, asker(context_), [this] { return start_far_sender(); }),
         tee);
  near_sender_ = result_of(journal);
  return {};
}

void TcpHosts::collect() {
  const std::string near = path_.near_end(), far = path_.far_end();
  if (!far_sink_.empty()) {
    // Its connections are over: their senders have waited for that, as far as they wanted to.
    const bool ran = runs().stop(far_sink_);
    serve::Way way{near, far, true, near_sender_, {}};
    way.received = far_result(runs(), far_sink_, kMore, hosts_.errors);
    way.cut = !ran && !interrupted();
    hosts_.ways.push_back(std::move(way));
  }
  if (far_sender_.empty()) return;
  serve::Way way{far, near, false, {}, {}};
  way.sent = far_result(runs(), far_sender_, spec_.drain + kMore, hosts_.errors);
  near_receiver_->stop();
  way.received = near_receiver_->finish_within(kMore);
  hosts_.ways.push_back(std::move(way));
}

Status TcpHosts::course() {
  if (auto ok = connect({spec_.interface, spec_.zone}, std::nullopt, spec_.duration); !ok)
    return ok;
  const auto attended = attend();
  if (auto ok = start_sinks(); !ok) return ok;
  if (far_sends()) { // to prepare it opens its connections: there must be a receiver
    auto id =
        start_far(serve::far_tcp(spec_, path_.near_ip, far_end_.interface), false, near_sends());
    if (!id) {
      show_no_more();
      return tl::unexpected<Error>(std::move(id.error()));
    }
    far_sender_ = std::move(*id);
  }
  if (near_sends())
    if (auto ok = send(); !ok) return ok;
  if (far_sends()) await_far_sender();
  if (runs().lost()) return {};
  collect();
  return {};
}

} // namespace

int tcp_with_server(const plan::TcpSpec& spec, const plan::FarEnd& far, Context& context) {
  xdp::init_logging(spec.output.verbose);
  return print_hosts(TcpHosts(spec, far, context).run(), spec.output, context);
}

} // namespace xtg::app
