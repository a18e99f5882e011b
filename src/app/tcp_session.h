// SPDX-License-Identifier: BSD-2-Clause
// One `tcp` run: connections opened by the kernel, taken over, carried on by the programs, given
// back and closed. Members are in order of dependence, so that destruction goes workers ->
// attachments and programs -> anchor -> sockets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "app/route_follower.h"
#include "app/signals.h"
#include "core/rounds.h"
#include "core/unique_fd.h"
#include "net/anchor.h"
#include "net/handshake_watch.h"
#include "net/tcp.h"
#include "plan/tcp_agreement.h"
#include "plan/tcp_plan.h"
#include "report/sink.h"
#include "stats/silence.h"
#include "stats/tcp.h"
#include "tx/worker_pool.h"
#include "xdp/tcp_sender.h"

namespace xtg::app {

struct TcpSessionResult {
  stats::TcpSummary summary;
  std::optional<Error> error;
  bool left_at_once = false; ///< second ^C
};

class TcpSession {
public:
  TcpSession(const plan::TcpPlan& plan, std::uint64_t started_ns, Signals& signals)
      : plan_(plan), started_ns_(started_ns), signals_(signals) {}
  ~TcpSession();

  /// Opens the connections, loads the programs, takes the connections over; nothing is sent yet.
  Status prepare();
  [[nodiscard]] const std::string& count_source_note() const {
    return sender_->count_source_note();
  }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  TcpSessionResult run(report::Sink& reporter, const std::ostream& out);

private:
  /// A connection on its way: the kernel's socket before and after.
  struct Flow {
    net::TcpSocket socket;
    net::Endpoint local;
    net::TcpState state;
    xtg_tcp_key key{};
    stats::FlowEnd end = stats::FlowEnd::Running;
    std::string detail;
    bool closing = false; ///< our FIN is out, by the kernel
    std::uint64_t give_up_ns = 0;
    std::uint64_t ended_ns = 0; ///< when it was seen to send no more
    std::uint64_t received = 0; ///< before it was taken over and after it was given back
    xdp::FlowProgress last;     ///< as seen ...
    std::uint64_t moved_ns = 0; ///< ... and when it last was another

    bool stuck(const xdp::FlowProgress& now, std::uint64_t now_ns, Nanoseconds patience);
  };

  Status connect();
  Status read_states();
  [[nodiscard]] net::IpFields ip_fields() const {
    return {.tos = plan_.spec.tos, .hop_limit = plan_.spec.hop_limit};
  }
  Status look_for_translation();
  Status take_steps();
  /// What the programs' constants hang on.
  struct Terms {
    packet::Ip src;
    plan::TcpOptions options;
    std::uint32_t mss = 0; ///< bytes of data that the far end takes in a segment
  };
  [[nodiscard]] Terms expected_terms() const;
  [[nodiscard]] Terms agreed_terms() const; ///< by the connections that are open
  [[nodiscard]] xtg_tcp_config configure(const Terms& terms) const;
  Status read_payload();
  Status load(const xtg_tcp_config& config);
  Status tap();
  Status take_over();
  Status start_workers();
  void give_up_flow(std::size_t number, stats::FlowEnd end, std::string detail);
  void refuse_flow(std::size_t number, std::string detail);
  void agree_on_options();

  void loop(report::Sink& reporter, const std::ostream& out, int timer);
  [[nodiscard]] bool interrupted() const { return signals_.asked() != Asked::Nothing; }
  bool look_after_flows(std::uint64_t now_ns);
  bool look_after(std::size_t number, std::uint64_t now_ns);
  void finish_flow(std::size_t number, std::uint32_t phase, std::uint64_t now_ns);
  void hand_back(std::size_t number, std::uint64_t now_ns);
  void reset_flow(std::size_t number, stats::FlowEnd end);
  void look_at_closing(Flow& flow, std::uint64_t now_ns);
  Result<net::TcpSocket> rebuild(std::size_t number, bool at_una);
  void begin_ending(stats::EndReason reason, std::uint64_t now_ns, Nanoseconds patience);
  void take_signals(std::uint64_t now_ns);
  void watch(std::uint64_t now_ns);
  void note(std::string text, report::Sink& reporter, std::uint64_t now_ns);
  [[nodiscard]] Nanoseconds patience() const;
  void follow_route(report::Sink& reporter, std::uint64_t now_ns);
  void follow_mtu(report::Sink& reporter, std::uint64_t now_ns);
  [[nodiscard]] std::string why_silent(std::size_t number) const;
  [[nodiscard]] Error silence_error(const stats::Snapshot& now) const;
  void fail_run(Error error);
  void end_rest();
  [[nodiscard]] bool all_ended() const;
  [[nodiscard]] stats::FlowState flow_state(std::size_t number, bool histogram) const;
  [[nodiscard]] stats::TcpSnapshot snapshot(bool settled, bool histograms);
  void conclude(report::Sink& reporter);
  void judge(const stats::Snapshot& frames);
  [[nodiscard]] std::uint64_t limit_of(std::size_t number) const;
  void report_ended(report::Sink& reporter, std::uint64_t now_ns);

  const plan::TcpPlan& plan_;
  const std::uint64_t started_ns_;
  Signals& signals_;
  std::vector<std::string> notes_;
  std::vector<Flow> flows_;
  std::vector<bool> told_;
  plan::TcpOptions options_; ///< that all connections have
  xtg_tcp_config config_{};
  std::vector<std::uint8_t> payload_;
  std::vector<std::uint32_t> sums_;
  double connect_s_ = 0;
  std::optional<net::HandshakeWatch> handshakes_;
  RouteFollower follower_;

  std::uint64_t start_ns_ = 0;
  std::uint64_t end_ns_ = ~std::uint64_t{0};
  std::uint64_t give_up_ns_ = ~std::uint64_t{0}; ///< what is unfinished by then is reset
  std::uint64_t next_line_ns_ = 0;
  std::uint64_t next_watch_ns_ = 0;
  Rounds rounds_;           ///< in which the flows are looked after
  std::size_t counted_ = 0; ///< flows that are sending, of those looked after in this round
  std::size_t open_ = 0;    ///< and in the last one
  std::optional<net::ClosingWatch> closings_;
  std::uint64_t next_ask_ns_ = 0;
  std::uint64_t too_big_ = 0;  ///< ICMP errors of that kind that were looked at
  std::uint32_t path_mtu_ = 0; ///< bytes of an IP packet that the path is taken to bear
  std::optional<stats::EndReason> reason_;
  stats::Silence silence_;
  stats::TcpSnapshot first_, previous_;
  TcpSessionResult result_;

  std::optional<net::Anchor> anchor_;
  std::optional<xdp::TcpSender> sender_;
  std::optional<Signals::Registration> undo_tap_;
  std::unique_ptr<tx::WorkerPool> pool_;
  std::optional<Signals::Registration> attended_; ///< stops new data at the first signal
};

} // namespace xtg::app
