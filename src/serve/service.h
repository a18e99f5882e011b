// SPDX-License-Identifier: BSD-2-Clause
// The server without its sockets: requests in, answers out, tests run by a Machine. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/host_clock.h"
#include "core/http.h"
#include "core/stop_token.h"
#include "serve/challenge.h"
#include "serve/event_streams.h"
#include "serve/journal.h"
#include "serve/policy.h"
#include "serve/queue.h"

namespace xtg::serve {

/// What a server needs of its host; the tests have one that sends nothing.
class Machine {
public:
  virtual ~Machine() = default;
  virtual std::uint64_t now_ns() = 0;
  virtual std::array<std::uint8_t, 16> random() = 0;
  virtual std::string hostname() = 0;
  virtual HostClock clock() = 0;
  virtual std::uint64_t tai_ns() = 0;
  /// `ask`: next hops that are not known are asked for, which may take a second each.
  virtual Result<AnyPlan> plan(const spec::Test& test, bool ask) = 0;
  /// Gives the sink all events, to the finish. Calls `ready` after the begin: the run starts when
  /// it returns, not before the CLOCK_MONOTONIC that it returns.
  virtual void run(const AnyPlan& plan, report::Sink& sink, const StopToken& stop,
                   report::RunInfo asker, const std::function<std::uint64_t()>& ready) = 0;
  /// Tests on this interface from now on keep their attachments for so long after their end, for
  /// the next one. 0: they do not, and none are kept from before.
  virtual void hold(const std::string& /*interface*/, Nanoseconds /*time*/) {}
  /// Called a few times a second.
  virtual void tick() {}
  virtual std::vector<plan::InterfaceFacts> interfaces(const std::vector<std::string>& names) = 0;
  /// Sends one datagram from `from`, the address that the client reached.
  virtual Status send_datagram(const packet::Ip& from, const packet::Ip& to, std::uint16_t port,
                               const std::string& text) = 0;
};

enum class State : std::uint8_t {
  Waiting,  ///< for its turn
  Starting, ///< its turn has come
  Ready,    ///< prepared, and waits for the client's word: ?prepare=true
  Running,  ///< it has begun
  Done,     ///< and ended, as it was asked to
  Failed,
};
std::string_view name(State state); // "waiting"

struct Running {
  std::string id, client;
  spec::Test test;
  std::string profile; ///< the test as JSON
  std::vector<PortUse> uses;
  std::vector<packet::Ip> proven; ///< by the client, when it asked
  Nanoseconds duration{};         ///< at most
  std::uint64_t created_ns = 0, started_ns = 0, ended_ns = 0;
  Nanoseconds lease{};       ///< 0: none
  Nanoseconds hold{};        ///< for the client's next test
  std::uint64_t seen_ns = 0; ///< the last request for it
  bool begun = false, ended = false, vanished = false;
  std::atomic<bool> let_go{true}; ///< false: once ready, it waits for the client or its stop
  std::atomic<std::uint64_t> first_ns{0}; ///< not sent before; 0: at once
  Journal journal;
  StopToken stop;
  std::jthread thread;

  [[nodiscard]] State state() const;
};

class Service {
public:
  static constexpr std::size_t kMaxKept = 64;        ///< tests that are over
  static constexpr std::size_t kMaxWaitingOfOne = 8; ///< tests of one client
  /// A test is stopped when it is not over so long after its duration: next hops are asked for,
  /// connections opened, frames in flight waited for.
  static constexpr Nanoseconds kMostBeyond = 3 * kMostWait;
  static constexpr Nanoseconds kLeastLease{1'000'000'000}, kMostLease{60'000'000'000};
  static constexpr Nanoseconds kMostHold{10'000'000'000};
  /// From the client's word to the first frame: both ends announce their run meanwhile.
  static constexpr Nanoseconds kLead{50'000'000};

  Service(Policy policy, Machine& machine);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  HttpAnswer handle(const HttpRequest& request);
  /// To be called a few times a second: ends tests whose client has vanished.
  void tick();
  /// Ends all tests and waits for them; later ones are refused.
  void stop();

private:
  using Entry = std::shared_ptr<Running>;

  HttpAnswer route(const HttpRequest& request);
  HttpAnswer tests(const HttpRequest& request);
  HttpAnswer create(const HttpRequest& request);
  HttpAnswer enter(const Entry& entry, bool wait);
  HttpAnswer one(const HttpRequest& request, const std::string& rest);
  HttpAnswer remove(const Entry& entry, bool keep);
  HttpAnswer let_go(const Entry& entry);
  HttpAnswer events(const HttpRequest& request, const Entry& entry);
  HttpAnswer charts(const HttpRequest& request, const Entry& entry);
  static HttpAnswer result(const Running& entry);
  static HttpAnswer report(const Running& entry);
  static HttpAnswer page(const HttpRequest& request);
  HttpAnswer health();
  HttpAnswer interfaces();
  HttpAnswer metrics();
  HttpAnswer clock();
  HttpAnswer challenge(const HttpRequest& request);
  HttpAnswer challenge_answer(const HttpRequest& request, const std::string& id);

  Result<Entry> read(const HttpRequest& request);
  [[nodiscard]] std::string served_interface(const std::string& local);
  [[nodiscard]] std::string fresh_id();
  [[nodiscard]] std::string describe(const Running& entry);
  [[nodiscard]] HttpAnswer busy(const Queue::Entered& entered);
  // The caller of these holds mutex_.
  Entry find(const std::string& id);
  void start(Running& entry);
  void end(Running& entry);
  void forget_old();

  void carry_out(Running& entry);
  void run_planned(Running& entry);

  const Policy policy_;
  Machine& machine_;
  const std::uint64_t started_ns_;
  std::mutex mutex_;
  Queue queue_;
  Challenges challenges_;
  EventStreams streams_;
  std::list<Entry> entries_; ///< in the order in which they came
  std::uint64_t total_ = 0, refused_ = 0;
  bool stopping_ = false;
};

} // namespace xtg::serve
