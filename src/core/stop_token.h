// SPDX-License-Identifier: BSD-2-Clause
// Asks running work to stop, and then to exit at once. A value: copies share one request. The front
// end trips it (signals, a server's client); the work checks asked() or polls fd(). Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/insistence.h"

namespace xtg {

class StopToken {
  struct State;

public:
  /// Throws std::system_error when no file descriptor is left.
  StopToken();

  /// Unregisters its function when destroyed.
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
  /// Readable when a request has arrived since the last take().
  [[nodiscard]] int fd() const;
  struct Taken {
    Asked asked = Asked::Nothing;
    int sent = 0; ///< requests by a process since the last take(): see trip()
  };
  Taken take();

  /// From now on the caller checks asked(), even after the Registration is destroyed. The thread
  /// that trips the token calls `stop` at the first request; attend() calls it at once if that
  /// request has already arrived.
  [[nodiscard]] Registration attend(std::function<void()> stop = {});
  /// While registered, a first request that nobody attends to is delayed: the work in progress
  /// cannot be undone yet.
  [[nodiscard]] Registration hold();
  /// `undo` is called before the process is ended from outside: see when_unattended().
  [[nodiscard]] Registration before_exit(std::function<void()> undo);
  /// Reports that the exit requested by a second request is making progress.
  void keep_ending();

  // For the front end.

  struct Change {
    Asked before = Asked::Nothing, after = Asked::Nothing;
  };
  /// The first call asks to stop and report, a later one to exit at once (core/insistence.h).
  /// `sent`: a process sent the signal, not the terminal, which signals its whole foreground group.
  Change trip(std::uint64_t now_ns, bool sent = false);
  /// `end` is called when nobody attends to the first request, and does not return; its argument
  /// undoes what must not outlive the process.
  void when_unattended(std::function<void(const std::function<void()>& undo)> end);
  /// Calls `end`, which does not return, while the work does not get to its next check of asked().
  void abandon(const std::function<void(const std::function<void()>& undo)>& end);
  /// Time of the last keep_ending(); 0: never called.
  [[nodiscard]] std::uint64_t kept_ns() const;

private:
  [[nodiscard]] Registration registration(int key) const { return {state_, key}; }
  std::shared_ptr<State> state_;
};

} // namespace xtg
