// SPDX-License-Identifier: BSD-2-Clause
#include "app/hosts_run.h"

#include <chrono>
#include <thread>
#include <utility>

#include "app/front_end.h"
#include "core/clock.h"

namespace xtg::app {

HostsRun::HostsRun(const plan::FarEnd& far, const plan::OutputSpec& output, FarHost* host,
                   Context& context)
    : far_end_(far), output_(output), context_(context), host_(host) {
  if (output.json_stream) lines_.emplace(context.out);
}

serve::BothHosts HostsRun::run() {
  hosts_.command = context_.command;
  hosts_.profile = context_.test;
  if (auto ok = course(); !ok) hosts_.errors.push_back(std::move(ok.error()));
  near_receiver_.reset(); // the result's line is the last one
  if (lines_) lines_->join();
  if (host_ != nullptr && runs().lost() && hosts_.errors.empty())
    hosts_.errors.push_back(*runs().lost());
  return std::move(hosts_);
}

Status HostsRun::connect(const plan::InterfaceChoice& near, const std::optional<packet::Ip>& dst) {
  if (host_ == nullptr) {
    auto host = FarHost::connect(far_end_, context_.err);
    if (!host) return tl::unexpected<Error>(std::move(host.error()));
    own_host_ = std::move(*host);
    host_ = own_host_.get();
  }
  runs().when_lost([stop = near_stop_]() mutable { stop.trip(monotonic_ns()); });
  hosts_.server = host_->server();
  auto path = host_->find_path(near, dst);
  if (!path) return tl::unexpected<Error>(std::move(path.error()));
  path_ = std::move(*path);
  return {};
}

StopToken::Registration HostsRun::attend() {
  return context_.stop.attend([stop = near_stop_]() mutable { stop.trip(monotonic_ns()); });
}

std::unique_ptr<report::Sink> HostsRun::shown(bool forward) {
  if (lines_) return lines_->sink({.near_end = true, .forward = forward});
  // Two runs side by side would mix their lines.
  const bool first = forward || !near_sends();
  if (!first || !for_people(output_)) return report::make_quiet();
  return report::make_text(context_.out, context_.err);
}

Result<std::string> HostsRun::start_far(const std::string& body, bool forward, bool prepare) {
  auto id = runs().start(body, {.wait = far_end_.wait, .prepare = prepare}, context_.stop);
  far_prepared_ = id && prepare;
  if (id && lines_) lines_->follow(runs().target(), *id, {.near_end = false, .forward = forward});
  return id;
}

std::uint64_t HostsRun::start_far_sender() {
  if (!far_prepared_ || near_stop_.asked() != Asked::Nothing) return 0;
  auto started = runs().let_go(far_sender_);
  far_prepared_ = !started;
  if (started) return *started;
  hosts_.errors.push_back(std::move(started.error()));
  near_stop_.trip(monotonic_ns());
  return 0;
}

void HostsRun::await_far_sender() {
  const auto needless = [this] { return far_prepared_ || interrupted() || near_receiver_->over(); };
  while (!runs().over(far_sender_) && !runs().lost() && !needless())
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  if (needless()) runs().stop(far_sender_);
}

} // namespace xtg::app
