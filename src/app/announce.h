// SPDX-License-Identifier: BSD-2-Clause
// Announces the start and the end of a run to its receivers (`udp --announce`). Uses the run's
// Sender and ingress devices, which must outlive it. Main thread only. Internal to app.
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

  /// Announces the start three times, with the plan's gap after each; returns early when
  /// `signal_fd` becomes readable.
  void start(int signal_fd);
  /// Announces the final count of every stream three times; with `hurry` once, without waiting.
  void end(const stats::Snapshot& last, bool hurry);

  /// Sets the MAC address of a stream's receiver after it has changed.
  void set_next_hop(std::size_t stream, const packet::Mac& mac) { next_hops_[stream] = mac; }

  /// One line per announcement that failed.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

private:
  [[nodiscard]] packet::Announcement about(const plan::StreamPlan& stream) const;
  Status send(const plan::StreamPlan& stream, const packet::Announcement& what, std::uint64_t copy);

  const plan::Plan& plan_;
  xdp::Sender& sender_;
  const net::IngressDevices& devices_;
  std::map<std::size_t, packet::Mac> next_hops_; ///< by stream; other streams use the plan's
  std::vector<std::string> warnings_;
};

} // namespace xtg::app
