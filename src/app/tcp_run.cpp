// SPDX-License-Identifier: BSD-2-Clause
#include "app/tcp_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/run_common.h"
#include "core/clock.h"
#include "core/units.h"
#include "net/conntrack.h"
#include "net/interface.h"
#include "packet/frame.h"
#include "plan/tx_path.h"
#include "xtg/abi/tcp_open.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kTickNs = 10'000'000;   // interval at which flows are checked
constexpr std::uint64_t kSliceNs = 20'000'000;  // longest time slice of a check
constexpr std::uint64_t kWatchNs = 100'000'000; // interval at which the interface is checked
constexpr Nanoseconds kHurry{1'000'000'000};    // after ^C, without any progress

/// Why a FIN may get no answer although all data did.
std::string unacknowledged_text(Nanoseconds patience) {
  std::string out = fmt::format("no acknowledgment of it within {}", format_duration(patience));
  if (net::conntrack_is_strict())
    out +=
        "; a stateful firewall of this host may drop it, because conntrack did not see the data: "
        "sysctl -w net.netfilter.nf_conntrack_tcp_be_liberal=1";
  return out;
}

} // namespace

/// Rebuilds the kernel's socket in the connection's current state, frozen. `at_una`: at the first
/// unacknowledged byte, for a reset.
Result<net::TcpSocket> TcpRun::rebuild(std::size_t number, bool at_una) {
  Flow& flow = flows_[number];
  sender_->park(static_cast<std::uint32_t>(number));
  if (flow.ended_ns == 0) flow.ended_ns = monotonic_ns();
  const xtg_tcp_flow f = sender_->flow(static_cast<std::uint32_t>(number));
  net::Rebuild spec;
  spec.local = flow.local;
  spec.remote = {plan_.dst, plan_.spec.port};
  spec.interface = plan_.iface.name;
  spec.ip = ip_fields();
  spec.state = flow.state;
  spec.state.snd_nxt = f.isn + static_cast<std::uint32_t>(at_una ? f.una : f.nxt);
  spec.state.rcv_nxt = f.rcv_nxt;
  spec.state.snd_wl1 = f.wl1;
  spec.state.snd_wnd =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(f.edge > f.una ? f.edge - f.una : 0, ~0U));
  spec.state.max_window = std::max(spec.state.max_window, spec.state.snd_wnd);
  spec.state.timestamp = f.tsval_base + static_cast<std::uint32_t>(monotonic_ns() / 1'000'000) + 1;
  if (f.peer_fin != 0) spec.state.tcp_state = 8;
  flow.socket.close(); // silent: it is frozen
  return net::rebuild_frozen(spec);
}

/// Everything is acknowledged: the kernel gets the connection back and closes it.
void TcpRun::hand_back(std::size_t number, std::uint64_t now_ns) {
  Flow& flow = flows_[number];
  if (plan_.spec.close == plan::TcpClose::KeepOpen) {
    sender_->park(static_cast<std::uint32_t>(number));
    flow.socket.close();
    flow.end = stats::FlowEnd::KeptOpen;
    (void)sender_->release(flow.key);
    return;
  }
  if (plan_.spec.close == plan::TcpClose::Rst) return reset_flow(number, stats::FlowEnd::Rst);
  auto socket = rebuild(number, false);
  (void)sender_->release(flow.key);
  Status sent = socket ? net::thaw(*socket) : Status(tl::unexpected<Error>(socket.error()));
  if (sent) sent = net::send_fin(*socket);
  if (!sent) {
    flow.end = stats::FlowEnd::Lost;
    flow.detail = std::move(sent.error()).context("give the connection back").message();
    return;
  }
  flow.socket = std::move(*socket);
  flow.closing = true;
  flow.give_up_ns = now_ns + static_cast<std::uint64_t>(patience().count());
  if (!closings_ || !closings_->add(flow.socket, static_cast<std::uint32_t>(number)))
    flow.give_up_ns = now_ns; // no longer expected
}

/// How long a flow may make no progress at the end: no acknowledgment, or no FIN from the far end.
/// While acknowledgments arrive, --drain is the limit, also after ^C.
Nanoseconds TcpRun::patience() const {
  return reason_ == stats::EndReason::Interrupted ? std::min(kHurry, plan_.spec.drain)
                                                  : plan_.spec.drain;
}

