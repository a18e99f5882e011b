// SPDX-License-Identifier: BSD-2-Clause
// `tcp --server`: one end here, the other one on a server's host. The end that receives is an
// ordinary receiver of its kernel (`tcp-sink`); the results of both make one.
#include <chrono>
#include <memory>
#include <optional>
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
#include "plan/tcp_plan.h"
#include "plan/tcp_sink_plan.h"
#include "serve/both_hosts.h"
#include "serve/far_tcp.h"
#include "xdp/live.h"

namespace xtg::app {

namespace {

class TcpHosts {
public:
  TcpHosts(const plan::TcpSpec& spec, const plan::FarEnd& far, Context& context)
      : spec_(spec), far_end_(far), context_(context) {
    if (spec.output.json_stream) lines_.emplace(context.out);
  }

  serve::BothHosts run() {
    hosts_.command = context_.command;
    hosts_.profile = context_.test;
    hosts_.tcp = true;
    if (auto ok = course(); !ok) hosts_.errors.push_back(std::move(ok.error()));
    near_sink_.reset(); // the result's line is the last one
    if (lines_) lines_->join();
    if (host_ && runs().lost() && hosts_.errors.empty()) hosts_.errors.push_back(*runs().lost());
    return std::move(hosts_);
  }

private:
  [[nodiscard]] FarRuns& runs() { return host_->runs(); }
  [[nodiscard]] bool near_sends() const { return !far_end_.reverse; }
  [[nodiscard]] bool far_sends() const { return far_end_.reverse || far_end_.bidir; }
  [[nodiscard]] bool interrupted() const { return context_.stop.asked() != Asked::Nothing; }

  Status connect();
  Status start_sinks();
  Result<std::string> start_far(const std::string& body, bool forward);
  Status send();
  void wait_for_far_sender();
  void collect();
  Status course();
  std::unique_ptr<report::Sink> shown(bool sender);

  const plan::TcpSpec& spec_;
  const plan::FarEnd& far_end_;
  Context& context_;
  serve::BothHosts hosts_;
  StopToken near_stop_; ///< of our sender: the user's, or when the server is lost
  std::unique_ptr<FarHost> host_;
  HostPath path_;
  std::optional<HostLines> lines_; ///< for --json-stream
  std::unique_ptr<NearRun> near_sink_;
  std::string far_sink_, far_sender_;
  serve::HalfResult near_sender_;
};

Status TcpHosts::connect() {
  auto host = FarHost::connect(far_end_, context_.err);
  if (!host) return tl::unexpected<Error>(std::move(host.error()));
  host_ = std::move(*host);
  runs().when_lost([this] { near_stop_.trip(monotonic_ns()); });
  hosts_.server = host_->server();
  auto path = host_->find_path({spec_.interface, spec_.zone}, std::nullopt);
  if (!path) return tl::unexpected<Error>(std::move(path.error()));
  path_ = std::move(*path);
  return {};
}

std::unique_ptr<report::Sink> TcpHosts::shown(bool sender) {
  if (lines_) return lines_->sink({.near_end = true, .forward = sender});
  // Two runs side by side would mix their lines.
  const bool first = sender || !near_sends();
  if (!first || !for_people(spec_.output)) return report::make_quiet();
  return report::make_text(context_.out, context_.err);
}

Result<std::string> TcpHosts::start_far(const std::string& body, bool forward) {
  auto id = runs().start(body, far_end_.wait, context_.stop);
  if (id && lines_) lines_->follow(runs().target(), *id, {.near_end = false, .forward = forward});
  return id;
}

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
  near_sink_ = std::make_unique<NearRun>(std::move(*plan), shown(false), asker(context_));
  near_sink_->await_begin();
  return {};
}

Status TcpHosts::send() {
  const plan::TcpSpec spec = serve::near_tcp(spec_, path_.far_ip, path_.near_interface);
  const auto plan = plan::resolve_tcp(spec, gather_facts(spec));
  if (!plan) return tl::unexpected<Error>(plan.error());
  serve::Journal journal(serve::Journal::kUnbounded);
  Tee tee(journal, shown(true));
  finish(measure(*plan, tee, near_stop_, asker(context_)), tee);
  near_sender_ = result_of(journal);
  return {};
}

void TcpHosts::wait_for_far_sender() {
  while (!runs().over(far_sender_) && !runs().lost() && !interrupted() && !near_sink_->over())
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (interrupted() || near_sink_->over()) runs().stop(far_sender_);
}

void TcpHosts::collect() {
  const std::string near = path_.near_end(), far = path_.far_end();
  if (!far_sink_.empty()) {
    // Its connections are over: their senders have waited for that, as far as they wanted to.
    runs().stop(far_sink_);
    serve::Way way{near, far, true, near_sender_, {}};
    way.received = far_result(runs(), far_sink_, kMore, hosts_.errors);
    hosts_.ways.push_back(std::move(way));
  }
  if (far_sender_.empty()) return;
  serve::Way way{far, near, false, {}, {}};
  way.sent = far_result(runs(), far_sender_, spec_.drain + kMore, hosts_.errors);
  near_sink_->stop();
  way.received = near_sink_->finish_within(kMore);
  hosts_.ways.push_back(std::move(way));
}

Status TcpHosts::course() {
  if (auto ok = connect(); !ok) return ok;
  const auto attended = context_.stop.attend([this] { near_stop_.trip(monotonic_ns()); });
  if (auto ok = start_sinks(); !ok) return ok;
  if (far_sends()) {
    auto id = start_far(serve::far_tcp(spec_, path_.near_ip, far_end_.interface), false);
    if (!id) return tl::unexpected<Error>(std::move(id.error()));
    far_sender_ = std::move(*id);
  }
  if (near_sends())
    if (auto ok = send(); !ok) return ok;
  if (far_sends()) wait_for_far_sender();
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
