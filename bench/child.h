// SPDX-License-Identifier: BSD-2-Clause
// A contestant that is a command: started in the near namespace, timed and measured from outside.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "net/wire.h"

namespace xtg::bench {

struct ChildEnd {
  int status = 0; ///< exit status, 128 + signal when killed
  double wall_s = 0;
  double cpu_s = 0;
  long max_rss_kib = 0;
  std::string output; ///< stdout
};

class Child {
public:
  /// `cpus`: pinned to these by the kernel (empty: not). stdout is kept when `capture`, else thrown
  /// away.
  static Result<Child> start(const net::Wire& wire, const std::vector<std::string>& command,
                             const std::vector<int>& cpus, bool capture);
  /// SIGINT, if it still runs.
  void interrupt() const;
  ChildEnd wait();

private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::uint64_t start_ns_ = 0;
};

/// "a b c" to words; no quoting.
std::vector<std::string> words(const std::string& text);

} // namespace xtg::bench
