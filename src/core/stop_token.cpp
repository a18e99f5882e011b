// SPDX-License-Identifier: BSD-2-Clause
#include "core/stop_token.h"

#include <cerrno>
#include <map>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/unique_fd.h"

namespace xtg {

struct StopToken::State {
  UniqueFd news{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  Insistence insistence;
  bool attended = false;
  int sent = 0;
  std::uint64_t kept_ns = 0;
  int next_key = 0;
  std::map<int, std::function<void()>> stops, undos;
  std::set<int> holds;
  std::function<void(const std::function<void()>&)> end;

  void undo() {
    for (const auto& [key, fn] : undos)
      fn();
  }
  void end_if_unattended() {
    if (end && !attended && holds.empty()) end([this] { undo(); });
  }
};

StopToken::StopToken() : state_(std::make_shared<State>()) {
  if (!state_->news.valid()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

StopToken::Registration::~Registration() {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  if (state_->holds.erase(key_) != 0 && state_->insistence.asked() != Asked::Nothing)
    state_->end_if_unattended();
  state_->stops.erase(key_);
  state_->undos.erase(key_);
}

Asked StopToken::asked() const {
  const std::lock_guard lock(state_->mutex);
  return state_->insistence.asked();
}

int StopToken::fd() const {
  return state_->news.get();
}

StopToken::Taken StopToken::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = read(state_->news.get(), &count, sizeof count);
  const std::lock_guard lock(state_->mutex);
  return {state_->insistence.asked(), std::exchange(state_->sent, 0)};
}

StopToken::Registration StopToken::attend(std::function<void()> stop) {
  const std::lock_guard lock(state_->mutex);
  state_->attended = true;
  if (stop && state_->insistence.asked() != Asked::Nothing) stop();
  if (stop) state_->stops.emplace(state_->next_key, std::move(stop));
  return registration(state_->next_key++);
}

StopToken::Registration StopToken::hold() {
  const std::lock_guard lock(state_->mutex);
  state_->holds.insert(state_->next_key);
  return registration(state_->next_key++);
}

StopToken::Registration StopToken::before_exit(std::function<void()> undo) {
  const std::lock_guard lock(state_->mutex);
  state_->undos.emplace(state_->next_key, std::move(undo));
  return registration(state_->next_key++);
}

void StopToken::keep_ending() {
  const std::lock_guard lock(state_->mutex);
  state_->kept_ns = monotonic_ns();
}

StopToken::Change StopToken::trip(std::uint64_t now_ns, bool sent) {
  const std::lock_guard lock(state_->mutex);
  const Asked before = state_->insistence.asked();
  state_->insistence.hear(now_ns);
  state_->sent += sent ? 1 : 0;
  if (before == Asked::Nothing) {
    state_->end_if_unattended();
    for (const auto& [key, stop] : state_->stops)
      stop();
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(state_->news.get(), &one, sizeof one);
  return {before, state_->insistence.asked()};
}

void StopToken::when_unattended(std::function<void(const std::function<void()>&)> end) {
  const std::lock_guard lock(state_->mutex);
  state_->end = std::move(end);
}

void StopToken::abandon(const std::function<void(const std::function<void()>&)>& end) {
  const std::lock_guard lock(state_->mutex);
  end([this] { state_->undo(); });
}

std::uint64_t StopToken::kept_ns() const {
  const std::lock_guard lock(state_->mutex);
  return state_->kept_ns;
}

} // namespace xtg
