// SPDX-License-Identifier: BSD-2-Clause
#include "app/far_runs.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "core/clock.h"
#include "core/exit_status.h"
#include "core/host_clock.h"
#include "core/program_name.h"
#include "core/units.h"
#include "net/datagram.h"
#include "serve/challenge.h"

namespace xtg::app {

namespace {

constexpr const char* kLease = "2s";
constexpr auto kRenew = std::chrono::milliseconds(250);
constexpr auto kLook = std::chrono::milliseconds(20);
constexpr const char* kSilent = "the server no longer answers";
constexpr std::uint64_t kMostSilenceNs = 2'000'000'000; // since the last good answer
constexpr Nanoseconds kTimeout{3'000'000'000}, kRenewTimeout{500'000'000};
constexpr Nanoseconds kChallenge{2'000'000'000};
constexpr Nanoseconds kProven{300'000'000'000}; // half of what the server grants

std::uint64_t in(Nanoseconds time) {
  return monotonic_ns() + static_cast<std::uint64_t>(time.count());
}

std::string path_of(const std::string& id) {
  return "/v1/tests/" + id;
}

} // namespace

FarRuns::FarRuns(net::HttpTarget target, std::ostream& err)
    : target_(std::move(target)), err_(err), client_(target_, kTimeout),
      keeper_([this] { keep(); }) {}

FarRuns::~FarRuns() {
  ending_ = true;
  keeper_.join();
  if (lost_) return;
  for (const auto& [id, state] : runs_)
    if (!state.over) (void)client_.remove(path_of(id));
}

Result<serve::FarState> FarRuns::ask(net::HttpClient& client, const std::string& id) {
  auto answer = client.get(path_of(id));
  if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
  return serve::read_state(answer->status, answer->body);
}

void FarRuns::when_lost(std::function<void()> lost) {
  const std::lock_guard lock(mutex_);
  on_lost_ = std::move(lost);
  if (lost_) on_lost_();
}

void FarRuns::keep() {
  net::HttpClient client(target_, kRenewTimeout);
  std::uint64_t answered_ns = monotonic_ns();
  for (; !ending_; std::this_thread::sleep_for(kRenew)) {
    std::vector<std::string> ids;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [id, state] : runs_)
        if (!state.over) ids.push_back(id);
    }
    if (ids.empty()) answered_ns = monotonic_ns();
    for (const std::string& id : ids) {
      auto state = ask(client, id);
      const std::lock_guard lock(mutex_);
      if (state) {
        answered_ns = monotonic_ns();
        runs_[id] = std::move(*state);
      } else if (monotonic_ns() - answered_ns >= kMostSilenceNs) {
        lost_ = std::move(state.error()).context(kSilent);
        if (on_lost_) on_lost_();
        return;
      }
    }
  }
}

Result<std::vector<serve::FarInterface>> FarRuns::interfaces() {
  auto answer = client_.get("/v1/interfaces");
  if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
  max_duration_ = serve::read_max_duration(answer->body);
  return serve::read_interfaces(answer->status, answer->body);
}

Status FarRuns::check_duration(const std::optional<Nanoseconds>& duration) const {
  if (!duration || !max_duration_ || *duration <= *max_duration_) return {};
  return fail(Errc::InvalidArgument,
              fmt::format("--duration {} is above the server's ceiling: at most {} is accepted",
                          format_duration(*duration), format_duration(*max_duration_)));
}

void FarRuns::compare_clocks(serve::ClockComparison& clocks) {
  constexpr int kExchanges = 16;
  serve::ClockReading near;
  near.clock = this_host_clock();
  near.tai_ahead_ns = static_cast<std::int64_t>(tai_ns() - monotonic_ns());
  for (int i = 0; i < kExchanges; i++) {
    const auto sent = static_cast<std::int64_t>(monotonic_ns());
    const auto answer = client_.get("/v1/clock");
    const auto received = static_cast<std::int64_t>(monotonic_ns());
    if (!answer) return;
    const auto far = serve::read_clock(answer->status, answer->body);
    if (!far) return;
    clocks.add({sent, far->received_ns, far->sent_ns, received}, near, *far);
  }
}

Status FarRuns::prove(const packet::Ip& address) {
  if (proven_ == address && monotonic_ns() < proven_until_ns_) return {};
  auto ear = net::DatagramEar::open(address);
  if (!ear) return tl::unexpected<Error>(std::move(ear.error()));
  auto answer = client_.post("/v1/challenges", serve::challenge_body(address, ear->port()));
  if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
  const auto challenge = serve::read_state(answer->status, answer->body);
  if (!challenge) return tl::unexpected<Error>(challenge.error());
  for (const std::uint64_t until = in(kChallenge); monotonic_ns() < until;) {
    const std::string digits = serve::challenge_answer(ear->hear(until));
    if (digits.empty()) continue;
    answer = client_.post("/v1/challenges/" + challenge->id, serve::nonce_body(digits));
    if (!answer) return tl::unexpected<Error>(std::move(answer.error()));
    const auto proven = serve::read_state(answer->status, answer->body);
    if (!proven) return tl::unexpected<Error>(proven.error());
    proven_ = address;
    proven_until_ns_ = in(kProven);
    return {};
  }
  return fail(Errc::Peer, fmt::format("the server's challenge did not arrive at {} UDP port {}: is "
                                      "there a way back from it, and no filter here?",
                                      address.to_string(), ear->port()));
}

Result<std::string> FarRuns::start(const std::string& body, Start how, const StopToken& stop) {
  const auto answer = client_.post(fmt::format("/v1/tests?lease={}&wait={}{}{}", kLease, how.wait,
                                               how.prepare ? "&prepare=true" : "", hold_),
                                   body);
  if (!answer) return tl::unexpected<Error>(answer.error());
  auto state = serve::read_created(answer->status, answer->body);
  if (!state) return tl::unexpected<Error>(std::move(state.error()));
  const std::string id = state->id;
  std::optional<std::size_t> position;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      runs_[id] = *state;
    }
    if (state->state == "failed" && !state->measured)
      return fail(state->exit_status == static_cast<int>(ExitStatus::Usage) ? Errc::InvalidArgument
                                                                            : Errc::Peer,
                  "the server could not begin its part: " + state->error);
    if (state->state != "waiting" && state->state != "starting") return id;
    if (state->position != position && state->position.value_or(0) != 0) {
      position = state->position;
      fmt::print(err_, "{}: waiting for other tests of the server: place {}\n", program_name(),
                 *position);
      err_.flush();
    }
    if (stop.asked() != Asked::Nothing) return fail(Errc::System, "interrupted before it began");
    std::this_thread::sleep_for(kLook);
    state = ask(client_, id);
    if (!state) return forward(std::move(state), kSilent);
  }
}

