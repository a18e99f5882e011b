// SPDX-License-Identifier: BSD-2-Clause
#include "app/port_test_run.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>

#include "app/run_common.h"
#include "core/clock.h"
#include "plan/diagnose.h"

namespace xtg::app {

namespace {

constexpr std::uint64_t kWatchNs = 100'000'000; // interval of fault checks
constexpr std::uint64_t kArrivalNs = 5'000'000; // interval of checks whether everything has arrived

std::uint32_t run_id_of(const plan::PortPlan& port) {
  return port.send->run_id;
}

/// Precedence: failed, interrupted, out of time.
stats::EndReason worst_end(const stats::PortTestSummary& summary) {
  stats::EndReason worst = stats::EndReason::Amount;
  for (const stats::PortSummary& port : summary.ports)
    if (port.tx) worst = std::max(worst, port.tx->end);
  return worst;
}

} // namespace

Result<std::unique_ptr<PortTest>> PortTest::prepare(const plan::PortTestPlan& plan,
                                                    std::uint64_t started_ns, KeptPorts* kept) {
  std::unique_ptr<PortTest> course(new PortTest(plan, kept));
  if (auto ready = course->prepare_ports(started_ns); !ready)
    return tl::unexpected<Error>(std::move(ready.error()));
  return course;
}

Status PortTest::prepare_ports(std::uint64_t started_ns) {
  ports_.resize(plan_.ports.size());
  for (std::size_t i = 0; i < ports_.size(); i++)
    ports_[i].plan = &plan_.ports[i];
  // Attaching a receiver waits for a kernel grace period, so the senders are loaded meanwhile. Not
  // if a port does both: the driver's answer to the receiver decides about its sender.
  std::future<Status> senders;
  if (std::ranges::none_of(plan_.ports, [](const auto& port) { return port.receive && port.send; }))
    senders = std::async(std::launch::async, [&] { return prepare_senders(started_ns); });
  if (auto ready = prepare_receivers(); !ready) return ready;
  return senders.valid() ? senders.get() : prepare_senders(started_ns);
}

KeptPort* PortTest::kept(const Port& port) const {
  return kept_ != nullptr ? &(*kept_)[static_cast<std::size_t>(&port - ports_.data())] : nullptr;
}

Status PortTest::prepare_receivers() {
  const Listener* first = nullptr;
  for (Port& port : ports_) {
    if (!port.plan->receive) continue;
    port.listener.emplace(*port.plan->receive);
    KeptPort* before = kept(port);
    if (auto ready = port.listener->prepare(first, before != nullptr ? &before->links : nullptr);
        !ready)
      return ready;
    if (first == nullptr) first = &*port.listener;
    // A driver that rejected the receiver also rejects a pass program, and nothing would leave.
    if (port.plan->send && port.listener->refusal() && plan::needs_pass_program(port.plan->iface))
      return tl::unexpected<Error>(*port.listener->refusal());
  }
  return {};
}

Status PortTest::prepare_senders(std::uint64_t started_ns) {
  for (Port& port : ports_) {
    if (!port.plan->send) continue;
    auto course = UdpRun::prepare(*port.plan->send, started_ns, kept(port));
    if (!course) return tl::unexpected<Error>(std::move(course.error()));
    port.sender = std::move(*course);
  }
  return {};
}

report::Begin PortTest::begin(report::RunInfo info) {
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& notes) {
    to.insert(to.end(), notes.begin(), notes.end());
  };
  report::PortTestBegin begin{plan_, {}, {}};
  std::string source_note;
  for (std::size_t i = 0; i < ports_.size(); i++) {
    const Port& port = ports_[i];
    if (port.listener) add(begin.plan.ports[i].receive->notes, port.listener->notes());
    begin.modes.emplace_back(port.listener ? port.listener->mode() : "");
    if (!port.sender) continue;
    add(begin.plan.ports[i].send->notes, port.sender->notes());
    if (source_note.empty()) source_note = port.sender->count_source_note();
  }
  begin.info = with_source(std::move(info), source_note);
  return begin;
}

void PortTest::halt() {
  for (Port& port : ports_)
    if (port.sender) port.sender->halt();
}

void PortTest::on_end(stats::EndReason why, std::uint64_t now_ns) {
  for (Port& port : ports_)
    if (port.sender && !port.sender->ending()) port.sender->end(why, now_ns);
}

stats::RxSnapshot PortTest::look_at(Port& port, bool words) {
  auto read = port.listener->snapshot(words);
  if (read) return std::move(*read);
  fail_run(std::move(read.error()));
  return port.previous;
}

