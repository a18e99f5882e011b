// SPDX-License-Identifier: BSD-2-Clause
// A TCP receiver that only reads: a process of its own with one thread, epoll and any number of
// connections. It ends with its Receiver.
#pragma once

#include <cstdint>
#include <memory>

#include <sys/types.h>

#include "core/result.h"
#include "net/netns.h"

namespace xtg::bench {

class Receiver {
public:
  /// Listens on IPv6 and IPv4 in `ns`.
  static Result<Receiver> start(const net::NetNs& ns, std::uint16_t port);
  Receiver(Receiver&& other) noexcept;
  Receiver& operator=(Receiver&&) = delete;
  ~Receiver();

  [[nodiscard]] std::uint64_t bytes() const;    ///< bytes read, over all connections so far
  [[nodiscard]] std::uint64_t accepted() const; ///< connections

  struct Counters; ///< shared with the process

private:
  struct Unmap {
    void operator()(Counters* counters) const;
  };
  Receiver() = default;

  std::unique_ptr<Counters, Unmap> counters_;
  pid_t pid_ = -1;
};

} // namespace xtg::bench
