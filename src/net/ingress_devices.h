// SPDX-License-Identifier: BSD-2-Clause
// Devices that give a send program its place. The program has to be attached to something for the
// whole run, or each kernel call stops for some 24 ms (dispatcher update); and each sending thread
// names a device of its own as the one its frames come in by, which is how the program tells the
// threads apart. Nothing ever passes through the devices. They vanish with the Anchor, and with the
// process however it ends.
#pragma once

#include <optional>
#include <type_traits>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"
#include "net/netns.h"

namespace xtg::net {

class IngressDevices {
public:
  static constexpr unsigned kMaxCount = 256;

  /// `count` devices, which stay down. In a private namespace where one can be made they are veth
  /// ends, for the kernel clears away a whole namespace behind our back; else TAP devices in the
  /// caller's namespace, each of which takes some 20 ms to close.
  static Result<IngressDevices> create(unsigned count);

  /// Device i has this plus i; the low eight bits of it are zero.
  [[nodiscard]] int base_ifindex() const { return base_; }
  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] bool is_private() const { return ns_.has_value(); }

  /// Puts the calling thread where the devices are; whoever names them to the kernel has to be
  /// there.
  [[nodiscard]] Status enter() const;
  /// Calls `fn` on a thread of its own there.
  template <class F>
  auto run(F&& fn) const -> std::invoke_result_t<F> {
    if (ns_) return ns_->run(std::forward<F>(fn));
    return std::forward<F>(fn)();
  }

private:
  IngressDevices(std::optional<NetNs> ns, std::vector<UniqueFd> taps, int base, unsigned count)
      : ns_(std::move(ns)), taps_(std::move(taps)), base_(base), count_(count) {}

  std::optional<NetNs> ns_;
  std::vector<UniqueFd> taps_; ///< each keeps its device; none when they are veths
  int base_ = 0;
  unsigned count_ = 0;
};

} // namespace xtg::net
