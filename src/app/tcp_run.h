// SPDX-License-Identifier: BSD-2-Clause
// The course of a `tcp` run: the kernel opens the connections, the programs take them over and
// carry them on, the kernel gets them back and closes them. Members are in order of dependence, so
// that destruction goes workers -> attachments and programs -> ingress devices -> sockets.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/route_follower.h"
#include "core/rounds.h"
#include "core/unique_fd.h"
#include "net/ingress_devices.h"
#include "net/handshake_watch.h"
#include "net/tc_filter.h"
#include "net/tcp.h"
#include "plan/tcp_agreement.h"
#include "plan/tcp_plan.h"
#include "run/course.h"
#include "stats/silence.h"
#include "stats/tcp.h"
#include "tx/worker_pool.h"
#include "xdp/tcp_sender.h"

namespace xtg::app {

class TcpRun final : public run::Course {
public:
  TcpRun(const plan::TcpPlan& plan, std::uint64_t started_ns, StopToken stop)
      : plan_(plan), started_ns_(started_ns), stop_(std::move(stop)) {}
  ~TcpRun() override;

  /// Opens the connections, loads the programs, takes the connections over; sends nothing yet.
  Status prepare();

  report::Begin begin(report::RunInfo info) override;
  void start(const StopToken& stop) override;
  [[nodiscard]] std::uint64_t next_look_ns() const override { return next_look_ns_; }
  void look(std::uint64_t now_ns, report::Sink& sink) override;
  std::optional<report::Interval> line(std::uint64_t now_ns) override;
  [[nodiscard]] bool over() const override;
  void halt() override { sender_->stop_new_data(); }
  Finished conclude(report::Sink& sink, const StopToken& stop, run::Host& host) override;

private:
  /// A connection, with the kernel's socket before and after the take-over.
  struct Flow {
    net::TcpSocket socket;
    net::Endpoint local;
    net::TcpState state;
    xtg_tcp_key key{};
    stats::FlowEnd end = stats::FlowEnd::Running;
    std::string detail;
    bool closing = false; ///< the kernel has sent our FIN
    std::uint64_t give_up_ns = 0;
    std::uint64_t ended_ns = 0; ///< when it was seen to have stopped sending
    std::uint64_t received = 0; ///< by the kernel's sockets, before and after the take-over
    xdp::FlowProgress last;     ///< at the last check
    std::uint64_t moved_ns = 0; ///< when `last` last changed

    bool stuck(const xdp::FlowProgress& now, std::uint64_t now_ns, Nanoseconds patience);
  };

  Status connect();
  Status read_states();
  [[nodiscard]] net::IpFields ip_fields() const {
    return {.tos = plan_.spec.tos, .hop_limit = plan_.spec.hop_limit};
  }
  Status look_for_translation();
  Status take_steps();
  /// The terms of the connections that determine the programs' constants.
  struct Terms {
    packet::Ip src;
    plan::TcpOptions options;
    std::uint32_t mss = 0; ///< payload bytes that the far end accepts in a segment
  };
  [[nodiscard]] Terms expected_terms() const;
  [[nodiscard]] Terms agreed_terms() const; ///< of the open connections
  [[nodiscard]] xtg_tcp_config configure(const Terms& terms) const;
  Status read_payload();
  Status load(const xtg_tcp_config& config);
  Status attach_hook();
  void begin_anchoring();
  Status take_over();
  Status start_workers();
  void give_up_flow(std::size_t number, stats::FlowEnd end, std::string detail);
  void reject_flow(std::size_t number, std::string detail);
  void agree_on_options();

  void on_end(stats::EndReason why, std::uint64_t now_ns) override;
  [[nodiscard]] bool by_tc() const { return plan_.via == plan::TxPath::Tc; }
  [[nodiscard]] bool interrupted() const { return stop_.asked() != Asked::Nothing; }
  bool look_after_flows(std::uint64_t now_ns);
  bool look_after(std::size_t number, std::uint64_t now_ns);
  void finish_flow(std::size_t number, std::uint32_t phase, std::uint64_t now_ns);
  void hand_back(std::size_t number, std::uint64_t now_ns);
  void reset_flow(std::size_t number, stats::FlowEnd end);
  void look_at_closing(Flow& flow, std::uint64_t now_ns);
  Result<net::TcpSocket> rebuild(std::size_t number, bool at_una);
  void watch(std::uint64_t now_ns);
  void note(std::string text, report::Sink& sink, std::uint64_t now_ns);
  [[nodiscard]] Nanoseconds patience() const;
  void follow_route(report::Sink& sink, std::uint64_t now_ns);
  void follow_mtu(report::Sink& sink, std::uint64_t now_ns);
  [[nodiscard]] std::string why_silent(std::size_t number) const;
  [[nodiscard]] Error silence_error(const stats::Snapshot& now) const;
  void end_rest();
  [[nodiscard]] bool all_ended() const;
  [[nodiscard]] stats::FlowState flow_state(std::size_t number, bool histogram) const;
  [[nodiscard]] stats::TcpSnapshot snapshot(bool settled, bool histograms);
  stats::TcpSummary summarize(report::Sink& sink);
  void judge(const stats::Snapshot& frames);
  [[nodiscard]] std::uint64_t limit_of(std::size_t number) const;
  void report_ended(report::Sink& sink, std::uint64_t now_ns);

  const plan::TcpPlan& plan_;
  const std::uint64_t started_ns_;
  StopToken stop_;
  std::vector<std::string> notes_;
  std::vector<Flow> flows_;
  std::vector<bool> told_;
  plan::TcpOptions options_; ///< common to all connections
  xtg_tcp_config config_{};
  std::vector<std::uint8_t> payload_;
  std::vector<std::uint32_t> sums_;
  const char* ingress_ = nullptr; ///< "xdp", "tcx" or "clsact"
  double connect_s_ = 0;
  std::optional<net::HandshakeWatch> handshakes_;
  RouteFollower follower_;

  std::uint64_t give_up_ns_ = ~std::uint64_t{0}; ///< flows unfinished by then are reset
  std::uint64_t next_look_ns_ = 0;
  std::uint64_t next_watch_ns_ = 0;
  Rounds rounds_;           ///< position in the round of flow checks
  std::size_t counted_ = 0; ///< sending flows found so far in this round
  std::size_t open_ = 0;    ///< sending flows in the last round
  std::optional<net::ClosingWatch> closings_;
  std::uint64_t next_ask_ns_ = 0;
  std::uint64_t too_big_ = 0;  ///< ICMP "packet too big" errors handled so far
  std::uint32_t path_mtu_ = 0; ///< assumed path MTU, in bytes of an IP packet
  stats::Silence silence_;
  stats::TcpSnapshot first_, previous_;
  stats::TcpSummary summary_;

  std::optional<net::IngressDevices> devices_;
  std::optional<xdp::TcpSender> sender_;
  std::optional<net::TcFilter> filter_; ///< where the ingress hook is not one of the sender's
  std::unique_ptr<tx::WorkerPool> pool_;
  std::optional<StopToken::Registration> attended_; ///< stops new data at the first signal
  // Waits for a kernel grace period in parallel. Last, so that it ends before the other members are
  // destroyed.
  std::future<Status> anchored_;
  std::future<void> unwatched_; ///< closes handshakes_
};

} // namespace xtg::app
