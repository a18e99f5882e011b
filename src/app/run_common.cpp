// SPDX-License-Identifier: BSD-2-Clause
#include "app/run_common.h"

#include <cerrno>
#include <ctime>

#include <sys/resource.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/driver_refusal.h"
#include "app/facts.h"
#include "core/fd_buffer.h"
#include "net/caps.h"
#include "net/interface.h"
#include "plan/diagnose.h"

namespace xtg::app {

namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::vector<std::string_view> missing_caps(const net::Caps& caps, bool tracing) {
  std::vector<std::string_view> missing;
  if (!caps.can_load()) missing.emplace_back("CAP_BPF");
  if (!caps.net_admin) missing.emplace_back("CAP_NET_ADMIN");
  if (tracing && !caps.can_trace()) missing.emplace_back("CAP_PERFMON");
  return missing;
}

std::string missing_text(const std::vector<std::string_view>& missing) {
  return fmt::format("{} missing: run as root, or give the program its capabilities with "
                     "setcap cap_bpf,cap_net_admin,cap_perfmon+ep",
                     fmt::join(missing, " and "));
}

} // namespace

double process_cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Status check_caps(bool tracing) {
  const auto caps = net::effective_caps();
  if (!caps) return {};
  if (!net::in_initial_user_namespace())
    return fail(Errc::NoPermission,
                "inside a user namespace (a rootless container): its capabilities "
                "do not reach BPF; run it in the host's user namespace");
  const auto missing = missing_caps(*caps, tracing);
  if (missing.empty()) return {};
  return fail(Errc::NoPermission, missing_text(missing));
}

Status remove_obstacle(const plan::InterfaceFacts& iface,
                       const std::vector<plan::FrameSize>& frame_sizes, bool fix,
                       std::unique_ptr<Repair>& repair, std::vector<std::string>& notes) {
  for (const plan::FrameSize size : frame_sizes) {
    const auto obstacle = plan::preflight(iface, size);
    if (!obstacle) continue;
    if (repair || !fix || obstacle->fix == plan::Fix::None)
      return fail(Errc::NotSupported,
                  obstacle->paragraph() +
                      (obstacle->fix != plan::Fix::None ? "; --fix does it for the run" : ""));
    auto applied = Repair::apply(*obstacle, iface);
    if (!applied) return tl::unexpected<Error>(std::move(applied.error()));
    repair = std::move(*applied);
    notes.push_back(repair->what());
    return {};
  }
  if (fix) repair = Repair::share(iface);
  if (repair) notes.push_back(repair->what());
  return {};
}

report::RunInfo run_info(const Context& context, const plan::HostFacts& host,
                         const std::string& source_note) {
  report::RunInfo info;
  info.command = context.command;
  info.started_utc = utc_now();
  info.hostname = host_name();
  info.kernel = host.kernel;
  info.source_note = source_note;
  info.source = source_note.empty() ? stats::CountSource::Tracepoint : stats::CountSource::Link;
  return info;
}

Context beside_capture(Context& context, const std::string& pcap_path) {
  return {pcap_path == "-" ? context.err : context.out, context.err, context.signals,
          context.command, context.started_ns};
}

Error explained(Error error) {
  if (error.sys != EPERM) return error;
  const auto caps = net::effective_caps();
  if (!caps) return error;
  const auto missing = missing_caps(*caps, true);
  error.what =
      fmt::format("{}; {}", error.message(),
                  missing.empty() ? plan::explain_denial(net::guards()) : missing_text(missing));
  error.sys = 0;
  return error;
}

Error output_error(const std::ostream& out) {
  return Error{Errc::System, write_error(out), "write to the standard output"};
}

std::string missed_words(std::size_t missed, std::size_t conditions) {
  return fmt::format("{} of {} conditions missed", missed, conditions);
}

bool for_people(const plan::OutputSpec& output) {
  return !output.json && !output.json_stream && !output.quiet;
}

void show_plan(const plan::Plan& plan, report::Notes& notes, Context& context) {
  const plan::OutputSpec& output = plan.spec.output;
  if (output.json || output.json_stream)
    context.out << report::plan_json(plan, true) << '\n';
  else if (!output.quiet)
    report::print_plan(context.out, plan);
  context.out.flush();
  if (for_people(output)) notes.tell(plan.notes);
}

Result<Attached> attach_by_mode(plan::RxMode mode, const plan::InterfaceFacts& iface,
                                std::string_view done,
                                const std::function<Status(xdp::RxPlace)>& attach) {
  if (mode != plan::RxMode::Generic) {
    auto native = attach(xdp::RxPlace::Native);
    if (native) return Attached{};
    // Where another program is, it is in both places.
    const bool elsewhere = mode == plan::RxMode::Auto &&
                           native.error().code == Errc::NotSupported && native.error().sys != EBUSY;
    Error why = explained(std::move(native.error()), iface, Program::Receiver);
    if (!elsewhere || !attach(xdp::RxPlace::Generic)) return tl::unexpected<Error>(std::move(why));
    return Attached{xdp::RxPlace::Generic,
                    fmt::format("{} in generic mode, behind the driver, which is slower: {}", done,
                                why.message()),
                    why};
  }
  if (auto generic = attach(xdp::RxPlace::Generic); !generic)
    return tl::unexpected<Error>(std::move(generic.error()));
  return Attached{.place = xdp::RxPlace::Generic};
}

std::optional<Error> link_fault(const plan::InterfaceFacts& iface) {
  const auto state = net::link_state(iface.ifindex);
  if (!state || (state->exists && state->up)) return std::nullopt;
  return Error{
      Errc::System, 0,
      fmt::format("{} {} during the run", iface.name, state->exists ? "went down" : "was removed")};
}

Error silence_error(const plan::InterfaceFacts& iface, plan::FrameSize frame_size,
                    const stats::Snapshot& now) {
  const auto facts = net::interface_facts(iface.ifindex);
  auto errnos = now.errnos;
  if (!facts) errnos = {{ENODEV, 1}};
  const auto diagnosis = plan::diagnose_silence(facts ? *facts : iface, frame_size, errnos);
  const bool ever = now.total.accepted != 0;
  return Error{ever ? Errc::System : Errc::NotSupported, 0,
               fmt::format("{}: {}",
                           ever ? "frames are no longer accepted" : "no frame was accepted",
                           diagnosis.paragraph())};
}

Result<std::string> pass_note(const plan::InterfaceFacts& iface, Status attached) {
  if (attached)
    return fmt::format("a pass program is attached to {} for the run: its driver allots XDP "
                       "transmit queues only then",
                       iface.name);
  // Somebody else's program does as well, should one have appeared since the facts were gathered.
  if (attached.error().sys == EBUSY || attached.error().sys == EEXIST)
    return attached.error().message();
  return tl::unexpected<Error>(explained(std::move(attached.error()), iface, Program::Pass));
}

Error while_running(Error error) {
  if (error.code == Errc::NotFound) error.code = Errc::System;
  return error;
}

} // namespace xtg::app