void PortTest::start(const StopToken&) {
  const bool paced = std::ranges::any_of(plan_.ports, [](const plan::PortPlan& port) {
    return port.send && port.send->streams.front().pacing;
  });
  start_ns_ = paced ? UdpRun::soon_ns() : monotonic_ns();
  clock_ = run::Clock(start_ns_, std::nullopt, plan_.spec.interval); // the senders end the run
  line_ns_ = start_ns_;
  next_watch_ns_ = start_ns_ + kWatchNs;
  for (Port& port : ports_) {
    port.first.time_ns = port.previous.time_ns = start_ns_;
    if (port.listener) port.listener->start();
  }
  for (Port& port : ports_)
    if (port.sender) port.sender->start_at(start_ns_);
}

bool PortTest::over() const {
  return std::ranges::all_of(ports_, [](const Port& p) { return !p.sender || p.sender->over(); });
}

std::vector<int> PortTest::fds() const {
  std::vector<int> fds;
  for (const Port& port : ports_)
    if (port.sender && !port.sender->over()) fds.push_back(port.sender->fds().front());
  return fds;
}

void PortTest::look(std::uint64_t now_ns, report::Sink&) {
  if (now_ns < next_watch_ns_) return;
  next_watch_ns_ = now_ns + kWatchNs;
  for (Port& port : ports_) {
    if (port.listener) {
      if (auto error = port.listener->fault()) return fail_run(std::move(*error));
      if (auto room = port.listener->make_room(); !room) return fail_run(std::move(room.error()));
    }
    if (!port.sender || port.sender->ending() || port.sender->over()) continue;
    port.sender->watch();
    if (port.sender->ending()) end(stats::EndReason::Failed, now_ns);
  }
}

/// Calls `fn` for each pair of a sending and a receiving port, with the sender's run id.
template <class Fn>
void PortTest::for_flows(Fn&& fn) const {
  for (std::size_t from = 0; from < ports_.size(); from++)
    for (std::size_t to = 0; to < ports_.size(); to++)
      if (ports_[from].sender && ports_[to].listener) fn(from, to, run_id_of(*ports_[from].plan));
}

/// Frames received since the last line, by sending port.
std::vector<stats::Flow<stats::RxSample>> PortTest::flows_since() {
  std::vector<stats::Flow<stats::RxSample>> flows;
  for_flows([&](std::size_t from, std::size_t to, std::uint32_t run_id) {
    flows.push_back({from, to,
                     stats::rx_delta(stats::of_run(ports_[to].previous, run_id),
                                     stats::of_run(ports_[to].last, run_id), start_ns_)});
  });
  for (Port& port : ports_)
    port.previous = std::move(port.last);
  return flows;
}

std::optional<report::Interval> PortTest::line(std::uint64_t) {
  stats::PortTestSample sample;
  for (Port& port : ports_) {
    sample.tx.push_back(port.sender ? std::optional(port.sender->sample()) : std::nullopt);
    if (port.listener) port.last = look_at(port, false);
  }
  const std::uint64_t now_ns = monotonic_ns();
  sample.start_s = clock_.seconds(line_ns_);
  sample.end_s = clock_.seconds(now_ns);
  line_ns_ = now_ns;
  sample.flows = flows_since();
  loss_.enter(sample);
  return sample;
}

std::vector<const stats::RxSnapshot*> PortTest::looked_at() const {
  std::vector<const stats::RxSnapshot*> ports;
  for (const Port& port : ports_)
    if (port.listener) ports.push_back(&port.last);
  return ports;
}

/// Waits for frames in flight (RFC 2544, 23).
void PortTest::drain(const StopToken& stop, run::Host& host) {
  std::vector<stats::Taken> senders;
  for (const Port& port : ports_)
    if (port.sent) senders.push_back({run_id_of(*port.plan), port.sent->total.tx.accepted});
  const std::uint64_t until = monotonic_ns() + static_cast<std::uint64_t>(plan_.spec.drain.count());
  const std::array<int, 1> fds = {stop.fd()};
  for (const Asked before = stop.asked(); before != Asked::Leave && stop.asked() == before;) {
    for (Port& port : ports_)
      if (port.listener) port.last = look_at(port, true);
    const std::uint64_t now = monotonic_ns();
    if (stats::all_arrived(looked_at(), senders, now) || now >= until) return;
    if (auto waited = host.wait(fds, std::min(now + kArrivalNs, until)); !waited)
      return fail_run(std::move(waited.error()));
  }
}

