// SPDX-License-Identifier: BSD-2-Clause
// Tells receivers that a run begins and that it has ended (`udp --announce`). Uses the Session's
// sender and anchor, which have to outlive it; called from the main thread only. Internal to app.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "net/ingress_devices.h"
#include "packet/announce.h"
#include "plan/plan.h"
#include "stats/snapshot.h"
#include "xdp/sender.h"

namespace xtg::app {

class Announcer {
public:
  Announcer(const plan::Plan& plan, xdp::Sender& sender, const net::IngressDevices& devices)
      : plan_(plan), sender_(sender), devices_(devices) {}

  /// Three times, 50 ms apart, and 50 ms more; less where `signal_fd` becomes readable.
  void start(int signal_fd);
  /// With the final count, of every stream three times; `hurry`: once, at once.
  void end(const stats::Snapshot& last, bool hurry);

  /// Of a stream's receiver, which has moved.
  void set_next_hop(std::size_t stream, const packet::Mac& mac) { next_hops_[stream] = mac; }

  /// What could not be announced: one line each.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

private:
  [[nodiscard]] packet::Announcement about(const plan::StreamPlan& stream) const;
  Status send(const plan::StreamPlan& stream, const packet::Announcement& what, std::uint64_t copy);

  const plan::Plan& plan_;
  xdp::Sender& sender_;
  const net::IngressDevices& devices_;
  std::map<std::size_t, packet::Mac> next_hops_; ///< of streams; others have the plan's
  std::vector<std::string> warnings_;
};

} // namespace xtg::app
