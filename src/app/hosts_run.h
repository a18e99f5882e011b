// SPDX-License-Identifier: BSD-2-Clause
// A test whose other end is on a server's host: the frame that all kinds of such tests share.
// Internal to app.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "app/app.h"
#include "app/far_host.h"
#include "app/host_lines.h"
#include "app/near_run.h"
#include "core/result.h"
#include "core/stop_token.h"
#include "plan/facts.h"
#include "plan/far_end.h"
#include "plan/spec.h"
#include "report/sink.h"
#include "serve/both_hosts.h"

namespace xtg::app {

class HostsRun {
public:
  virtual ~HostsRun() = default;
  HostsRun(const HostsRun&) = delete;
  HostsRun& operator=(const HostsRun&) = delete;
  /// The results of both ends. What went wrong is in them.
  serve::BothHosts run();

protected:
  /// `host`: a connection that there is already, or null.
  HostsRun(const plan::FarEnd& far, const plan::OutputSpec& output, FarHost* host,
           Context& context);

  /// From the connection to the results, which it enters in `hosts_`.
  virtual Status course() = 0;

  // Parts of it.

  /// Finds the path to `dst` or, without it, to the far end's interface.
  /// InvalidArgument for a duration above the server's ceiling.
  Status connect(const plan::InterfaceChoice& near, const std::optional<packet::Ip>& dst,
                 const std::optional<Nanoseconds>& duration);
  /// From now on the user's interrupt stops what runs here.
  [[nodiscard]] StopToken::Registration attend();
  [[nodiscard]] bool interrupted() const { return context_.stop.asked() != Asked::Nothing; }
  [[nodiscard]] FarRuns& runs() { return host_->runs(); }
  [[nodiscard]] bool near_sends() const { return !far_end_.reverse; }
  /// For a run here. `forward`: its frames go from here to the far end.
  std::unique_ptr<report::Sink> shown(bool forward);
  /// What runs here is of no use: its text ends.
  void show_no_more() { *hidden_ = true; }
  /// Returns the test's name. `prepare`: FarRuns::let_go() starts it.
  Result<std::string> start_far(const std::string& body, bool forward, bool prepare = false);
  /// Proves our address and has the far end prepare what it sends: start_far_sender() starts it.
  Status prepare_far_sender(const std::string& body);
  /// Starts the far sender, if one is prepared; if it cannot, what runs here is stopped. Where both
  /// ends send, it is called when ours is prepared, as AwaitStart. Returns the far sender's first
  /// frame's time by its host's clock.
  std::uint64_t start_far_sender();
  /// Also stops a far sender that was prepared and not started.
  void await_far_sender();

  const plan::FarEnd& far_end_;
  const plan::OutputSpec& output_;
  Context& context_;
  serve::BothHosts hosts_;
  StopToken near_stop_; ///< of what runs here: the user's, or when the server is lost
  HostPath path_;
  std::string far_sender_; ///< its test there; empty: the far end does not send

private:
  std::unique_ptr<FarHost> own_host_;
  FarHost* host_;
  bool far_prepared_ = false;      ///< and not started yet
  std::optional<HostLines> lines_; ///< for --json-stream
  const std::shared_ptr<std::atomic<bool>> hidden_ = std::make_shared<std::atomic<bool>>(false);

protected:
  std::unique_ptr<NearRun> near_receiver_; ///< last: it is stopped first
};

} // namespace xtg::app
