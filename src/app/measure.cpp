// SPDX-License-Identifier: BSD-2-Clause
#include "app/measure.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/port_test_run.h"
#include "app/planned_capture.h"
#include "app/reflect_run.h"
#include "app/repair.h"
#include "app/run_common.h"
#include "app/rx_run.h"
#include "app/sample_file.h"
#include "app/udp_run.h"
#include "app/tcp_run.h"
#include "app/tcp_sink_run.h"
#include "app/this_host.h"
#include "plan/tx_path.h"

namespace xtg::app {

namespace {

/// An object that disappears while a run is prepared is not wrong input.
tl::unexpected<Error> while_preparing(Error error) {
  if (error.code == Errc::NotFound) error.code = Errc::System;
  return tl::unexpected<Error>(std::move(error));
}

std::vector<plan::FrameSize> frame_sizes(const plan::Plan& plan) {
  std::vector<plan::FrameSize> sizes;
  for (const plan::StreamPlan& stream : plan.streams)
    sizes.push_back(plan::largest_frame(stream));
  return sizes;
}

/// Repairs or reports whatever keeps frames from leaving a port.
Status remove_obstacles(plan::PortTestPlan& plan, std::vector<std::unique_ptr<Repair>>& repairs) {
  plan::settle_paths(plan);
  for (plan::PortPlan& port : plan.ports) {
    if (!port.send || plan::receives_at_its_peer(plan, port)) continue;
    auto clear = remove_obstacle(port.iface, frame_sizes(*port.send), port.send->fix,
                                 repairs.emplace_back(), port.send->notes, port.send->via);
    if (!clear) return clear;
  }
  return {};
}

} // namespace

Result<Outcome> measure(const plan::Plan& asked, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker, KeptPort* kept, const AwaitStart& await_start) {
  ThisHost host(std::move(asker));
  plan::Plan plan = asked;
  std::unique_ptr<Repair> repair;
  Status ready = check_caps(false);
  if (ready)
    ready = remove_obstacle(plan.iface, frame_sizes(plan), plan.fix, repair, plan.notes, plan.via);
  if (ready) ready = write_planned_frames(plan);
  if (!ready) return tl::unexpected<Error>(std::move(ready.error()));
  sink.take(report::Step{
      fmt::format("interface {} (index {}, driver {}), {} threads, batches of {}", plan.iface.name,
                  plan.iface.ifindex, plan.iface.driver, plan.cpus.size(), plan.batch)});
  auto course = UdpRun::prepare(plan, host.info().started_ns, kept);
  if (!course && plan.attach_pass && plan.asked().via == plan::TxPath::Auto &&
      course.error().code == Errc::NotSupported) {
    plan::fall_back_to_tc(plan, course.error().message());
    course = UdpRun::prepare(plan, host.info().started_ns, kept);
  }
  if (!course) return while_preparing(std::move(course.error()));
  sink.take(report::Step{"programs loaded and attached to the dispatcher, threads ready"});
  return run::carry_out(**course, host.info(), sink, stop, host, await_start);
}

Result<Outcome> measure(const plan::PortTestPlan& asked, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker, KeptPorts* kept, const AwaitStart& await_start) {
  ThisHost host(std::move(asker));
  plan::PortTestPlan plan = asked;
  std::vector<std::unique_ptr<Repair>> repairs;
  Status ready = check_caps(true);
  if (ready) ready = remove_obstacles(plan, repairs);
  if (!ready) return tl::unexpected<Error>(std::move(ready.error()));
  auto test = PortTest::prepare(plan, host.info().started_ns, kept);
  if (!test) return while_preparing(std::move(test.error()));
  return run::carry_out(**test, host.info(), sink, stop, host, await_start);
}

Result<Outcome> measure(const plan::TcpPlan& asked, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker, const AwaitStart& await_start) {
  ThisHost host(std::move(asker));
  plan::TcpPlan plan = asked;
  std::unique_ptr<Repair> repair;
  Status ready = check_caps(true);
  if (ready)
    ready = remove_obstacle(plan.iface, {plan::largest_frame(plan)}, plan.spec.fix, repair,
                            plan.notes, plan.via);
  if (!ready) return tl::unexpected<Error>(std::move(ready.error()));
  TcpRun course(plan, host.info().started_ns, stop);
  if (auto prepared = course.prepare(); !prepared)
    return while_preparing(std::move(prepared.error()));
  return run::carry_out(course, host.info(), sink, stop, host, await_start);
}

Result<Outcome> measure(const plan::RxPlan& plan, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker, KeptPort* kept, const AwaitStart& await_start) {
  ThisHost host(std::move(asker));
  if (auto ready = check_caps(true); !ready) return tl::unexpected<Error>(std::move(ready.error()));
  std::optional<SampleFile> samples;
  if (!plan.spec.pcap_path.empty()) {
    auto created = SampleFile::create(plan.spec.pcap_path);
    if (!created) return tl::unexpected<Error>(std::move(created.error()));
    samples.emplace(std::move(*created));
  }
  RxRun course(plan, samples ? &*samples : nullptr);
  if (auto prepared = course.prepare(kept != nullptr ? &kept->links : nullptr); !prepared)
    return while_preparing(std::move(prepared.error()));
  return run::carry_out(course, host.info(), sink, stop, host, await_start);
}

Result<Outcome> measure(const plan::ReflectPlan& asked, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker, const AwaitStart& await_start) {
  ThisHost host(std::move(asker));
  plan::ReflectPlan plan = asked;
  // A reflector from which no frame can leave would be silent: checked first.
  std::unique_ptr<Repair> repair;
  const std::vector<plan::FrameSize> smallest = {packet::min_frame_size(packet::Family::V4)};
  Status ready = check_caps(true);
  if (ready && plan::leaves_by_xdp(plan))
    ready = remove_obstacle(plan.iface, smallest, plan.spec.fix, repair, plan.notes);
  if (!ready) return tl::unexpected<Error>(std::move(ready.error()));
  ReflectRun course(plan);
  if (auto prepared = course.prepare(); !prepared)
    return while_preparing(std::move(prepared.error()));
  return run::carry_out(course, host.info(), sink, stop, host, await_start);
}

Result<Outcome> measure(const plan::TcpSinkPlan& plan, report::Sink& sink, const StopToken& stop,
                        report::RunInfo asker, const AwaitStart& await_start) {
  ThisHost host(std::move(asker));
  TcpSinkRun course(plan);
  if (auto prepared = course.prepare(); !prepared)
    return while_preparing(std::move(prepared.error()));
  return run::carry_out(course, host.info(), sink, stop, host, await_start);
}

} // namespace xtg::app
