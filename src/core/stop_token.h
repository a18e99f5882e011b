// SPDX-License-Identifier: BSD-2-Clause
// Asks work that is under way to stop, and then to leave. A value: copies share one request. The
// front end trips it (signals, a server's client); the work looks at asked() or polls fd(). All
// methods may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/insistence.h"

namespace xtg {

class StopToken {
  struct State;

public:
  /// Throws std::system_error where the kernel has no descriptor left.
  StopToken();

  /// Takes its function back when it is destroyed.
  class Registration {
  public:
    Registration(Registration&& other) noexcept = default;
    Registration& operator=(Registration&&) = delete;
    ~Registration();

  private:
    friend class StopToken;
    Registration(std::shared_ptr<State> state, int key) : state_(std::move(state)), key_(key) {}
    std::shared_ptr<State> state_;
    int key_;
  };

  [[nodiscard]] Asked asked() const;
  /// Readable when something was asked since the last take().
  [[nodiscard]] int fd() const;
  struct Taken {
    Asked asked = Asked::Nothing;
    int sent = 0; ///< since the last take(), by a process: see trip()
  };
  Taken take();

  /// From now on the caller looks at asked(); it lasts, also when the Registration is gone. `stop`
  /// is called at the first request, by who trips, and at once if that has come already.
  [[nodiscard]] Registration attend(std::function<void()> stop = {});
  /// Until it is taken back, a first request that nobody attends to waits: what is being made
  /// cannot be undone yet.
  [[nodiscard]] Registration hold();
  /// `undo` is called before the process is ended from outside: see when_unattended().
  [[nodiscard]] Registration before_exit(std::function<void()> undo);
  /// The end that a second request asked for is on its way.
  void keep_ending();

  // For the front end.

  struct Change {
    Asked before = Asked::Nothing, after = Asked::Nothing;
  };
  /// The first time asks to stop and to report, a later one to leave (core/insistence.h). `sent`:
  /// it came from a process, and not from the terminal, which tells its whole foreground group.
  Change trip(std::uint64_t now_ns, bool sent = false);
  /// `end` is called where nobody attends to the first request, and does not return; with it what
  /// has to be undone before the process ends.
  void when_unattended(std::function<void(const std::function<void()>& undo)> end);
  /// Calls `end`, which does not return, while the work comes no further than its next question.
  void abandon(const std::function<void(const std::function<void()>& undo)>& end);
  /// When keep_ending() was called last; 0: never.
  [[nodiscard]] std::uint64_t kept_ns() const;

private:
  [[nodiscard]] Registration registration(int key) const { return {state_, key}; }
  std::shared_ptr<State> state_;
};

} // namespace xtg
