// SPDX-License-Identifier: BSD-2-Clause
// An XDP program that drops whatever an interface receives, in the driver: a far end that keeps up.
// The interface's own counters still count. Attached by bpf_link, so it ends with the object or the
// process.
#pragma once

#include "core/result.h"
#include "core/unique_fd.h"

namespace xtg::xdp {

class DropSink {
public:
  /// In the calling thread's network namespace.
  static Result<DropSink> attach(int ifindex);

private:
  explicit DropSink(UniqueFd link) : link_(std::move(link)) {}
  UniqueFd link_;
};

} // namespace xtg::xdp