Result<std::uint64_t> FarRuns::let_go(const std::string& id) {
  const auto answer = client_.post(path_of(id) + "/start", "{}");
  if (!answer) return tl::unexpected<Error>(answer.error());
  auto state = serve::read_state(answer->status, answer->body);
  if (!state) return tl::unexpected<Error>(std::move(state.error()));
  return state->first_frame_ns;
}

bool FarRuns::stop(const std::string& id) {
  if (over(id) || lost()) return false;
  const auto answer = client_.remove(path_of(id) + "?keep=true");
  return !answer || answer->status != 200; // it may have ended just now
}

bool FarRuns::over(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(id);
  return found == runs_.end() || found->second.over;
}

Result<serve::FarState> FarRuns::finish(const std::string& id, Nanoseconds patience) {
  constexpr Nanoseconds kAfterStop{10'000'000'000};
  std::uint64_t until = in(patience);
  for (bool stopped = false;; std::this_thread::sleep_for(kLook)) {
    if (const auto gone = lost()) return tl::unexpected<Error>(*gone);
    auto state = ask(client_, id);
    if (state && state->over) {
      const std::lock_guard lock(mutex_);
      runs_[id] = *state;
      return state;
    }
    if (monotonic_ns() < until) continue;
    if (stopped && state) return fail(Errc::Peer, "the server does not end its test");
    if (stopped) return state;
    stop(id);
    stopped = true;
    until = in(kAfterStop);
  }
}

std::optional<Error> FarRuns::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

} // namespace xtg::app
