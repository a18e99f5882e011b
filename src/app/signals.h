// SPDX-License-Identifier: BSD-2-Clause
// SIGINT, SIGTERM and SIGHUP, heard by a thread of their own whatever the main thread is doing. The
// first asks to stop: until somebody attends to signals, the thread reports it and ends the
// process; from then on it calls what stops the sending at once, and the main thread does the rest.
// A later second one asks to leave (core/insistence.h). All methods may be called from any thread.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "core/insistence.h"
#include "core/unique_fd.h"

namespace xtg::app {

class Signals {
public:
  /// Blocks the signals in the calling thread and those it makes later, and ignores SIGPIPE: to be
  /// made before any other thread. A SIGHUP that the process was started to ignore (nohup) stays
  /// ignored; a SIGINT does not, which shells ignore in every job that they put into the
  /// background. `unattended` reports a run that was interrupted before it began; its value is the
  /// exit status.
  explicit Signals(std::function<int()> unattended);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Takes its function back when it is destroyed.
  class Registration {
  public:
    Registration(Registration&& other) noexcept;
    Registration& operator=(Registration&&) = delete;
    ~Registration();

  private:
    friend class Signals;
    Registration(Signals& signals, int key) : signals_(&signals), key_(key) {}
    Signals* signals_;
    int key_;
  };

  /// From now on the caller looks at asked(); it lasts, also when the Registration is gone. `stop`
  /// is called at the first signal, by the watching thread, and at once if that has come already.
  [[nodiscard]] Registration attend(std::function<void()> stop = {});
  /// Until it is taken back, a first signal that nobody attends to waits: what is being made cannot
  /// be undone yet.
  [[nodiscard]] Registration hold();
  /// `undo` is called before the watching thread ends the process by itself.
  [[nodiscard]] Registration before_exit(std::function<void()> undo);

  /// The end that a second signal asked for is on its way: the watching thread does not end the
  /// process meanwhile.
  void keep_ending();

  [[nodiscard]] Asked asked() const;
  /// Readable when a signal has come since the last take().
  [[nodiscard]] int fd() const { return news_.get(); }
  struct Taken {
    Asked asked = Asked::Nothing;
    int sent = 0; ///< signals since the last take() that a process sent: not the terminal, which
                  ///< tells its whole foreground group
  };
  Taken take();
  /// Readable when output that nobody reads is not to be waited for (core/fd_buffer.h): after a
  /// second signal, or some time after the first.
  [[nodiscard]] int hurry_fd() const { return hurry_.get(); }

  /// In a child that is to run another program: signals as the process was started with.
  void restore() const;

private:
  void watch();
  void hear(bool sent);
  void end_if_unattended();
  void look_at_time();
  [[nodiscard]] int wait_ms() const;
  [[noreturn]] void end_process(int status);
  void remove(int key);

  const std::function<int()> unattended_;
  sigset_t before_{};
  struct sigaction sigint_before_ {};
  UniqueFd signals_, news_, hurry_, quit_; ///< the last three are eventfds

  mutable std::mutex mutex_;
  Insistence insistence_;
  bool attended_ = false;
  int sent_ = 0;
  std::uint64_t hurry_ns_ = ~std::uint64_t{0}, end_ns_ = ~std::uint64_t{0};
  int next_key_ = 0;
  std::map<int, std::function<void()>> stops_, undos_;
  std::set<int> holds_;
  std::jthread thread_;
};

} // namespace xtg::app
