// SPDX-License-Identifier: BSD-2-Clause
#include "app/exchange_session.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>

#include <fmt/format.h>

#include "app/run_common.h"
#include "core/clock.h"
#include "plan/diagnose.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kWatchNs = 100'000'000; // how often faults are looked for
constexpr int kArrivalMs = 5;                   // and whether everything has arrived

std::uint32_t session_of(const plan::PortPlan& port) {
  return port.send->session;
}

/// Failed before interrupted before out of time.
stats::EndReason worst_end(const stats::ExchangeSummary& summary) {
  stats::EndReason worst = stats::EndReason::Amount;
  for (const stats::PortSummary& port : summary.ports)
    if (port.tx) worst = std::max(worst, port.tx->end);
  return worst;
}

} // namespace

Result<std::unique_ptr<ExchangeSession>> ExchangeSession::prepare(const plan::ExchangePlan& plan,
                                                                  std::uint64_t started_ns) {
  std::unique_ptr<ExchangeSession> session(new ExchangeSession(plan));
  if (auto ready = session->prepare_ports(started_ns); !ready)
    return tl::unexpected<Error>(std::move(ready.error()));
  return session;
}

Status ExchangeSession::prepare_ports(std::uint64_t started_ns) {
  ports_.resize(plan_.ports.size());
  for (std::size_t i = 0; i < ports_.size(); i++)
    ports_[i].plan = &plan_.ports[i];
  const Listener* first = nullptr;
  for (Port& port : ports_) {
    if (!port.plan->receive) continue;
    port.listener.emplace(*port.plan->receive);
    if (auto ready = port.listener->prepare(first); !ready) return ready;
    if (first == nullptr) first = &*port.listener;
    // The driver that took no receiver takes no pass program either, and nothing would leave.
    if (port.plan->send && port.listener->refusal() && plan::needs_pass_program(port.plan->iface))
      return tl::unexpected<Error>(*port.listener->refusal());
  }
  for (Port& port : ports_) {
    if (!port.plan->send) continue;
    auto session = Session::prepare(*port.plan->send, started_ns);
    if (!session) return tl::unexpected<Error>(std::move(session.error()));
    port.session = std::move(*session);
  }
  return {};
}

std::vector<std::string> ExchangeSession::modes() const {
  std::vector<std::string> modes;
  for (const Port& port : ports_)
    modes.emplace_back(port.listener ? port.listener->mode() : "");
  return modes;
}

std::string ExchangeSession::count_source_note() const {
  for (const Port& port : ports_)
    if (port.session && !port.session->count_source_note().empty())
      return port.session->count_source_note();
  return {};
}

plan::ExchangePlan ExchangeSession::told() const {
  plan::ExchangePlan told = plan_;
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& notes) {
    to.insert(to.end(), notes.begin(), notes.end());
  };
  for (std::size_t i = 0; i < ports_.size(); i++) {
    if (ports_[i].listener) add(told.ports[i].receive->notes, ports_[i].listener->notes());
    if (ports_[i].session) add(told.ports[i].send->notes, ports_[i].session->notes());
  }
  return told;
}

void ExchangeSession::fail_run(Error error) {
  if (!result_.error) result_.error = std::move(error);
  stop(stats::EndReason::Failed);
}

void ExchangeSession::stop_sending() {
  for (Port& port : ports_)
    if (port.session) port.session->stop_sending();
}

void ExchangeSession::stop(stats::EndReason reason) {
  for (Port& port : ports_)
    if (port.session && !port.session->ending()) port.session->end_run(reason);
}

stats::RxSnapshot ExchangeSession::look_at(Port& port, bool words) {
  auto read = port.listener->snapshot(words);
  if (read) return std::move(*read);
  fail_run(std::move(read.error()));
  return port.previous;
}

void ExchangeSession::start() {
  const bool paced = std::ranges::any_of(plan_.ports, [](const plan::PortPlan& port) {
    return port.send && port.send->streams.front().pacing;
  });
  start_ns_ = paced ? Session::soon_ns() : monotonic_ns();
  const auto interval = static_cast<std::uint64_t>(plan_.spec.interval.count());
  line_ns_ = start_ns_;
  next_line_ns_ = start_ns_ + interval;
  next_watch_ns_ = start_ns_ + kWatchNs;
  for (Port& port : ports_) {
    port.first.time_ns = port.previous.time_ns = start_ns_;
    if (port.listener) port.listener->start();
  }
  for (Port& port : ports_)
    if (port.session) port.session->start(start_ns_);
}

bool ExchangeSession::all_finished() const {
  return std::ranges::all_of(ports_, [](const Port& p) { return !p.session || p.finished; });
}

