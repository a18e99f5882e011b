// SPDX-License-Identifier: BSD-2-Clause
// A tc program at the ingress of an interface of the user's, as a filter of clsact: for kernels
// before 6.6, which have no tcx. The kernel keeps such a filter when its process ends, so a child
// process removes it, also when this one is killed; and clsact, if it was ours and serves nobody
// else.
#pragma once

#include <sys/types.h>

#include <utility>

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::net {

class TcFilter {
public:
  /// In the calling thread's network namespace. Before the filters that are there, which stay.
  /// `name`: as `tc filter show` has it.
  static Result<TcFilter> attach(int program_fd, int ifindex, const char* name);
  TcFilter(TcFilter&& other) noexcept
      : alive_(std::move(other.alive_)), remover_(std::exchange(other.remover_, -1)) {}
  TcFilter& operator=(TcFilter&& other) noexcept;
  /// Returns when the filter is gone.
  ~TcFilter() { remove(); }

private:
  TcFilter(UniqueFd alive, pid_t remover) : alive_(std::move(alive)), remover_(remover) {}
  void remove();

  UniqueFd alive_; ///< the child waits for its end
  pid_t remover_ = -1;
};

} // namespace xtg::net
