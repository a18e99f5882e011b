// SPDX-License-Identifier: BSD-2-Clause
// The course of tests: created, waiting, running, over. What requests and answers look like is in
// api.cpp.
#include "serve/service.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/exit_status.h"
#include "core/units.h"
#include "serve/http_answers.h"

namespace xtg::serve {

std::string_view name(State state) {
  switch (state) {
  case State::Waiting:
    return "waiting";
  case State::Starting:
    return "starting";
  case State::Ready:
    return "ready";
  case State::Running:
    return "running";
  case State::Done:
    return "done";
  case State::Failed:
    break;
  }
  return "failed";
}

State Running::state() const {
  if (ended) return journal.exit_status() == 0 && !vanished ? State::Done : State::Failed;
  if (!begun) return State::Waiting;
  if (!journal.begun()) return State::Starting;
  return let_go ? State::Running : State::Ready;
}

Service::Service(Policy policy, Machine& machine)
    : policy_(std::move(policy)), machine_(machine), started_ns_(machine.now_ns()) {}

Service::~Service() {
  stop();
}

std::string Service::fresh_id() {
  std::string id;
  for (const std::uint8_t byte : machine_.random())
    id += fmt::format("{:02x}", byte);
  return id.substr(0, 16);
}

Service::Entry Service::find(const std::string& id) {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& e) { return e->id == id; });
  if (found == entries_.end()) return nullptr;
  (*found)->seen_ns = machine_.now_ns();
  return *found;
}

namespace {

void open(std::atomic<bool>& gate) {
  gate = true;
  gate.notify_all();
}

void fail_before(report::Sink& sink, Error error) {
  const int status = exit_status(error);
  sink.take(report::Failure{std::move(error), status});
  sink.take(report::Finish{});
}

} // namespace

void Service::start(Running& entry) {
  entry.begun = true;
  entry.started_ns = machine_.now_ns();
  try {
    // The thread is joined before the entry goes.
    entry.thread = std::jthread([this, &entry] { carry_out(entry); });
  } catch (const std::system_error& error) {
    fail_before(entry.journal, {Errc::System, error.code().value(), "start a thread for the test"});
    end(entry);
  }
}

/// Whatever waits for its place begins.
void Service::end(Running& entry) {
  entry.ended = true;
  entry.ended_ns = machine_.now_ns();
  entry.journal.close();
  for (const std::string& next : queue_.leave(entry.id)) {
    const auto at = std::ranges::find_if(entries_, [&](const Entry& e) { return e->id == next; });
    if (at != entries_.end() && !stopping_) start(**at);
  }
}

void Service::run_planned(Running& entry) {
  for (const PortUse& use : entry.uses)
    machine_.hold(use.interface, entry.hold);
  auto plan = machine_.plan(entry.test, true);
  if (!plan) return fail_before(entry.journal, std::move(plan.error()));
  if (auto ready = check_plan(*plan, policy_, entry.proven); !ready)
    return fail_before(entry.journal, std::move(ready.error()));
  report::RunInfo asker;
  asker.command = "serve, asked by " + entry.client;
  asker.test = entry.profile;
  machine_.run(*plan, entry.journal, entry.stop, std::move(asker), [&entry] {
    const auto stopped = entry.stop.attend([&entry] { open(entry.let_go); });
    entry.let_go.wait(false);
    return entry.first_ns.load();
  });
}

void Service::carry_out(Running& entry) {
  try {
    run_planned(entry);
  } catch (const std::exception& error) { // the other tests go on
    fail_before(entry.journal, {Errc::Internal, 0, error.what()});
  }
  const std::lock_guard lock(mutex_);
  end(entry);
}

void Service::forget_old() {
  auto ended = std::ranges::count_if(entries_, [](const Entry& e) { return e->ended; });
  std::erase_if(entries_, [&](const Entry& entry) {
    return entry->ended && ended-- > static_cast<std::ptrdiff_t>(kMaxKept);
  });
}

HttpAnswer Service::enter(const Entry& entry, bool wait) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return {503, "application/json", "{\"error\":\"this server is ending\"}\n"};
  const auto own = std::ranges::count_if(entries_, [&](const Entry& e) {
    return !e->begun && !e->ended && e->client == entry->client;
  });
  const bool has_place = own < static_cast<std::ptrdiff_t>(kMaxWaitingOfOne);
  const Queue::Entered entered = queue_.enter(entry->id, entry->uses, wait && has_place);
  if (wait && !has_place && entered.how == Queue::Entered::How::Busy) {
    ++refused_;
    return {503, "application/json",
            fmt::format("{{\"error\":\"{} tests of this client wait already\"}}\n", own)};
  }
  if (entered.how == Queue::Entered::How::Busy || entered.how == Queue::Entered::How::Full) {
    ++refused_;
    return busy(entered);
  }
  ++total_;
  entries_.push_back(entry);
  forget_old();
  if (entered.how == Queue::Entered::How::Runs) start(*entry);
  HttpAnswer answer{201, "application/json", describe(*entry)};
  answer.headers["Location"] = "/v1/tests/" + entry->id;
  return answer;
}

HttpAnswer Service::remove(const Entry& entry, bool keep) {
  const std::lock_guard lock(mutex_);
  if (entry->ended && keep) return {200, "application/json", describe(*entry)};
  if (entry->ended) {
    std::erase(entries_, entry);
    return {204, "application/json", ""};
  }
  if (entry->begun) {
    entry->stop.trip(machine_.now_ns());
    return {202, "application/json", describe(*entry)};
  }
  end(*entry);
  std::erase(entries_, entry);
  return {204, "application/json", ""};
}

/// The answer says when, by this host's clock: the client may start its own part at that time.
HttpAnswer Service::let_go(const Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (const State state = entry->state(); state != State::Ready)
    return problem(
        409, fmt::format("the test is {}: only one that is ready can be started", name(state)));
  entry->started_ns = machine_.now_ns();
  entry->first_ns = entry->started_ns + static_cast<std::uint64_t>(kLead.count());
  open(entry->let_go);
  Json out = Json::parse(describe(*entry));
  out["first_frame_monotonic_ns"] = entry->first_ns.load();
  return json(200, out);
}

void Service::tick() {
  machine_.tick();
  const std::lock_guard lock(mutex_);
  const std::uint64_t now = machine_.now_ns();
  for (const Entry& entry : entries_) {
    const auto most = static_cast<std::uint64_t>((entry->duration + kMostBeyond).count());
    if (entry->begun && !entry->ended && now - entry->started_ns >= most) entry->stop.trip(now);
    if (entry->ended || entry->vanished || entry->lease.count() == 0) continue;
    if (now - entry->seen_ns < static_cast<std::uint64_t>(entry->lease.count())) continue;
    entry->vanished = true;
    if (entry->begun)
      entry->stop.trip(now);
    else
      end(*entry);
  }
}

void Service::stop() {
  std::list<Entry> all;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    all = entries_;
    for (const Entry& entry : all) {
      if (entry->begun && !entry->ended) entry->stop.trip(machine_.now_ns());
      if (!entry->begun) entry->journal.close();
    }
  }
  for (const Entry& entry : all)
    if (entry->thread.joinable()) entry->thread.join();
}

} // namespace xtg::serve
