// SPDX-License-Identifier: BSD-2-Clause
#include "app/session.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/live_lane.h"
#include "core/clock.h"
#include "packet/encode.h"
#include "plan/diagnose.h"
#include "plan/pacing.h"
#include "stats/shortfall.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kWatchNs = 100'000'000; // how often faults are looked for
constexpr std::uint64_t kSilenceNs =
    1'000'000'000;                              // attempts without a frame accepted: the run ends
constexpr std::uint64_t kLeadInNs = 2'000'000;  // from "go" to the first slot
constexpr std::uint64_t kSettleNs = 20'000'000; // for a link's own counters to catch up

double process_cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void arm(int timer, std::uint64_t at_ns) {
  itimerspec spec{};
  spec.it_value.tv_sec = static_cast<time_t>(at_ns / 1'000'000'000);
  spec.it_value.tv_nsec = static_cast<long>(at_ns % 1'000'000'000);
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, nullptr);
}

void drain(int fd) {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = read(fd, &count, sizeof count);
}

} // namespace

Session::~Session() = default;

const std::string& Session::count_source_note() const {
  return sender_->count_source_note();
}

Result<std::unique_ptr<Session>> Session::prepare(const plan::Plan& plan,
                                                  std::uint64_t started_ns) {
  std::unique_ptr<Session> session(new Session(plan, started_ns));
  if (auto loaded = session->load(); !loaded)
    return tl::unexpected<Error>(std::move(loaded.error()));
  if (auto started = session->start_workers(); !started)
    return tl::unexpected<Error>(std::move(started.error()));
  return session;
}

Status Session::load() {
  auto anchor = net::Anchor::create(static_cast<unsigned>(plan_.cpus.size()));
  if (!anchor) return forward(std::move(anchor), "make the ingress devices");
  anchor_.emplace(std::move(*anchor));

  xdp::SenderSpec spec;
  spec.ingress_base = static_cast<std::uint32_t>(anchor_->base_ifindex());
  spec.to_ifindex = plan_.iface.ifindex;
  for (const plan::StreamPlan& stream : plan_.streams) {
    const packet::EncodeOptions options{stream.stamp == plan::Stamp::Each,
                                        stream.pacing.has_value()};
    spec.streams.push_back(packet::encode(stream.frame, options));
    spec.totals.push_back(stream.num_packets.value_or(~std::uint64_t{0}));
  }
  for (std::size_t lane = 0; lane < plan_.cpus.size(); lane++) {
    const auto form = plan_.streams.front().frame.signature;
    spec.lanes.push_back({0, packet::lane_word(form, static_cast<std::uint8_t>(lane))});
  }
  auto sender = xdp::Sender::load(spec);
  if (!sender) return tl::unexpected<Error>(std::move(sender.error()));
  sender_.emplace(std::move(*sender));

  if (auto attached = anchor_->run([this] { return sender_->attach_anchor(); }); !attached)
    return attached;
  if (plan_.attach_pass) {
    // Somebody else's program does as well, should one have appeared since the facts were gathered.
    if (auto attached = sender_->attach_pass(plan_.iface.ifindex); !attached)
      notes_.push_back(attached.error().message());
    else
      notes_.push_back(fmt::format(
          "a pass program is attached to {} for the run: its driver allots XDP transmit "
          "queues only then",
          plan_.iface.name));
  }
  return {};
}