std::vector<stats::PortFacts> PortTest::facts() const {
  std::vector<stats::PortFacts> facts;
  for (const Port& port : ports_) {
    stats::PortFacts fact;
    if (port.plan->send) {
      const plan::StreamPlan& stream = port.plan->send->streams.front();
      fact.amount = stream.num_packets;
      fact.paced = stream.pacing.has_value();
      fact.arrived = stats::arrivals_of(looked_at(), run_id_of(*port.plan));
    }
    const auto& peer = port.plan->iface.peer;
    for (std::size_t i = 0; i < ports_.size(); i++)
      if (peer && peer->same_netns && peer->ifindex == ports_[i].plan->iface.ifindex) fact.peer = i;
    facts.push_back(fact);
  }
  return facts;
}

/// Takes the final count of sent frames.
void PortTest::conclude_senders(std::vector<std::optional<stats::Sample>>& rest) {
  for (Port& port : ports_) {
    rest.emplace_back();
    if (!port.sender) continue;
    if (left_) port.sender->leave();
    port.sent = port.sender->count(rest.back());
    if (port.sender->error()) blame(*port.sender->error());
  }
}

/// Takes the final count of received frames and compares it with the frames sent.
void PortTest::add_ports(std::uint64_t end_ns) {
  for (Port& port : ports_) {
    if (!port.listener) continue;
    port.listener->stop();
    port.last = look_at(port, true);
    // Rates cover the time in which packets arrived, not the wait for missing ones.
    port.last.time_ns = std::max(end_ns, stats::last_arrival(port.last));
  }
  for (Port& port : ports_) {
    stats::PortSummary& counted = summary_.ports.emplace_back();
    counted.tx = port.sent;
    if (port.listener) counted.rx = stats::rx_summary(port.first, port.last, start_ns_);
  }
  for_flows([&](std::size_t from, std::size_t to, std::uint32_t run_id) {
    summary_.flows.push_back(
        {from, to,
         stats::rx_summary(stats::of_run(ports_[to].first, run_id),
                           stats::of_run(ports_[to].last, run_id), start_ns_)});
  });
  stats::add_ledgers(summary_, facts());
}

run::Course::Finished PortTest::conclude(report::Sink& sink, const StopToken& stop,
                                         run::Host& host) {
  std::vector<std::optional<stats::Sample>> rest;
  conclude_senders(rest);
  if (!error()) drain(stop, host);
  std::uint64_t end_ns = start_ns_;
  for (const Port& port : ports_)
    if (port.sent)
      end_ns =
          std::max(end_ns, start_ns_ + static_cast<std::uint64_t>(port.sent->total.end_s * 1e9));
  summary_.end_s = clock_.seconds(end_ns);
  add_ports(end_ns);
  summary_.end = error() ? stats::EndReason::Failed : worst_end(summary_);
  last_line(sink, std::move(rest), end_ns);
  if (auto silent = silence()) blame(std::move(*silent));

  std::vector<std::string> names;
  for (const plan::PortPlan& port : plan_.ports)
    names.push_back(port.iface.name);
  const bool covered = report::covers_silence(plan_.spec.expect, summary_);
  auto verdicts = report::judge(plan_.spec.expect, summary_, names);
  return {report::PortTestEnd{std::move(summary_), std::move(verdicts)}, covered};
}

/// Reports the time after the last full interval, unless it is too short for a line.
void PortTest::last_line(report::Sink& sink, std::vector<std::optional<stats::Sample>> rest,
                         std::uint64_t end_ns) {
  std::uint64_t until = end_ns;
  for (const Port& port : ports_)
    if (port.listener) until = std::max(until, port.last.time_ns);
  if (!clock_.worth_a_line(line_ns_, until)) return;
  stats::PortTestSample sample;
  sample.start_s = clock_.seconds(line_ns_);
  sample.end_s = clock_.seconds(until);
  sample.tx = std::move(rest);
  sample.flows = flows_since();
  loss_.enter(sample);
  sink.take(sample);
}

/// An error if nothing that a port sent arrived: zero is never reported silently.
std::optional<Error> PortTest::silence() const {
  std::vector<const stats::RxSummary*> ends;
  std::string where;
  for (std::size_t i = 0; i < ports_.size(); i++) {
    const stats::PortSummary& port = summary_.ports[i];
    if (!port.rx) continue;
    ends.push_back(&*port.rx);
    where += (where.empty() ? "" : " or ") + ports_[i].plan->iface.name;
  }
  const auto silent = stats::silent_senders(summary_);
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
                           why.arrived ? "was counted" : "arrived", where, why.text)};
}

} // namespace xtg::app