/// The far end accepts a reset only at the sequence number it expects next (RFC 5961, 3.2): the
/// first unacknowledged one or, if only its acknowledgments were lost, the one after all data.
/// Sends both; the wrong one does no harm.
void TcpRun::reset_flow(std::size_t number, stats::FlowEnd end) {
  Flow& flow = flows_[number];
  Status sent;
  for (const bool at_una : {true, false}) {
    auto socket = rebuild(number, at_una);
    if (at_una) (void)sender_->release(flow.key);
    sent = socket ? net::thaw(*socket) : Status(tl::unexpected<Error>(socket.error()));
    if (sent) sent = net::send_rst(*socket);
    const xtg_tcp_flow f = sender_->flow(static_cast<std::uint32_t>(number));
    if (!sent || f.una == f.nxt) break;
  }
  flow.end = end;
  if (!sent) flow.detail = std::move(sent.error()).context("reset").message();
}

void TcpRun::finish_flow(std::size_t number, std::uint32_t phase, std::uint64_t now_ns) {
  Flow& flow = flows_[number];
  flow.ended_ns = monotonic_ns();
  if (phase == XTG_TCP_RESET) {
    const xtg_tcp_flow f = sender_->flow(static_cast<std::uint32_t>(number));
    flow.socket.close();
    (void)sender_->release(flow.key);
    flow.end = stats::FlowEnd::PeerReset;
    flow.detail = stats::reset_text(f.una, f.bytes_received, f.peer_fin != 0);
  } else if (phase == XTG_TCP_SILENT) {
    flow.detail = fmt::format("the far end was silent for {}{}",
                              format_duration(plan_.spec.silence), why_silent(number));
    reset_flow(number, stats::FlowEnd::Unanswered);
  } else if (phase == XTG_TCP_NO_PROGRESS) {
    flow.detail =
        fmt::format("the far end answered but acknowledged nothing for {} although it "
                    "was retransmitted",
                    format_duration(Nanoseconds{config_.give_up_us * std::int64_t{1000}}));
    reset_flow(number, stats::FlowEnd::Unfinished);
  } else if (phase == XTG_TCP_DRAINED || phase == XTG_TCP_CLOSED) {
    hand_back(number, now_ns);
  }
}

void TcpRun::look_at_closing(Flow& flow, std::uint64_t now_ns) {
  auto state = net::closing(flow.socket, &flow.received);
  const bool waiting =
      state && (*state == net::Closing::Unacknowledged || *state == net::Closing::HalfClosed);
  if (waiting && now_ns < flow.give_up_ns) return;
  flow.closing = false;
  if (!state || *state == net::Closing::Reset) {
    flow.end = stats::FlowEnd::PeerReset;
    flow.detail = "the far end reset it instead of closing it";
  } else if (*state == net::Closing::Unacknowledged) {
    flow.end = stats::FlowEnd::FinUnacknowledged;
    flow.detail = unacknowledged_text(patience());
  } else {
    flow.end = *state == net::Closing::Closed ? stats::FlowEnd::Fin : stats::FlowEnd::FinOneWay;
  }
  flow.socket.close();
}

/// Everything was sent, and nothing more was acknowledged for `patience`.
bool TcpRun::Flow::stuck(const xdp::FlowProgress& now, std::uint64_t now_ns, Nanoseconds patience) {
  if (moved_ns == 0 || !now.all_sent || now.acked != last.acked) {
    last = now;
    moved_ns = now_ns;
  }
  return now_ns - moved_ns >= static_cast<std::uint64_t>(patience.count());
}

/// Returns true if it took time.
bool TcpRun::look_after(std::size_t number, std::uint64_t now_ns) {
  Flow& flow = flows_[number];
  if (flow.end != stats::FlowEnd::Running) return false;
  if (flow.closing) { // closings_ reports any earlier change
    if (now_ns < flow.give_up_ns) return false;
    look_at_closing(flow, now_ns);
    return true;
  }
  const auto i = static_cast<std::uint32_t>(number);
  const std::uint32_t phase = sender_->phase(i);
  if (phase != XTG_TCP_OPEN) {
    finish_flow(number, phase, now_ns);
    return true;
  }
  counted_++;
  const bool stuck = flow.stuck(sender_->progress(i), now_ns, patience());
  if (now_ns < give_up_ns_ && !stuck) return false;
  const xtg_tcp_flow f = sender_->flow(i);
  const auto now_us = static_cast<std::uint32_t>(now_ns / 1000);
  const bool silent = f.backoff > 0 && now_us - f.heard_us > 1'000'000;
  flow.detail =
      stuck ? fmt::format("nothing more was acknowledged for {}", format_duration(patience()))
            : fmt::format("not all was acknowledged within {}", format_duration(plan_.spec.drain));
  if (silent) flow.detail += why_silent(number);
  reset_flow(number, silent ? stats::FlowEnd::Unanswered : stats::FlowEnd::Unfinished);
  return true;
}