/// For a signal, the end of a sender's threads, or so long.
void ExchangeSession::wait(int timeout_ms, Signals& signals) {
  std::vector<pollfd> fds = {{signals.fd(), POLLIN, 0}};
  std::vector<Port*> waiting;
  for (Port& port : ports_) {
    if (!port.session || port.finished) continue;
    fds.push_back({port.session->finished_fd(), POLLIN, 0});
    waiting.push_back(&port);
  }
  if (poll(fds.data(), fds.size(), timeout_ms) < 0 && errno != EINTR)
    return fail_run(fail_sys(errno, "poll").value());
  for (std::size_t i = 0; i < waiting.size(); i++)
    waiting[i]->finished = (fds[i + 1].revents & POLLIN) != 0;
  if (signals.take().asked == Asked::Nothing) return;
  stop(stats::EndReason::Interrupted);
}

void ExchangeSession::watch() {
  for (Port& port : ports_) {
    if (port.listener) {
      if (auto error = port.listener->fault()) return fail_run(std::move(*error));
      if (auto room = port.listener->make_room(); !room) return fail_run(std::move(room.error()));
    }
    if (!port.session || port.finished || port.session->ending()) continue;
    port.session->watch();
    if (port.session->ending()) stop(stats::EndReason::Failed);
  }
}

/// Every sending port with every receiving one, and the sender's session.
template <class Fn>
void ExchangeSession::for_flows(Fn&& fn) const {
  for (std::size_t from = 0; from < ports_.size(); from++)
    for (std::size_t to = 0; to < ports_.size(); to++)
      if (ports_[from].session && ports_[to].listener) fn(from, to, session_of(*ports_[from].plan));
}

/// What arrived since the last line, by where it came from.
std::vector<stats::Flow<stats::RxSample>> ExchangeSession::flows_since() {
  std::vector<stats::Flow<stats::RxSample>> flows;
  for_flows([&](std::size_t from, std::size_t to, std::uint32_t session) {
    flows.push_back({from, to,
                     stats::rx_delta(stats::of_session(ports_[to].previous, session),
                                     stats::of_session(ports_[to].last, session), start_ns_)});
  });
  for (Port& port : ports_)
    port.previous = std::move(port.last);
  return flows;
}

void ExchangeSession::line(report::Sink& reporter, const std::ostream& out) {
  stats::ExchangeSample sample;
  for (Port& port : ports_) {
    sample.tx.push_back(port.session ? std::optional(port.session->sample()) : std::nullopt);
    if (port.listener) port.last = look_at(port, false);
  }
  const std::uint64_t now_ns = monotonic_ns();
  sample.start_s = static_cast<double>(line_ns_ - start_ns_) * 1e-9;
  sample.end_s = static_cast<double>(now_ns - start_ns_) * 1e-9;
  line_ns_ = now_ns;
  sample.flows = flows_since();
  loss_.enter(sample);
  reporter.take(sample);
  if (!out) fail_run(output_error(out));
}

void ExchangeSession::send_all(report::Sink& reporter, const std::ostream& out, Signals& signals) {
  const auto interval = static_cast<std::uint64_t>(plan_.spec.interval.count());
  while (!all_finished() && signals.asked() != Asked::Leave) {
    const std::uint64_t due = std::min(next_line_ns_, next_watch_ns_), before = monotonic_ns();
    wait(due <= before ? 0 : static_cast<int>((due - before) / 1'000'000 + 1), signals);
    const std::uint64_t now = monotonic_ns();
    if (now >= next_watch_ns_) {
      next_watch_ns_ = now + kWatchNs;
      watch();
    }
    if (now < next_line_ns_ || all_finished()) continue;
    while (next_line_ns_ <= now)
      next_line_ns_ += interval;
    line(reporter, out);
  }
}

std::vector<const stats::RxSnapshot*> ExchangeSession::looked_at() const {
  std::vector<const stats::RxSnapshot*> ports;
  for (const Port& port : ports_)
    if (port.listener) ports.push_back(&port.last);
  return ports;
}

/// Waits for what is under way (RFC 2544, 23).
void ExchangeSession::drain(Signals& signals) {
  std::vector<stats::Taken> senders;
  for (const Port& port : ports_)
    if (port.sent) senders.push_back({session_of(*port.plan), port.sent->total.tx.accepted});
  const std::uint64_t until = monotonic_ns() + static_cast<std::uint64_t>(plan_.spec.drain.count());
  for (const Asked before = signals.asked(); before != Asked::Leave && signals.asked() == before;) {
    for (Port& port : ports_)
      if (port.listener) port.last = look_at(port, true);
    const std::uint64_t now = monotonic_ns();
    if (stats::all_came(looked_at(), senders, now) || now >= until) return;
    wait(static_cast<int>(std::min<std::uint64_t>(kArrivalMs, (until - now) / 1'000'000 + 1)),
         signals);
  }
}

