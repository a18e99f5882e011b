// SPDX-License-Identifier: BSD-2-Clause
// XDP attachments that outlast their programs: the next program takes the place of the one before
// without a moment in between in which none is attached. Many drivers stop and restart an interface
// when the first program comes and when the last one leaves, and every such change waits for the
// kernel's grace periods.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::xdp {

/// Of one port and its ingress devices. The programs stay attached until the object ends, or the
/// process. Thread-safe.
class KeptLinks {
public:
  /// Attaches the program, in place of the one that was attached before with the same `what`, or as
  /// the first. `flags` as for attach_xdp().
  Status attach(int prog_fd, int ifindex, const char* what, std::uint32_t flags);
  /// Numbers of the programs that are attached.
  [[nodiscard]] std::vector<std::uint32_t> programs();

private:
  std::mutex mutex_;
  std::map<std::tuple<int, std::uint32_t, std::string>, UniqueFd> links_;
};

} // namespace xtg::xdp
