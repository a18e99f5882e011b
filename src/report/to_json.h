// SPDX-License-Identifier: BSD-2-Clause
// Each command's part of the JSON forms: values of its events. Events during a run get its begin as
// well. Internal to this folder.
#pragma once

#include "report/event.h"
#include "report/json_values.h"

namespace xtg::report {

Json to_json(const UdpBegin& begin);
Json to_json(const UdpBegin& begin, const stats::Sample& sample);
Json to_json(const UdpBegin& begin, const stats::Summary& summary);

Json to_json(const PortTestBegin& begin);
Json to_json(const PortTestBegin& begin, const stats::PortTestSample& sample);
Json to_json(const PortTestBegin& begin, const PortTestEnd& end);

Json to_json(const TcpBegin& begin);
Json to_json(const TcpBegin& begin, const stats::TcpSample& sample);
Json to_json(const TcpBegin& begin, const stats::TcpSummary& summary);
Json to_json(const FlowEnded& ended);

Json to_json(const RxBegin& begin);
Json to_json(const RxBegin& begin, const stats::RxSample& sample);
Json to_json(const RxBegin& begin, const RxEnd& end);
Json to_json(const Announced& announced);

Json to_json(const ReflectBegin& begin);
Json to_json(const ReflectBegin& begin, const stats::ReflectSample& sample);
Json to_json(const ReflectBegin& begin, const stats::ReflectSummary& summary);

Json to_json(const TcpSinkBegin& begin);
Json to_json(const TcpSinkBegin& begin, const stats::TcpSinkSample& sample);
Json to_json(const TcpSinkBegin& begin, const stats::TcpSinkSummary& summary);

Json to_json(const SearchBegin& begin);
Json to_json(const SearchBegin& begin, const SearchTrial& trial);
Json to_json(const SearchBegin& begin, const SearchEnd& end);

} // namespace xtg::report
