// SPDX-License-Identifier: BSD-2-Clause
// Each command's part of the text form: lines for its events. Events during a run get its begin as
// well. Internal to this folder.
#pragma once

#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "report/event.h"
#include "report/notes.h"

namespace xtg::report {

/// Output streams, and what has been printed so far.
struct Page {
  Page(std::ostream& out_stream, std::ostream& err) : out(out_stream), notes(err) {}

  /// A row of a summary.
  void row(std::string_view label, std::string_view value);
  void count(std::string_view label, std::uint64_t value);
  void count(std::string_view label, std::uint64_t value, std::string_view rest);
  /// How the run ended; a failure is printed in the same row.
  void ended(std::string_view how);

  std::ostream& out;
  Notes notes;
  std::string error;                                  ///< the first failure
  std::set<std::pair<std::size_t, std::size_t>> seen; ///< flows that the lines have mentioned
};

/// Why a sending run ended. `all_sent`: the text if the amount was reached.
std::string_view end_text(stats::EndReason reason, std::string_view all_sent);
/// The end by amount, with what a queueing discipline dropped or still holds of it.
std::string all_sent_text(const stats::TxCounters& tx, plan::TxPath via);

void to_text(Page& page, const UdpBegin& begin);
void to_text(Page& page, const UdpBegin& begin, const stats::Sample& sample);
void to_text(Page& page, const UdpBegin& begin, const stats::Summary& summary);

void to_text(Page& page, const PortTestBegin& begin);
void to_text(Page& page, const PortTestBegin& begin, const stats::PortTestSample& sample);
void to_text(Page& page, const PortTestBegin& begin, const PortTestEnd& end);

void to_text(Page& page, const TcpBegin& begin);
void to_text(Page& page, const TcpBegin& begin, const stats::TcpSample& sample);
void to_text(Page& page, const TcpBegin& begin, const stats::TcpSummary& summary);
void to_text(Page& page, const TcpBegin& begin, const FlowEnded& ended);

void to_text(Page& page, const RxBegin& begin);
void to_text(Page& page, const RxBegin& begin, const stats::RxSample& sample);
void to_text(Page& page, const RxBegin& begin, const RxEnd& end);
void to_text(Page& page, const Announced& announced);

void to_text(Page& page, const ReflectBegin& begin);
void to_text(Page& page, const ReflectBegin& begin, const stats::ReflectSample& sample);
void to_text(Page& page, const ReflectBegin& begin, const stats::ReflectSummary& summary);

void to_text(Page& page, const TcpSinkBegin& begin);
void to_text(Page& page, const TcpSinkBegin& begin, const stats::TcpSinkSample& sample);
void to_text(Page& page, const TcpSinkBegin& begin, const stats::TcpSinkSummary& summary);

void to_text(Page& page, const SearchBegin& begin);
void to_text(Page& page, const SearchBegin& begin, const SearchTrial& trial);
void to_text(Page& page, const SearchBegin& begin, const SearchEnd& end);

} // namespace xtg::report