Status Session::start_workers() {
  const plan::StreamPlan& stream = plan_.streams.front();
  bits_ = {stream.l1_bits, stream.l2_bits, stream.l3_bits};
  finished_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!finished_.valid()) return fail_sys(errno, "eventfd");

  std::vector<tx::Seat> seats;
  for (std::size_t lane = 0; lane < plan_.cpus.size(); lane++) {
    tx::Seat seat;
    seat.cpu = plan_.cpus[lane];
    seat.spec.batch = plan_.batch;
    if (stream.pacing) {
      seat.spec.paced = true;
      seat.spec.sleep = stream.pacing->sleep;
      seat.spec.slot_frames = stream.pacing->frames_per_slot;
      seat.spec.batch_slots = stream.pacing->slots_per_batch;
      target_pps_ = stream.pacing->target_pps;
    }
    seat.lane = std::make_unique<LiveLane>(
        *sender_, *anchor_, lane, 0,
        packet::render(stream.frame, 0, static_cast<std::uint8_t>(lane), 0), nomem_);
    seats.push_back(std::move(seat));
  }
  pool_ = std::make_unique<tx::WorkerPool>(std::move(seats), [fd = finished_.get()] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = write(fd, &one, sizeof one);
  });
  if (auto ready = pool_->wait_ready(); !ready) return ready;
  for (const int cpu : pool_->unpinned())
    notes_.push_back(fmt::format("a thread could not be pinned to CPU {}", cpu));
  return {};
}

void Session::set_schedules(std::uint64_t start_ns) {
  const auto& pacing = plan_.streams.front().pacing;
  if (!pacing) return;
  const auto threads = static_cast<std::uint32_t>(plan_.cpus.size());
  for (std::uint32_t lane = 0; lane < threads; lane++) {
    const plan::Phase phase = plan::phase_of(*pacing, lane, threads);
    xdp::Schedule schedule;
    schedule.first_ns = start_ns + phase.ns;
    schedule.first_frac = phase.frac;
    schedule.interval_ns = pacing->interval_ns;
    schedule.interval_frac = pacing->interval_frac;
    schedule.slot_frames = pacing->frames_per_slot;
    schedule.batch_slots = pacing->slots_per_batch;
    schedule.catch_up_ns = plan::kCatchUpNs;
    sender_->set_schedule(lane, schedule);
  }
}

stats::Snapshot Session::snapshot() {
  stats::Snapshot out = sender_->snapshot();
  out.time_ns = monotonic_ns();
  out.total.nomem_retries = nomem_.load(std::memory_order_relaxed);
  if (out.source == stats::CountSource::Link) add_link_counters(out);
  return out;
}

void Session::add_link_counters(stats::Snapshot& snapshot) {
  const auto now = net::link_counters(plan_.iface.ifindex);
  if (!now) return;
  stats::use_link_counters(snapshot, now->tx_packets - link_before_.tx_packets,
                           now->tx_dropped + now->tx_errors - link_before_.tx_dropped -
                               link_before_.tx_errors);
}

Error Session::silence_error(const stats::Snapshot& now) {
  const auto facts = net::interface_facts(plan_.iface.ifindex);
  const auto& iface = facts ? *facts : plan_.iface;
  auto errnos = now.errnos;
  if (!facts) errnos = {{ENODEV, 1}};
  const auto diagnosis =
      plan::diagnose_silence(iface, plan_.streams.front().frame.spec.frame_size, errnos);
  const bool ever = now.total.accepted != 0;
  return Error{ever ? Errc::System : Errc::NotSupported, 0,
               fmt::format("{}: {}",
                           ever ? "frames are no longer accepted" : "no frame was accepted",
                           diagnosis.paragraph())};
}

/// Faults that end the run: the interface gone or down, and frames tried with none accepted for a
/// second.
std::optional<Error> Session::watch(const stats::Snapshot& now) {
  if (const auto state = net::link_state(plan_.iface.ifindex); state && !state->exists)
    return Error{Errc::System, 0, fmt::format("{} was removed during the run", plan_.iface.name)};
  else if (state && !state->up && now.total.accepted != 0)
    return Error{Errc::System, 0, fmt::format("{} went down during the run", plan_.iface.name)};

  if (now.total.accepted != last_seen_.accepted || now.total.attempts == last_seen_.attempts) {
    last_seen_ = now.total;
    last_progress_ns_ = now.time_ns;
    return std::nullopt;
  }
  if (now.time_ns - last_progress_ns_ < kSilenceNs) return std::nullopt;
  return silence_error(now);
}