std::vector<stats::PortFacts> ExchangeSession::facts() const {
  std::vector<stats::PortFacts> facts;
  for (const Port& port : ports_) {
    stats::PortFacts fact;
    if (port.plan->send) {
      const plan::StreamPlan& stream = port.plan->send->streams.front();
      fact.amount = stream.num_packets;
      fact.paced = stream.pacing.has_value();
      fact.came = stats::arrivals_of(looked_at(), session_of(*port.plan));
    }
    const auto& peer = port.plan->iface.peer;
    for (std::size_t i = 0; i < ports_.size(); i++)
      if (peer && peer->same_netns && peer->ifindex == ports_[i].plan->iface.ifindex) fact.peer = i;
    facts.push_back(fact);
  }
  return facts;
}

/// The final count of what was sent.
void ExchangeSession::conclude_senders(std::vector<std::optional<stats::Sample>>& rest) {
  for (Port& port : ports_) {
    rest.emplace_back();
    if (!port.session) continue;
    port.session->join();
    SessionResult sent = port.session->conclude(rest.back());
    if (sent.error && !result_.error) result_.error = std::move(sent.error);
    port.sent = std::move(sent.summary);
  }
}

void ExchangeSession::conclude(report::Sink& reporter,
                               std::vector<std::optional<stats::Sample>> rest) {
  stats::ExchangeSummary& summary = result_.summary;
  std::uint64_t end_ns = start_ns_;
  for (Port& port : ports_)
    if (port.sent)
      end_ns =
          std::max(end_ns, start_ns_ + static_cast<std::uint64_t>(port.sent->total.end_s * 1e9));
  summary.end_s = static_cast<double>(end_ns - start_ns_) * 1e-9;
  for (Port& port : ports_) {
    if (!port.listener) continue;
    port.listener->stop();
    port.last = look_at(port, true);
    // Rates are over the time in which packets came, not the wait for those that did not.
    port.last.time_ns = std::max(end_ns, stats::last_arrival(port.last));
  }
  for (Port& port : ports_) {
    stats::PortSummary& told = summary.ports.emplace_back();
    told.tx = port.sent;
    if (port.listener) told.rx = stats::rx_summary(port.first, port.last, start_ns_);
  }
  for_flows([&](std::size_t from, std::size_t to, std::uint32_t session) {
    summary.flows.push_back(
        {from, to,
         stats::rx_summary(stats::of_session(ports_[to].first, session),
                           stats::of_session(ports_[to].last, session), start_ns_)});
  });
  stats::add_ledgers(summary, facts());
  summary.end = result_.error ? stats::EndReason::Failed : worst_end(summary);
  summary.cpu_s = process_cpu_s();
  last_line(reporter, std::move(rest), end_ns);
}

/// What came after the last full interval, unless it is a sliver of the one just reported.
void ExchangeSession::last_line(report::Sink& reporter,
                                std::vector<std::optional<stats::Sample>> rest,
                                std::uint64_t end_ns) {
  const auto interval = static_cast<std::uint64_t>(plan_.spec.interval.count());
  std::uint64_t until = end_ns;
  for (const Port& port : ports_)
    if (port.listener) until = std::max(until, port.last.time_ns);
  if (until <= line_ns_ + interval / 20) return;
  stats::ExchangeSample sample;
  sample.start_s = static_cast<double>(line_ns_ - start_ns_) * 1e-9;
  sample.end_s = static_cast<double>(until - start_ns_) * 1e-9;
  sample.tx = std::move(rest);
  sample.flows = flows_since();
  loss_.enter(sample);
  reporter.take(sample);
}

/// Nothing of what a port sent came: never a silent zero.
std::optional<Error> ExchangeSession::silence() const {
  std::vector<const stats::RxSummary*> ends;
  std::string where;
  for (std::size_t i = 0; i < ports_.size(); i++) {
    const stats::PortSummary& port = result_.summary.ports[i];
    if (!port.rx) continue;
    ends.push_back(&*port.rx);
    where += (where.empty() ? "" : " or ") + ports_[i].plan->iface.name;
  }
  const auto silent = stats::silent_senders(result_.summary);
  if (silent.empty()) return std::nullopt;
  std::string who;
  std::uint64_t sent = 0;
  for (const std::size_t from : silent) {
    who += (who.empty() ? "" : " and ") + ports_[from].plan->iface.name;
    sent += ports_[from].sent->total.tx.accepted;
  }
  const report::Nothing why = report::why_nothing(ends);
  return Error{Errc::Peer, 0,
               fmt::format("{} frames were sent by {} and none {} on {}; {} there", sent, who,
                           why.came ? "was counted" : "arrived", where, why.text)};
}

ExchangeResult ExchangeSession::run(report::Sink& reporter, const std::ostream& out,
                                    Signals& signals) {
  start();
  send_all(reporter, out, signals);
  std::vector<std::optional<stats::Sample>> rest;
  conclude_senders(rest);
  if (!result_.error) drain(signals);
  conclude(reporter, std::move(rest));
  if (!result_.error) result_.error = silence();
  return std::move(result_);
}

} // namespace xtg::app