/// One time slice: thousands of flows take long, while lines are due and an interrupt must not
/// wait. Returns true if there is more to do.
bool TcpRun::look_after_flows(std::uint64_t now_ns) {
  for (const std::uint32_t number : closings_ ? closings_->take() : std::vector<std::uint32_t>{})
    if (flows_[number].closing) look_at_closing(flows_[number], now_ns);
  const bool round = rounds_.slice(
      flows_.size(), kSliceNs, [&](std::size_t i) { return look_after(i, now_ns); }, monotonic_ns);
  if (!round) return true;
  if (counted_ != open_) sender_->share_rate(); // the others get the shares of ended flows
  open_ = counted_;
  counted_ = 0;
  return false;
}

bool TcpRun::all_ended() const {
  return std::ranges::none_of(flows_,
                              [](const Flow& flow) { return flow.end == stats::FlowEnd::Running; });
}

void TcpRun::on_end(stats::EndReason why, std::uint64_t now_ns) {
  if (why == stats::EndReason::Failed) return sender_->stop();
  sender_->stop_new_data();
  const auto from_now = [&](Nanoseconds wait) {
    return now_ns + static_cast<std::uint64_t>(wait.count());
  };
  give_up_ns_ = std::min(give_up_ns_, from_now(plan_.spec.drain));
  for (Flow& flow : flows_) {
    flow.moved_ns = 0; // flows without progress so far are timed from now on
    flow.give_up_ns =
        std::min(flow.give_up_ns, from_now(patience())); // for flows that wait for a FIN
  }
  // The rest of the work after the end is seldom worth a line of its own.
  if (why == stats::EndReason::Duration) clock_.put_line_off_behind_end();
}

/// Ends connections that are still open although the run is over, because of a fault or a second
/// interrupt: the far end would keep them. Connections that the kernel is closing are left to it.
void TcpRun::end_rest() {
  for (std::size_t i = 0; i < flows_.size(); i++) {
    Flow& flow = flows_[i];
    if (flow.end != stats::FlowEnd::Running) continue;
    if (i % 256 == 0) stop_.keep_ending(); // tens of thousands take seconds
    flow.detail = error() ? error()->message() : "left at the second interrupt";
    if (flow.closing)
      give_up_flow(i, stats::FlowEnd::Lost, flow.detail);
    else
      reset_flow(i, stats::FlowEnd::Lost);
  }
}

void TcpRun::watch(std::uint64_t now_ns) {
  if (now_ns < next_watch_ns_) return;
  next_watch_ns_ = now_ns + kWatchNs;
  if (auto fault = link_fault(plan_.iface)) return fail_run(std::move(*fault));
  if (auto error = pool_->error()) return fail_run(std::move(*error));
  const stats::Snapshot now = sender_->snapshot(false);
  if (now.source == stats::CountSource::Tracepoint && silence_.lasts(now.total, now_ns, kSilenceNs))
    fail_run(silence_error(now));
}

Error TcpRun::silence_error(const stats::Snapshot& now) const {
  return app::silence_error(plan_.iface, config_.header_len + config_.mss + packet::kFcsBytes, now,
                            plan_.via);
}

stats::FlowState TcpRun::flow_state(std::size_t number, bool histogram) const {
  const Flow& flow = flows_[number];
  stats::FlowState state =
      sender_->flow_state(static_cast<std::uint32_t>(number), histogram, flow.ended_ns);
  state.end = flow.end;
  state.detail = flow.detail;
  state.src_port = flow.local.port;
  state.counters.bytes_received += flow.received;
  return state;
}

stats::TcpSnapshot TcpRun::snapshot(bool settled, bool histograms) {
  stats::TcpSnapshot out;
  out.time_ns = monotonic_ns();
  out.tx = sender_->snapshot(settled).total;
  out.flows.reserve(flows_.size());
  for (std::size_t i = 0; i < flows_.size(); i++) {
    out.flows.push_back(flow_state(i, histograms));
  }
  return out;
}

void TcpRun::report_ended(report::Sink& sink, std::uint64_t now_ns) {
  if (reason_) return; // the summary reports it
  for (std::size_t i = 0; i < flows_.size(); i++) {
    if (told_[i] || flows_[i].end == stats::FlowEnd::Running) continue;
    told_[i] = true;
    if (!stats::is_failure(flows_[i].end)) continue;
    sink.take(report::FlowEnded{flow_state(i, false), clock_.seconds(now_ns)});
  }
}

bool TcpRun::over() const {
  return reason_ == stats::EndReason::Failed || all_ended();
}