SessionResult Session::run(report::Reporter& reporter, Signals& signals) {
  SessionResult result;
  const UniqueFd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (const auto before = net::link_counters(plan_.iface.ifindex)) link_before_ = *before;

  const bool paced = plan_.streams.front().pacing.has_value();
  const std::uint64_t start_ns = monotonic_ns() + (paced ? kLeadInNs : 0);
  std::uint64_t end_ns = ~std::uint64_t{0};
  if (plan_.duration) {
    end_ns = start_ns + static_cast<std::uint64_t>(plan_.duration->count());
    sender_->set_end_ns(end_ns);
  }
  set_schedules(start_ns);
  stats::Snapshot first = snapshot();
  first.time_ns = start_ns;
  stats::Snapshot previous = first;
  last_seen_ = first.total;
  last_progress_ns_ = start_ns;
  pool_->go();

  const auto interval = static_cast<std::uint64_t>(plan_.interval.count());
  std::uint64_t next_line = start_ns + interval;
  std::uint64_t next_watch = start_ns + kWatchNs;
  stats::EndReason reason = stats::EndReason::Amount;
  bool finished = false;
  while (!finished) {
    arm(timer.get(), std::min(next_line, next_watch));
    std::array<pollfd, 3> fds = {pollfd{signals.fd(), POLLIN, 0}, pollfd{timer.get(), POLLIN, 0},
                                 pollfd{finished_.get(), POLLIN, 0}};
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    if (const int taken = signals.take(); taken > 0) {
      // The first one stops and reports, the second leaves at once.
      if (reason == stats::EndReason::Interrupted || taken > 1) result.left_at_once = true;
      reason = stats::EndReason::Interrupted;
      sender_->stop();
      pool_->stop();
      if (result.left_at_once) break;
    }
    if ((fds[2].revents & POLLIN) != 0) finished = true;
    if ((fds[1].revents & POLLIN) == 0 || finished) continue;

    drain(timer.get());
    stats::Snapshot now = snapshot();
    if (now.time_ns >= next_watch) {
      next_watch = now.time_ns + kWatchNs;
      if (!result.error) result.error = watch(now);
      if (result.error) {
        reason = stats::EndReason::Failed;
        sender_->stop();
        pool_->stop();
        next_watch = ~std::uint64_t{0};
      }
    }
    if (now.time_ns >= next_line && reason == stats::EndReason::Amount && now.time_ns < end_ns) {
      reporter.interval(stats::delta(previous, now, start_ns, bits_, target_pps_));
      previous = now;
      while (next_line <= now.time_ns)
        next_line += interval;
    }
  }

  if (auto joined = pool_->join(); !joined && !result.error) {
    result.error = std::move(joined.error());
    reason = stats::EndReason::Failed;
  }
  if (!sender_->count_source_note().empty()) usleep(kSettleNs / 1000);
  stats::Snapshot last = snapshot();
  if (reason == stats::EndReason::Amount && last.time_ns >= end_ns)
    reason = stats::EndReason::Duration;
  last.time_ns = std::min(last.time_ns, end_ns);
  // What came after the last full interval, unless it is a sliver of the one just reported.
  if (last.time_ns > previous.time_ns + interval / 20 && !result.left_at_once)
    reporter.interval(stats::delta(previous, last, start_ns, bits_, target_pps_));

  if (!result.error && last.total.attempts != 0 && last.total.accepted == 0) {
    result.error = silence_error(last);
    reason = stats::EndReason::Failed;
  }
  result.summary.total = stats::delta(first, last, start_ns, bits_, target_pps_);
  result.summary.end = reason;
  result.summary.source = last.source;
  result.summary.errnos = last.errnos;
  if (paced) result.summary.slip = sender_->slip();
  result.summary.first_frame_s = static_cast<double>(start_ns - started_ns_) * 1e-9;
  result.summary.shortfall = stats::explain_shortfall(result.summary.total);
  result.summary.cpu_s = process_cpu_s();
  return result;
}

} // namespace xtg::app
