// SPDX-License-Identifier: BSD-2-Clause
// A receiver of the kernel's TCP: accepts connections, reads what comes, and discards it.
// Everything is in the calling thread's network namespace. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "packet/address.h"

namespace xtg::net {

struct TcpSinkSettings {
  std::string interface; ///< SO_BINDTODEVICE
  std::uint16_t port = 0;
  std::uint32_t connections = 0; ///< open at a time
  /// Whether a source is served.
  std::function<bool(const packet::Ip&)> allowed;
  /// What every connection is to carry, over and over; empty: not compared.
  std::vector<std::uint8_t> expected;
};

class TcpSink {
public:
  /// InvalidArgument where the port is in use.
  static Result<std::unique_ptr<TcpSink>> open(TcpSinkSettings spec);
  ~TcpSink();
  TcpSink(const TcpSink&) = delete;
  TcpSink& operator=(const TcpSink&) = delete;

  struct Connection {
    packet::Ip ip;
    std::uint16_t port = 0;
    std::uint64_t bytes = 0, first_ns = 0, last_ns = 0;
    enum class End : std::uint8_t { Open, Closed, Reset, Failed } end = End::Open;
    int error = 0;                                            ///< errno of Failed
    std::int64_t wrong_at = -1;                               ///< first byte that differs; -1: none
    std::uint64_t segments = 0, out_of_order = 0, rtt_us = 0; ///< TCP_INFO
  };
  struct Counters {
    std::uint64_t bytes = 0, accepted = 0, closed = 0, reset = 0, failed = 0, refused = 0,
                  wrong = 0;
  };

  /// Readable when there is something to do.
  [[nodiscard]] int fd() const;
  /// Accepts and reads what is there, for about a millisecond at most; false: that was all.
  bool work();
  [[nodiscard]] const Counters& counters() const;
  /// Connections so far, in their order; those that are open get their TCP_INFO.
  [[nodiscard]] std::vector<Connection> connections();
  /// Resets what is open and listens no more.
  void close();

private:
  struct Impl;
  explicit TcpSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace xtg::net
