// SPDX-License-Identifier: BSD-2-Clause
// Devices to which a send program is attached. It must be attached to something for the whole run;
// otherwise each kernel call stops for some 24 ms (dispatcher update). Each sending thread also
// names a device of its own as the one its frames arrive on, by which the program distinguishes the
// threads. No traffic passes through the devices. They end with the IngressDevices object, and with
// the process however it ends.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"
#include "net/netns.h"

namespace xtg::net {

class IngressDevices {
public:
  static constexpr unsigned kMaxCount = 256;

  /// Creates `count` devices, which stay down. If possible they are veth ends in a private
  /// namespace, which the kernel removes as a whole in the background; otherwise TAP devices in the
  /// caller's namespace, each of which takes some 20 ms to close.
  static Result<IngressDevices> create(unsigned count);
  /// The same in the caller's namespace, where what arrives at them can be sent on. The other ends
  /// of the veths are in a private namespace, which takes both along.
  static Result<IngressDevices> create_here(unsigned count);
  IngressDevices(IngressDevices&& other) noexcept
      : ns_(std::move(other.ns_)), taps_(std::move(other.taps_)), base_(other.base_),
        count_(other.count_), here_(std::exchange(other.here_, false)) {}
  IngressDevices& operator=(IngressDevices&&) = delete;
  ~IngressDevices();

  /// Device i has this index plus i; the low eight bits of it are zero.
  [[nodiscard]] int base_ifindex() const { return base_; }
  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] bool is_private() const { return ns_.has_value() && !here_; }

  /// Moves the calling thread to the devices' namespace, as any use of their indexes requires.
  [[nodiscard]] Status enter() const;
  /// Calls `fn` there, on a thread of its own.
  template <class F>
  auto run(F&& fn) const -> std::invoke_result_t<F> {
    if (is_private()) return ns_->run(std::forward<F>(fn));
    return std::forward<F>(fn)();
  }

private:
  IngressDevices(std::optional<NetNs> ns, std::vector<UniqueFd> taps, int base, unsigned count,
                 bool here = false)
      : ns_(std::move(ns)), taps_(std::move(taps)), base_(base), count_(count), here_(here) {}

  std::optional<NetNs> ns_;
  std::vector<UniqueFd> taps_; ///< each keeps its device; empty if they are veths
  int base_ = 0;
  unsigned count_ = 0;
  bool here_ = false; ///< of veths: their near ends are in the caller's namespace
};

} // namespace xtg::net
