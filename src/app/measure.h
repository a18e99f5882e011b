// SPDX-License-Identifier: BSD-2-Clause
// A run is a function: plan in, events and an outcome out. It may be called any number of times in
// a process, also after a failure, and from a process that handles no signals. It leaves nothing
// behind. An Error means that the run did not begin and the sink received nothing.
#pragma once

#include "app/kept_ports.h"
#include "core/result.h"
#include "core/stop_token.h"
#include "plan/port_test_plan.h"
#include "plan/plan.h"
#include "plan/reflect_plan.h"
#include "plan/rx_plan.h"
#include "plan/tcp_plan.h"
#include "plan/tcp_sink_plan.h"
#include "report/event.h"
#include "run/loop.h"

namespace xtg::app {

using run::AwaitStart;
using run::Outcome;

/// `asker`: the first members of RunInfo, known to the front end; measure() fills in the rest.
/// `kept`: for a series of runs on the same ports.
Result<Outcome> measure(const plan::Plan& plan, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker = {}, KeptPort* kept = nullptr,
                        const AwaitStart& await_start = {});
Result<Outcome> measure(const plan::PortTestPlan& plan, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker = {}, KeptPorts* kept = nullptr,
                        const AwaitStart& await_start = {});
Result<Outcome> measure(const plan::TcpPlan& plan, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker = {}, const AwaitStart& await_start = {});
Result<Outcome> measure(const plan::RxPlan& plan, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker = {}, KeptPort* kept = nullptr,
                        const AwaitStart& await_start = {});
Result<Outcome> measure(const plan::ReflectPlan& plan, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker = {}, const AwaitStart& await_start = {});
Result<Outcome> measure(const plan::TcpSinkPlan& plan, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker = {}, const AwaitStart& await_start = {});

} // namespace xtg::app
