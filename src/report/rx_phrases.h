// SPDX-License-Identifier: BSD-2-Clause
// What the text, the JSON and the verdicts of `rx` say alike. Internal to this folder.
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

/// Why a frame was written, by bit of XTG_RX_SHOW_*.
inline constexpr std::array<std::string_view, XTG_RX_REASONS> kSampleReasons{
    "every", "first", "late", "lost", "duplicate", "corrupt"};

/// Sequence numbers up to the highest one that came; 0: none are known.
std::uint64_t expected_packets(const stats::RxCounters& counters);
/// Whether any test frame came: without one, nothing tells of loss, order and delay.
bool any_signature(const stats::RxCounters& counters);
/// Those that have a packet; a filter is a stream even if nothing fitted.
std::size_t streams_that_arrived(const std::vector<stats::RxStream>& streams);
/// Whether all that came was counted by filters: of loss and order nothing is known.
bool only_matched(const std::vector<stats::RxStream>& streams);
/// A variation of the delay takes two packets of one unit.
bool has_variation(const stats::RxStream& stream);
bool has_variation(const std::vector<stats::RxStream>& streams);
/// Variation of the delay at a quantile: above the smallest one (RFC 5481, PDV).
std::uint64_t delay_variation(const stats::RxDelay& delay, double q);

/// Microseconds without the unit, with a fraction while they are few: "5.123", "48.2", "1,250".
std::string us_number(double ns);
/// Of what was expected: "0.0012 %". What is too small to be seen is not 0.
std::string percent_text(double ratio);
std::string signed_text(std::int64_t value); ///< "-1,234"
/// "session 00c0ffee stream 3"; the compact form has the session's low digits only.
std::string stream_text(const stats::RxName& name);
/// "12 frames in x.pcap: 10 every, 2 late"; what is missing there is told, too.
std::string samples_text(const stats::RxSamples& samples);
/// "match 'udp dst port 10000'"
std::string match_text(const stats::RxStream& stream);
/// A value in the unit of what it is about: "0.0012 %", "52.3 us", "1,000".
std::string value_text(plan::Expected what, double value);

} // namespace xtg::report
