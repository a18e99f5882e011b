// SPDX-License-Identifier: BSD-2-Clause
// What each command contributes to the JSON forms: values of its events. Those of a run under way
// get its begin as well. Internal to this folder.
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

} // namespace xtg::report
