// SPDX-License-Identifier: BSD-2-Clause
// The course of a sending run: programs, attachments and threads, from start to final count.
// Members are in order of dependence, so that destruction goes workers -> attachments and programs
// -> ingress devices.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/announce.h"
#include "app/kept_ports.h"
#include "app/route_follower.h"
#include "core/unique_fd.h"
#include "net/ingress_devices.h"
#include "net/interface.h"
#include "plan/plan.h"
#include "run/course.h"
#include "stats/silence.h"
#include "stats/rate.h"
#include "tx/worker_pool.h"
#include "xdp/sender.h"

namespace xtg::app {

class UdpRun final : public run::Course {
public:
  /// Does everything up to the first frame. On failure nothing stays attached.
  /// `kept`: what a run before left there is used again, and left there.
  static Result<std::unique_ptr<UdpRun>> prepare(const plan::Plan& plan, std::uint64_t started_ns,
                                                 KeptPort* kept = nullptr);
  ~UdpRun() override;

  [[nodiscard]] const std::string& count_source_note() const;
  /// Findings of the preparation that a reader of the plan should know.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  report::Begin begin(report::RunInfo info) override;
  void start(const StopToken& stop) override;
  [[nodiscard]] std::vector<int> fds() const override { return {finished_.get()}; }
  [[nodiscard]] std::uint64_t next_look_ns() const override { return next_watch_ns_; }
  void look(std::uint64_t now_ns, report::Sink& sink) override;
  std::optional<report::Interval> line(std::uint64_t now_ns) override;
  /// True when all threads have ended.
  [[nodiscard]] bool over() const override;
  void halt() override;
  Finished conclude(report::Sink& sink, const StopToken& stop, run::Host& host) override;

  // The same in steps, for a port test.

  /// Starts the threads; the first frame leaves at `start_ns` or, unpaced, now. Interval lines
  /// count from there.
  void start_at(std::uint64_t start_ns);
  /// The default time of the first frame.
  [[nodiscard]] static std::uint64_t soon_ns();
  /// Checks for faults, which end the run; call it some ten times a second.
  void watch();
  /// Counts since the last call, or since the start.
  stats::Sample sample();
  /// Waits for the threads and returns the final count; called once. `rest`: the counts after the
  /// last full interval, unless that time is too short for a line.
  stats::Summary count(std::optional<stats::Sample>& rest);

private:
  UdpRun(const plan::Plan& plan, std::uint64_t started_ns)
      : plan_(plan), stream_(plan_.streams.front()), started_ns_(started_ns) {}
  Status make_devices(KeptPort* kept);
  Status load(KeptPort* kept);
  Status attach(KeptPort* kept);
  Status start_workers();
  void start_clock(std::uint64_t start_ns);
  void set_schedules();

  void on_end(stats::EndReason why, std::uint64_t now_ns) override;
  void follow_route();
  void await_queue();
  [[nodiscard]] stats::TxCounters seen(const stats::Snapshot& now, bool carrier) const;

  stats::Snapshot snapshot(bool settled);
  void add_link_counters(stats::Snapshot& snapshot, bool settled);
  std::optional<Error> fault(const stats::Snapshot& now);
  [[nodiscard]] bool amounts_sent(const stats::Snapshot& last) const;
  [[nodiscard]] std::uint64_t patience_ns() const;
  [[nodiscard]] std::uint64_t sent_until_ns() const;

  const plan::Plan plan_;
  const plan::StreamPlan& stream_;
  const std::uint64_t started_ns_;
  std::vector<std::string> notes_;
  std::vector<stats::FrameBits> bits_; ///< by stream
  std::optional<double> target_pps_;
  std::array<std::atomic<std::uint64_t>, XTG_MAX_WORKERS> nomem_{};
  UniqueFd finished_; ///< eventfd: all workers ended

  // State of the run, main thread only.
  std::uint64_t start_ns_ = 0;
  std::uint64_t end_ns_ = ~std::uint64_t{0};
  std::uint64_t next_watch_ns_ = 0;
  stats::Summary summary_;
  stats::Snapshot first_;
  stats::Snapshot previous_; ///< at the last interval line
  net::LinkCounters link_before_, link_now_;
  stats::Silence silence_;
  RouteFollower follower_;

  std::shared_ptr<net::IngressDevices> devices_;
  std::optional<xdp::Sender> sender_;
  std::optional<Announcer> announcer_;
  std::unique_ptr<tx::WorkerPool> pool_;
};

} // namespace xtg::app
