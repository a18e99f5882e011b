// SPDX-License-Identifier: BSD-2-Clause
// What a TCP sink read: connections of the kernel's TCP, as this host's application sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/rate.h"

namespace xtg::stats {

enum class TcpSinkEnd : std::uint8_t {
  Open,   ///< not ended yet; closed from here at the end of the run
  Closed, ///< the far end sent its FIN, and everything before it was read
  Reset,  ///< by the far end
  Failed, ///< any other error: the text has it
};
std::string_view to_string(TcpSinkEnd end); // "open", "closed", "reset", "failed"

struct TcpSinkConnection {
  std::string from; ///< "198.18.0.1:40000"
  std::uint64_t bytes = 0;
  std::uint64_t first_ns = 0, last_ns = 0; ///< first and last data that was read; 0: none
  TcpSinkEnd end = TcpSinkEnd::Open;
  std::string error;                     ///< of Failed
  std::optional<std::uint64_t> wrong_at; ///< offset of the first byte that differs, if verified
  std::uint64_t segments = 0;            ///< data segments received, by TCP_INFO
  std::uint64_t out_of_order = 0;        ///< segments, by TCP_INFO
  std::uint64_t rtt_us = 0;              ///< of the receiver, by TCP_INFO; 0: none
  bool operator==(const TcpSinkConnection&) const = default;
};

/// Counts from the start.
struct TcpSinkCounters {
  std::uint64_t bytes = 0;
  std::uint64_t accepted = 0; ///< connections
  std::uint64_t closed = 0, reset = 0, failed = 0;
  std::uint64_t refused = 0; ///< sources that are not allowed, and connections beyond the limit
  std::uint64_t wrong = 0;   ///< connections whose data differs
  bool operator==(const TcpSinkCounters&) const = default;
  TcpSinkCounters operator-(const TcpSinkCounters& before) const;
  [[nodiscard]] std::uint64_t open() const { return accepted - closed - reset - failed; }
};

struct TcpSinkSnapshot {
  std::uint64_t time_ns = 0;
  TcpSinkCounters sum;
};

/// One interval, or the whole run.
struct TcpSinkSample {
  double start_s = 0, end_s = 0;
  TcpSinkCounters sum;    ///< within the interval
  std::uint64_t open = 0; ///< connections, at its end
  double bps = 0;         ///< bits per second that were read
};
TcpSinkSample tcp_sink_delta(const TcpSinkSnapshot& from, const TcpSinkSnapshot& to,
                             std::uint64_t origin_ns);

struct TcpSinkSummary {
  TcpSinkSample total;  ///< from the first byte read to the last
  double waiting_s = 0; ///< rest of the run
  EndReason end = EndReason::Interrupted;
  std::vector<TcpSinkConnection> connections; ///< in the order in which they came
  double cpu_s = 0;
};
TcpSinkSummary tcp_sink_summary(const TcpSinkSnapshot& first, const TcpSinkSnapshot& last,
                                std::vector<TcpSinkConnection> connections,
                                std::uint64_t origin_ns);

/// Why nothing was read, a sentence without a period; empty if something was.
std::string why_nothing(const TcpSinkSummary& summary);

} // namespace xtg::stats
