// SPDX-License-Identifier: BSD-2-Clause
// The other host of a test, on which a server runs: the connection to it, and the path between the
// two hosts. Internal to app.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "app/far_runs.h"
#include "core/result.h"
#include "packet/address.h"
#include "plan/facts.h"
#include "plan/far_end.h"

namespace xtg::app {

/// Both ends of the path that test frames take.
struct HostPath {
  packet::Ip near_ip, far_ip;
  std::string near_interface, far_interface; ///< far: as named; empty: the server's choice

  /// "198.18.0.1 (eth0)"
  [[nodiscard]] std::string near_end() const;
  [[nodiscard]] std::string far_end() const;
};

class FarHost {
public:
  /// Connects to the first address of the host where a server answers. Notes of the runs there go
  /// to `err`.
  static Result<std::unique_ptr<FarHost>> connect(const plan::FarEnd& far, std::ostream& err);

  /// Finds both ends of the path. Frames go to `dst`, or without it to the far end's interface; the
  /// near interface is the route's, unless `near` names one.
  Result<HostPath> find_path(const plan::InterfaceChoice& near,
                             const std::optional<packet::Ip>& dst) const;

  [[nodiscard]] FarRuns& runs() { return *runs_; }
  /// The server's address and port: "198.18.0.2:9950".
  [[nodiscard]] std::string server() const;

private:
  FarHost(plan::FarEnd far, const packet::Ip& control, std::unique_ptr<FarRuns> runs,
          std::vector<serve::FarInterface> interfaces);

  plan::FarEnd far_;
  packet::Ip control_; ///< the server's end of the control connection
  std::unique_ptr<FarRuns> runs_;
  std::vector<serve::FarInterface> interfaces_;
};

} // namespace xtg::app
