// SPDX-License-Identifier: BSD-2-Clause
#include "app/reflect_run.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "app/run_common.h"
#include "core/clock.h"
#include "net/netns.h"

namespace xtg::app {

namespace {

/// Interval of checks for faults and for the number of returned frames.
constexpr std::uint64_t kWatchNs = 10'000'000;

xtg_reflect_config config_of(const plan::ReflectPlan& plan, xdp::AttachMode attach_mode,
                             ino_t netns) {
  const plan::ReflectSpec& spec = plan.spec;
  xtg_reflect_config config{};
  config.by_run_id = spec.run_id ? 1 : 0;
  config.run_id = spec.run_id.value_or(0);
  config.by_port = spec.port ? 1 : 0;
  config.port = spec.port.value_or(0);
  config.by_mac = spec.any_mac || !plan.iface.ethernet ? 0 : 1;
  std::memcpy(&config.mac_head, plan.iface.mac.bytes.data(), 4);
  std::memcpy(&config.mac_tail, plan.iface.mac.bytes.data() + 4, 2);
  config.redirect = plan.redirect && attach_mode != xdp::AttachMode::Tc ? 1 : 0;
  // After the driver CPUs share a queue.
  config.shared = attach_mode != xdp::AttachMode::Native || plan.iface.rx_queues != 1 ? 1 : 0;
  config.n_streams = XTG_REFLECT_STREAMS;
  config.ifindex = static_cast<__u32>(plan.iface.ifindex);
  config.netns = static_cast<__u32>(netns);
  config.limit = spec.num_packets.value_or(~std::uint64_t{0});
  config.step = plan.rate_step;
  config.depth = plan.rate_depth;
  return config;
}

stats::ReflectLink link_of(const net::LinkCounters& link) {
  return {.rx_dropped = link.rx_dropped,
          .rx_missed = link.rx_missed,
          .rx_errors = link.rx_errors,
          .tx_dropped = link.tx_dropped,
          .tx_errors = link.tx_errors};
}

} // namespace

Status ReflectRun::load_and_attach(xdp::AttachMode attach_mode) {
  const auto ns = net::NetNs::current();
  if (!ns) return tl::unexpected<Error>(ns.error());
  auto reflector =
      xdp::Reflector::load({config_of(plan_, attach_mode, ns->inode()), attach_mode,
                            plan_.iface.ethernet, plan_.spec.allow_any, plan_.sources});
  if (!reflector) return tl::unexpected<Error>(std::move(reflector.error()));
  auto filter = attach_program(*reflector, plan_.iface.ifindex, attach_mode, "xtg_reflect");
  if (!filter) return tl::unexpected<Error>(std::move(filter.error()));
  reflector->trace();
  reflector_.emplace(std::move(*reflector));
  filter_ = std::move(*filter);
  return {};
}

Status ReflectRun::prepare() {
  auto attached =
      attach_by_mode(plan_.spec.mode, plan_.tc_reason, plan_.iface, "sent back",
                     [this](xdp::AttachMode attach_mode) { return load_and_attach(attach_mode); });
  if (!attached) return tl::unexpected<Error>(std::move(attached.error()));
  attach_mode_ = attached->attach_mode;
  if (!attached->note.empty()) notes_.push_back(attached->note);
  return {};
}

/// Counts so far. A failed read ends the run with the counts of the last successful one.
stats::ReflectSnapshot ReflectRun::snapshot(bool streams) {
  auto read = reflector_->snapshot(streams);
  if (!read) {
    fail_run(std::move(read.error()));
    return previous_;
  }
  // A removed interface has no counters any more: the last ones stand.
  if (const auto now = net::link_counters(plan_.iface.ifindex)) link_now_ = link_of(*now);
  if (!link_before_) link_before_ = link_now_; // without an earlier reading no increase is known
  if (link_now_) read->link = *link_now_ - *link_before_;
  if (!count_source_note().empty())
    read->total.dropped = read->link.tx_dropped + read->link.tx_errors;
  return std::move(*read);
}

void ReflectRun::open() {
  first_ = snapshot(false);
  clock_ = run::Clock(first_.time_ns, plan_.spec.duration, plan_.spec.interval);
  next_watch_ns_ = clock_.start_ns();
  previous_ = first_;
  flow_.look(first_.time_ns, first_.total.sent);
  reflector_->start();
}

void ReflectRun::look_at_count(std::uint64_t now_ns) {
  const auto sent = reflector_->sent();
  if (!sent) return fail_run(sent.error());
  flow_.look(now_ns, *sent);
  if (plan_.spec.num_packets && *sent >= *plan_.spec.num_packets)
    end(stats::EndReason::Amount, now_ns);
}

void ReflectRun::look(std::uint64_t now_ns, report::Sink&) {
  if (now_ns < next_watch_ns_) return;
  next_watch_ns_ = now_ns + kWatchNs;
  if (auto error = link_fault(plan_.iface)) return fail_run(std::move(*error));
  look_at_count(now_ns);
}

std::optional<report::Interval> ReflectRun::line(std::uint64_t) {
  stats::ReflectSnapshot now = snapshot(false);
  if (ending()) return std::nullopt;
  stats::ReflectSample sample = stats::reflect_delta(previous_, now, clock_.start_ns());
  previous_ = std::move(now);
  return sample;
}

report::Begin ReflectRun::begin(report::RunInfo info) {
  plan::ReflectPlan plan = plan_;
  plan.notes.insert(plan.notes.end(), notes_.begin(), notes_.end());
  return report::ReflectBegin{std::move(plan), with_source(std::move(info), count_source_note()),
                              xdp::to_string(attach_mode_)};
}

run::Course::Finished ReflectRun::conclude(report::Sink& sink, const StopToken&, run::Host&) {
  reflector_->stop();
  const std::uint64_t stopped_ns = std::min(monotonic_ns(), clock_.end_ns());
  stats::ReflectSnapshot last = snapshot(true);
  last.time_ns = stopped_ns;
  flow_.look(stopped_ns, last.total.sent);
  if (clock_.worth_a_line(previous_.time_ns, last.time_ns))
    sink.take(stats::reflect_delta(previous_, last, clock_.start_ns()));
  stats::ReflectSummary summary = stats::reflect_summary(first_, last, flow_, clock_.start_ns());
  summary.end = reason_.value_or(stats::EndReason::Interrupted);
  summary.source =
      count_source_note().empty() ? stats::CountSource::Tracepoint : stats::CountSource::Link;
  if (summary.total.sum.reflected() == 0)
    blame({Errc::Peer, 0, report::why_nothing(plan_.iface.name, summary.total.sum)});
  return {std::move(summary)};
}

} // namespace xtg::app
