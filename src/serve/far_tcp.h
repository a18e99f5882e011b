// SPDX-License-Identifier: BSD-2-Clause
// A `tcp` test of two hosts: what each end does, and the result of both. Pure.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"
#include "packet/address.h"
#include "plan/tcp_sink_spec.h"
#include "plan/tcp_spec.h"

namespace xtg::serve {

struct Way;

/// The end that sends: here, and as the body of a request.
plan::TcpSpec near_tcp(plan::TcpSpec spec, const packet::Ip& to, const std::string& interface);
std::string far_tcp(plan::TcpSpec spec, const packet::Ip& to, const std::string& interface);
/// The end that reads, from `sender` alone.
plan::TcpSinkSpec near_tcp_sink(const plan::TcpSpec& spec, const packet::Ip& sender,
                                const std::string& interface);
std::string far_tcp_sink(const plan::TcpSpec& spec, const packet::Ip& sender,
                         const std::string& interface);

/// What one end sent and the other one read; NotFound where a side's figures are missing.
struct TcpLedger {
  std::uint64_t sent = 0;   ///< bytes, retransmissions included
  std::uint64_t acked = 0;  ///< bytes that the receiving kernel acknowledged
  std::uint64_t read = 0;   ///< bytes that its application read
  std::uint64_t unread = 0; ///< acknowledged, and not read: lost with a connection that was reset
  std::uint64_t retransmitted = 0;                               ///< segments
  std::uint64_t opened = 0, accepted = 0, closed = 0, reset = 0; ///< connections
  std::uint64_t wrong = 0; ///< connections that carried other data
  double sent_bps = 0, read_bps = 0;
};
Result<TcpLedger> tcp_ledger_of(const Way& way);
nlohmann::ordered_json tcp_ledger_value(const Way& way, const TcpLedger& ledger);
void print_tcp_ledger(std::ostream& out, const Way& way, const TcpLedger& ledger);

} // namespace xtg::serve
