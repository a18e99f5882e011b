// SPDX-License-Identifier: BSD-2-Clause
// `udp --server`: one end here, the other one on a server's host; the results of both as one.
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "app/app.h"
#include "app/facts.h"
#include "app/far_host.h"
#include "app/front_end.h"
#include "app/host_lines.h"
#include "app/near_run.h"
#include "app/two_hosts.h"
#include "core/clock.h"
#include "core/exit_status.h"
#include "plan/plan.h"
#include "plan/rx_plan.h"
#include "serve/both_hosts.h"
#include "serve/journal.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

/// For how long clocks may drift apart in a run without a duration.
constexpr Nanoseconds kUnlimited{10'000'000'000};

class TwoHosts {
public:
  /// `host`: a connection that there is already, or null; `kept`: of a series of tests, or null.
  TwoHosts(const plan::TestSpec& test, const plan::FarEnd& far, FarHost* host, KeptPort* kept,
           Context& context)
      : test_(test), far_end_(far), context_(context), host_(host), kept_(kept) {
    if (test.output.json_stream) lines_.emplace(context.out);
  }

  serve::BothHosts run() {
    hosts_.command = context_.command;
    hosts_.profile = context_.test;
    if (auto ok = course(); !ok) hosts_.errors.push_back(std::move(ok.error()));
    near_rx_.reset(); // the result's line is the last one
    if (lines_) lines_->join();
    if (host_ != nullptr && runs().lost() && hosts_.errors.empty())
      hosts_.errors.push_back(*runs().lost());
    return std::move(hosts_);
  }

private:
  [[nodiscard]] FarRuns& runs() { return host_->runs(); }
  [[nodiscard]] bool near_sends() const { return !far_end_.reverse; }
  [[nodiscard]] bool far_sends() const { return far_end_.reverse || test_.bidir; }
  [[nodiscard]] bool interrupted() const { return context_.stop.asked() != Asked::Nothing; }

  Status connect();
  Status start_receivers();
  Status start_far_sender();
  Status send();
  void wait_for_far_sender();
  void collect();
  Status course();
  std::unique_ptr<report::Sink> shown(bool sender);
  void follow(const std::string& id, bool forward);
  serve::Clocks over(std::uint64_t from_ns, std::uint64_t to_ns) const;

  const plan::TestSpec& test_;
  const plan::FarEnd& far_end_;
  Context& context_;
  serve::BothHosts hosts_;
  StopToken near_stop_; ///< of our sender: the user's, or when the server is lost
  FarHost* host_;
  KeptPort* kept_;
  std::unique_ptr<FarHost> own_host_;
  HostPath path_;
  serve::ClockComparison clocks_;
  serve::SenderOffsets offsets_;   ///< that the receivers were given
  std::optional<HostLines> lines_; ///< for --json-stream
  std::uint32_t run_id_ = 0;
  std::unique_ptr<NearRun> near_rx_;
  std::string far_rx_, far_tx_;
  serve::HalfResult near_tx_;
  bool cut_ = false; ///< the server's receiver was over before our sender
};

Status TwoHosts::connect() {
  if (host_ == nullptr) {
    auto host = FarHost::connect(far_end_, context_.err);
    if (!host) return tl::unexpected<Error>(std::move(host.error()));
    own_host_ = std::move(*host);
    host_ = own_host_.get();
  }
  runs().when_lost([stop = near_stop_]() mutable { stop.trip(monotonic_ns()); });
  hosts_.server = host_->server();
  const plan::StreamSpec& stream = test_.ports.front().streams.front();
  std::optional<packet::Ip> dst;
  if (stream.dst_addr && near_sends()) dst = stream.dst_addr->first;
  auto path = host_->find_path({test_.ports.front().interface, stream.zone}, dst);
  if (!path) return tl::unexpected<Error>(std::move(path.error()));
  path_ = std::move(*path);
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

std::unique_ptr<report::Sink> TwoHosts::shown(bool sender) {
  if (lines_) return lines_->sink({.near_end = true, .forward = sender});
  // Two runs side by side would mix their lines.
  const bool first = sender || !near_sends();
  if (!first || !for_people(test_.output)) return report::make_quiet();
  return report::make_text(context_.out, context_.err);
}

void TwoHosts::follow(const std::string& id, bool forward) {
  if (lines_) lines_->follow(runs().target(), id, {.near_end = false, .forward = forward});
}

Status TwoHosts::start_receivers() {
  if (near_sends()) {
    auto id = runs().start(
        serve::far_receiver(test_, run_id_, far_end_.interface, offsets_.near_sender_ns),
        far_end_.wait, context_.stop);
    if (!id) return tl::unexpected<Error>(std::move(id.error()));
    far_rx_ = std::move(*id);
    follow(far_rx_, true);
  }
  if (!far_sends()) return {};
  if (auto ok = runs().prove(path_.near_ip); !ok) return ok;
  const plan::RxSpec spec =
      serve::near_receiver(test_, run_id_ + 1, path_.near_interface, offsets_.far_sender_ns);
  auto plan = plan::resolve_rx(spec, without_kept(gather_facts(path_.near_interface), kept_));
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  near_rx_ = std::make_unique<NearRun>(std::move(*plan), shown(false), asker(context_), kept_);
  near_rx_->await_begin();
  return {};
}

Status TwoHosts::start_far_sender() {
  auto id = runs().start(serve::far_sender(test_, run_id_ + 1, path_.near_ip, far_end_.interface),
                         far_end_.wait, context_.stop);
  if (!id) return tl::unexpected<Error>(std::move(id.error()));
  far_tx_ = std::move(*id);
  follow(far_tx_, false);
  return {};
}

Status TwoHosts::send() {
  const plan::TestSpec test = serve::near_sender(test_, run_id_, path_.far_ip);
  const auto facts = without_kept(gather_facts(test, test.ports.front(), true), kept_);
  const auto plan = plan::resolve(test, facts, run_id_);
  if (!plan) return tl::unexpected<Error>(plan.error());
  serve::Journal journal(serve::Journal::kUnbounded);
  Tee tee(journal, shown(true));
  EndsWith receiver(runs(), far_rx_, near_stop_);
  finish(measure(*plan, tee, near_stop_, asker(context_), kept_), tee);
  near_tx_ = result_of(journal);
  cut_ = receiver.over() && !interrupted() && serve::ended_early(near_tx_);
  return {};
}

void TwoHosts::wait_for_far_sender() {
  while (!runs().over(far_tx_) && !runs().lost() && !interrupted() && !near_rx_->over())
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (interrupted() || near_rx_->over()) runs().stop(far_tx_);
}

void TwoHosts::collect() {
  const std::string near = path_.near_end(), far = path_.far_end();
  const Nanoseconds patience = test_.drain + kMore;
  if (!far_rx_.empty()) {
    serve::Way way{near, far, true, near_tx_, {}, offsets_.near_sender_ns};
    way.received = far_result(runs(), far_rx_, patience, hosts_.errors);
    way.cut = cut_;
    hosts_.ways.push_back(std::move(way));
  }
  if (far_tx_.empty()) return;
  serve::Way way{far, near, false, {}, {}, offsets_.far_sender_ns};
  way.sent = far_result(runs(), far_tx_, patience, hosts_.errors);
  way.received = near_rx_->finish_within(patience);
  hosts_.ways.push_back(std::move(way));
}

Status TwoHosts::course() {
  if (auto ok = connect(); !ok) return ok;
  run_id_ = test_.run_id.value_or(std::random_device{}() & ~1U);
  const auto attended = context_.stop.attend([this] { near_stop_.trip(monotonic_ns()); });
  if (auto ok = start_receivers(); !ok) return ok;
  const std::uint64_t from_ns = monotonic_ns();
  if (far_sends())
    if (auto ok = start_far_sender(); !ok) return ok;
  if (near_sends())
    if (auto ok = send(); !ok) return ok;
  if (far_sends()) wait_for_far_sender();
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