void TcpRun::look(std::uint64_t now_ns, report::Sink& sink) {
  next_look_ns_ = look_after_flows(now_ns) ? now_ns : now_ns + kTickNs;
  watch(now_ns);
  follow_route(sink, now_ns);
  follow_mtu(sink, now_ns);
  report_ended(sink, now_ns);
}

std::optional<report::Interval> TcpRun::line(std::uint64_t) {
  stats::TcpSnapshot snap = snapshot(false, false);
  stats::TcpSample sample = stats::tcp_delta(previous_, snap, clock_.start_ns());
  previous_ = std::move(snap);
  return sample;
}

/// Derives the result of the run from the flows' ends. If no frame left, that explains all of them.
void TcpRun::judge(const stats::Snapshot& frames) {
  if (!error() && frames.source == stats::CountSource::Tracepoint && frames.total.accepted == 0 &&
      frames.total.attempts != 0)
    blame(silence_error(frames));
  std::size_t failed = 0;
  const Flow* first = nullptr;
  for (const Flow& flow : flows_) {
    if (!stats::is_failure(flow.end)) continue;
    failed++;
    if (first == nullptr) first = &flow;
  }
  if (failed == 0 || error()) return;
  std::string what = flows_.size() == 1
                         ? std::string(stats::to_string(first->end))
                         : fmt::format("{} of {} connections failed; the first: {}", failed,
                                       flows_.size(), stats::to_string(first->end));
  if (!first->detail.empty()) what += fmt::format(" ({})", first->detail);
  blame({Errc::Peer, 0, std::move(what)});
}

stats::TcpSummary TcpRun::summarize(report::Sink& sink) {
  stats::TcpSnapshot last = snapshot(true, true);
  if (clock_.worth_a_line(previous_.time_ns, last.time_ns))
    sink.take(stats::tcp_delta(previous_, last, clock_.start_ns()));
  const stats::Snapshot frames = sender_->snapshot(true);
  judge(frames);
  stats::TcpSummary& summary = summary_;
  summary.total = stats::tcp_delta(first_, last, clock_.start_ns());
  summary.end_ns = last.time_ns;
  summary.flows = std::move(last.flows);
  summary.rtt = sender_->rtt();
  summary.end = reason_.value_or(stats::EndReason::Amount);
  summary.source = frames.source;
  summary.errnos = frames.errnos;
  summary.connect_s = connect_s_;
  if (const std::uint64_t first = sender_->first_data_ns(); first > started_ns_)
    summary.first_data_s = static_cast<double>(first - started_ns_) * 1e-9;
  summary.mss = config_.mss;
  summary.most_in_flight = xtg_tcp_board_segs(&config_) * config_.mss;
  summary.timestamps = config_.timestamps != 0;
  summary.sack = config_.sack != 0;
  summary.ecn = config_.ecn != 0;
  summary.ingress = ingress_;
  summary.queue_drops = sender_->lost_events();
  summary.wrong_checksums = sender_->wrong_checksums();
  summary.seen = sender_->seen();
  // A run that sent nothing is a failure.
  if (const std::string why = stats::explain_no_goodput(summary); !error() && !why.empty())
    blame({Errc::System, 0, why});
  return std::move(summary);
}

report::Begin TcpRun::begin(report::RunInfo info) {
  plan::TcpPlan plan = plan_;
  plan.notes.insert(plan.notes.end(), notes_.begin(), notes_.end());
  if (std::string note = plan::tx_path_note(plan.via_reason); !note.empty())
    plan.notes.push_back(std::move(note));
  return report::TcpBegin{std::move(plan),
                          with_source(std::move(info), sender_->count_source_note())};
}

void TcpRun::start(const StopToken&) {
  const std::uint64_t start_ns = monotonic_ns();
  silence_.begin({}, start_ns);
  first_ = snapshot(false, false);
  for (stats::FlowState& flow : first_.flows)
    flow.counters = {}; // bytes before the take-over count too
  previous_ = first_;
  first_.time_ns = previous_.time_ns = start_ns;
  path_mtu_ = config_.header_len - 14 + config_.mss;
  clock_ = run::Clock(start_ns, plan_.spec.duration, plan_.spec.interval);
  next_look_ns_ = start_ns + kTickNs;
  if (plan_.spec.duration) sender_->set_end_ns(clock_.end_ns());
  if (auto watch = net::ClosingWatch::open()) closings_.emplace(std::move(*watch));
  sender_->start_pacing(start_ns);
  sender_->share_rate();
  pool_->go();
}

run::Course::Finished TcpRun::conclude(report::Sink& sink, const StopToken&, run::Host&) {
  sender_->stop();
  pool_->stop();
  if (auto joined = pool_->join(); !joined) blame(joined.error());
  end_rest();
  return {summarize(sink)};
}

} // namespace xtg::app
