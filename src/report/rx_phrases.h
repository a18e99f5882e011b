// SPDX-License-Identifier: BSD-2-Clause
// Phrases shared by the text, the JSON and the verdicts of `rx`. Internal to this folder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ethernet.h"
#include "plan/rx_plan.h"
#include "stats/rx.h"

namespace xtg::report {

/// Reasons for writing a frame, by bit of XTG_RX_SHOW_*.
inline constexpr std::array<std::string_view, XTG_RX_REASONS> kSampleReasons{
    "every", "first", "late", "lost", "duplicate", "corrupt"};

/// Sequence numbers up to the highest one received; 0: none is known.
std::uint64_t expected_packets(const stats::RxCounters& counters);
/// Whether any test frame arrived: without one, loss, order and delay are unknown.
bool any_signature(const stats::RxCounters& counters);
/// Streams with a packet; a filter is a stream even if nothing matched.
std::size_t streams_that_arrived(const std::vector<stats::RxStream>& streams);
/// Whether all arrivals were counted by filters: then loss and order are unknown.
bool only_matched(const std::vector<stats::RxStream>& streams);
/// Delay variation needs two packets of one unit.
bool has_variation(const stats::RxStream& stream);
bool has_variation(const std::vector<stats::RxStream>& streams);
/// Delay variation at a quantile: relative to the smallest delay (RFC 5481, PDV).
std::uint64_t delay_variation(const stats::RxDelay& delay, double q);

/// Microseconds without the unit, with a fraction if small: "5.123", "48.2", "1,250".
std::string us_number(double ns);
/// Share of the expected packets: "0.0012 %". A share too small to show is not printed as 0.
std::string percent_text(double ratio);
std::string signed_text(std::int64_t value); ///< "-1,234"
/// "session 00c0ffee stream 3"; the compact form has only the session's low digits.
std::string stream_text(const stats::RxName& name);
/// "12 frames in x.pcap: 10 every, 2 late", and what is missing there.
std::string samples_text(const stats::RxSamples& samples);
/// "match 'udp dst port 10000'"
std::string match_text(const stats::RxStream& stream);
/// A value in the unit of its quantity: "0.0012 %", "52.3 us", "1,000".
std::string value_text(plan::Expected what, double value);

} // namespace xtg::report
