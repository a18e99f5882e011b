// SPDX-License-Identifier: BSD-2-Clause
// `udp --server`: one end here, the other one on a server's host; the results of both as one.
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "app/app.h"
#include "app/facts.h"
#include "app/front_end.h"
#include "app/hosts_run.h"
#include "app/near_run.h"
#include "app/two_hosts.h"
#include "core/clock.h"
#include "plan/plan.h"
#include "plan/rx_plan.h"
#include "serve/both_hosts.h"
#include "serve/far_end.h"
#include "serve/journal.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

/// For how long clocks may drift apart in a run without a duration.
constexpr Nanoseconds kUnlimited{10'000'000'000};

class TwoHosts final : public HostsRun {
public:
  /// `kept`: of a series of tests, or null.
  TwoHosts(const plan::TestSpec& test, const plan::FarEnd& far, FarHost* host, KeptPort* kept,
           Context& context)
      : HostsRun(far, test.output, host, context), test_(test), kept_(kept) {
    hosts_.expect = test.expect;
  }

private:
  [[nodiscard]] bool far_sends() const { return far_end_.reverse || test_.bidir; }

  Status course() override;
  Status connect();
  Status start_receivers();
  Status send();
  void collect();
  serve::Clocks over(std::uint64_t from_ns, std::uint64_t to_ns) const;

  const plan::TestSpec& test_;
  KeptPort* kept_;
  serve::ClockComparison clocks_;
  serve::SenderOffsets offsets_; ///< that the receivers were given
  std::uint32_t run_id_ = 0;
  std::string far_receiver_;
  serve::HalfResult near_sender_;
  bool cut_ = false; ///< the server's receiver was over before our sender
};

Status TwoHosts::connect() {
  const plan::StreamSpec& stream = test_.ports.front().streams.front();
  std::optional<packet::Ip> dst;
  if (stream.dst_addr && near_sends()) dst = stream.dst_addr->first;
  const plan::InterfaceChoice near{test_.ports.front().interface, stream.zone};
  if (auto ok = HostsRun::connect(near, dst, test_.duration); !ok) return ok;
  runs().compare_clocks(clocks_);
  const std::uint64_t now = monotonic_ns();
  const Nanoseconds run = test_.duration.value_or(kUnlimited);
  offsets_ = serve::offsets_for_receivers(over(now, now), run.count());
  return {};
}

serve::Clocks TwoHosts::over(std::uint64_t from_ns, std::uint64_t to_ns) const {
  return clocks_.over(static_cast<std::int64_t>(from_ns), static_cast<std::int64_t>(to_ns),
                      serve::offset_limits(hosts_.ways));
}

Status TwoHosts::start_receivers() {
  if (near_sends()) {
    auto id = start_far(
        serve::far_receiver(test_, run_id_, far_end_.interface, offsets_.near_sender_ns), true);
    if (!id) return tl::unexpected<Error>(std::move(id.error()));
    far_receiver_ = std::move(*id);
  }
  if (!far_sends()) return {};
  // Before anything runs here: a server that refuses leaves nothing to be shown.
  if (auto ok = prepare_far_sender(
          serve::far_sender(test_, run_id_ + 1, path_.near_ip, far_end_.interface));
      !ok)
    return ok;
  const plan::RxSpec spec =
      serve::near_receiver(test_, run_id_ + 1, path_.near_interface, offsets_.far_sender_ns);
  auto plan = plan::resolve_rx(spec, without_kept(gather_facts(path_.near_interface), kept_));
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  near_receiver_ =
      std::make_unique<NearRun>(std::move(*plan), shown(false), asker(context_), kept_);
  near_receiver_->await_begin();
  return {};
}

Status TwoHosts::send() {
  const plan::TestSpec test = serve::near_sender(test_, run_id_, path_.far_ip);
  const auto facts = without_kept(gather_facts(test, test.ports.front(), true), kept_);
  const auto plan = plan::resolve(test, facts, run_id_);
  if (!plan) return tl::unexpected<Error>(plan.error());
  serve::Journal journal(serve::Journal::kUnbounded);
  Tee tee(journal, shown(true));
  EndsWith receiver(runs(), far_receiver_, near_stop_);
  // Both senders start at one time, which the far end's answer says.
  const AwaitStart ready = [this] {
    const std::uint64_t now = monotonic_ns();
    return serve::near_time(over(now, now), start_far_sender());
  };
  finish(measure(*plan, tee, near_stop_, asker(context_), kept_, ready), tee);
  near_sender_ = result_of(journal);
  cut_ = receiver.over() && !interrupted() && serve::ended_early(near_sender_);
  return {};
}

void TwoHosts::collect() {
  const std::string near = path_.near_end(), far = path_.far_end();
  const Nanoseconds patience = test_.drain + kMore;
  if (!far_receiver_.empty()) {
    serve::Way way{near, far, true, near_sender_, {}, offsets_.near_sender_ns};
    way.received = far_result(runs(), far_receiver_, patience, hosts_.errors);
    way.cut = cut_;
    hosts_.ways.push_back(std::move(way));
  }
  if (far_sender_.empty()) return;
  serve::Way way{far, near, false, {}, {}, offsets_.far_sender_ns};
  way.sent = far_result(runs(), far_sender_, patience, hosts_.errors);
  way.received = near_receiver_->finish_within(patience);
  hosts_.ways.push_back(std::move(way));
}

Status TwoHosts::course() {
  if (auto ok = connect(); !ok) return ok;
  run_id_ = test_.run_id.value_or(std::random_device{}() & ~1U);
  const auto attended = attend();
  if (auto ok = start_receivers(); !ok) return ok;
  const std::uint64_t from_ns = monotonic_ns();
  if (near_sends()) {
    if (auto ok = send(); !ok) return ok;
  } else {
    start_far_sender();
    if (!hosts_.errors.empty()) return {};
  }
  if (far_sends()) await_far_sender();
  const std::uint64_t to_ns = monotonic_ns();
  if (runs().lost()) return {};
  runs().compare_clocks(clocks_);
  collect();
  hosts_.clocks = over(from_ns, to_ns);
  return {};
}

} // namespace

serve::BothHosts measure_between(const plan::TestSpec& test, const plan::FarEnd& far, FarHost& host,
                                 KeptPort& kept, Context& context) {
  return TwoHosts(test, far, &host, &kept, context).run();
}

int udp_with_server(const plan::TestSpec& test, const plan::FarEnd& far, Context& context) {
  xdp::init_logging(test.output.verbose);
  const bool round_trip = test.ports.front().streams.front().round_trip;
  return print_hosts(round_trip ? round_trip_with_server(test, far, context)
                                : TwoHosts(test, far, nullptr, nullptr, context).run(),
                     test.output, context);
}

} // namespace xtg::app
