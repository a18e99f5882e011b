// SPDX-License-Identifier: BSD-2-Clause
#include "app/hosts_run.h"

#include <chrono>
#include <thread>
#include <utility>

#include "app/front_end.h"
#include "core/clock.h"

namespace xtg::app {

namespace {

/// A text that may end early.
class HiddenText final : public report::Sink {
public:
  HiddenText(std::unique_ptr<report::Sink> text, std::shared_ptr<std::atomic<bool>> hidden)
      : text_(std::move(text)), hidden_(std::move(hidden)) {}
  void take(const report::Event& event) override {
    if (!*hidden_) text_->take(event);
  }
  [[nodiscard]] Status status() const override { return text_->status(); }

private:
  std::unique_ptr<report::Sink> text_;
  std::shared_ptr<std::atomic<bool>> hidden_;
};

} // namespace

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

Status HostsRun::connect(const plan::InterfaceChoice& near, const std::optional<packet::Ip>& dst,
                         const std::optional<Nanoseconds>& duration) {
  if (host_ == nullptr) {
    auto host = FarHost::connect(far_end_, context_.err);
    if (!host) return tl::unexpected<Error>(std::move(host.error()));
    own_host_ = std::move(*host);
    host_ = own_host_.get();
  }
  runs().when_lost([stop = near_stop_]() mutable { stop.trip(monotonic_ns()); });
  hosts_.server = host_->server();
  if (auto ok = runs().check_duration(duration); !ok) return ok;
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
  return std::make_unique<HiddenText>(report::make_text(context_.out, context_.err), hidden_);
}

Result<std::string> HostsRun::start_far(const std::string& body, bool forward, bool prepare) {
  auto id = runs().start(body, {.wait = far_end_.wait, .prepare = prepare}, context_.stop);
  far_prepared_ = id && prepare;
  if (id && lines_) lines_->follow(runs().target(), *id, {.near_end = false, .forward = forward});
  return id;
}

Status HostsRun::prepare_far_sender(const std::string& body) {
  if (auto ok = runs().prove(path_.near_ip); !ok) return ok;
  auto id = start_far(body, false, true);
  if (!id) return tl::unexpected<Error>(std::move(id.error()));
  far_sender_ = std::move(*id);
  return {};
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
