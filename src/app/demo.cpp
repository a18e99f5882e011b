// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/app.h"
#include "app/front_end.h"
#include "core/exit_status.h"
#include "core/program_name.h"
#include "core/text.h"
#include "core/units.h"
#include "net/interface.h"
#include "net/veth_test_bed.h"
#include "plan/diagnose.h"
#include "xdp/drop_sink.h"

namespace xtg::app {

namespace {

constexpr std::uint32_t kAroundPacket = 18; // Ethernet header and FCS

bool enters(const plan::DemoSpec& spec) {
  return spec.via == plan::TxPath::Receive;
}

plan::TestSpec stream_over(const net::VethTestBed& bed, const plan::DemoSpec& spec) {
  plan::StreamSpec stream;
  stream.dst_addr = packet::IpRange{enters(spec) ? bed.near().v4 : bed.far().v4, 1};
  stream.dst_port = packet::PortRange{10'000, 16};
  stream.frame_size = spec.frame_size;
  stream.rate = spec.rate;

  plan::TestSpec test;
  test.ports.push_back({.interface = bed.near().name,
                        .streams = {std::move(stream)},
                        .threads = spec.threads,
                        .cpus = spec.cpus,
                        .via = spec.via});
  test.duration = spec.duration;
  test.interval = spec.interval;
  test.output = spec.output;
  return test;
}

/// Why a far end without GRO receives nothing. There is no --fix for an end that the demo makes.
Status check_far_ring(const net::VethTestBed& bed, const plan::DemoSpec& spec) {
  if (spec.gro || spec.via != plan::TxPath::Xdp) return {};
  const auto facts = net::interface_facts(bed.near().ifindex);
  if (!facts) return tl::unexpected<Error>(facts.error());
  const auto obstacle = plan::preflight(*facts, spec.frame_size);
  if (!obstacle || obstacle->fix != plan::Fix::PeerRing) return {};
  return fail(Errc::NotSupported,
              obstacle->paragraph() +
                  "; the demo has GRO there without --no-gro, and needs none with --via tc");
}

Result<net::LinkCounters> far_counters(const net::VethTestBed& bed) {
  return bed.far_ns().run([&bed] { return net::link_counters(bed.far().ifindex); });
}

int show(const net::VethTestBed& bed, const plan::DemoSpec& spec, Context& context) {
  const bool talk = for_people(spec.output);
  if (talk) {
    fmt::print(context.out,
               "Two network namespaces, joined by a veth pair:\n"
               "  {} has {} ({}), {} has {} ({})\n\n",
               bed.near_ns_name(), bed.near().name, bed.near().v4.to_string(), bed.far_ns_name(),
               bed.far().name, bed.far().v4.to_string());
    context.out.flush();
  }
  const auto before = far_counters(bed);
  // Everything from here on happens in the near namespace; main's own was needed only to create the
  // test bed.
  if (auto entered = bed.near_ns().enter(); !entered) return report_error(entered.error(), context);
  if (auto ready = check_far_ring(bed, spec); !ready)
    return reject_request(ready.error(), spec.output, context);
  const int status = udp(stream_over(bed, spec), context);
  if (enters(spec)) return status; // the far end sees none of it
  const auto after = far_counters(bed);
  // After an error before anything was sent, the far end's counters would only distract.
  const bool received = before && after && after->rx_packets != before->rx_packets;
  if (talk && before && after && (received || status == static_cast<int>(ExitStatus::Done))) {
    fmt::print(context.out,
               "\nThe far end's own interface counters: {} packets, {} bytes received\n",
               with_thousands(after->rx_packets - before->rx_packets),
               with_thousands(after->rx_bytes - before->rx_bytes));
    context.out.flush();
  }
  return status;
}

void describe_bed(const net::VethTestBed& bed) {
  const auto set = [](const char* name, const std::string& value) {
    setenv(name, value.c_str(), 1);
  };
  set("XTG_NEAR_NS", bed.near_ns_name());
  set("XTG_FAR_NS", bed.far_ns_name());
  set("XTG_NEAR_IF", bed.near().name);
  set("XTG_FAR_IF", bed.far().name);
  set("XTG_NEAR_MAC", bed.near().mac.to_string());
  set("XTG_FAR_MAC", bed.far().mac.to_string());
  set("XTG_NEAR_IP", bed.near().v4.to_string());
  set("XTG_FAR_IP", bed.far().v4.to_string());
  set("XTG_NEAR_IP6", bed.near().v6.to_string());
  set("XTG_FAR_IP6", bed.far().v6.to_string());
}

[[noreturn]] void become(const net::VethTestBed& bed, const std::vector<std::string>& command,
                         const Context& context) {
  context.restore_signals();
  if (!bed.near_ns().enter()) _exit(126);
  describe_bed(bed);
  std::vector<char*> argv;
  for (const std::string& word : command)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  const int error = errno;
  fmt::print(stderr, "{}: {}: {}\n", program_name(), printable(command[0]), std::strerror(error));
  _exit(127);
}

/// Runs the command in the test bed, which outlives it. Forwards signals sent by a process; those
/// of the terminal reach the child anyway.
int run_command(const net::VethTestBed& bed, const plan::DemoSpec& spec, Context& context) {
  const auto attended = context.stop.attend();
  const pid_t child = fork();
  if (child < 0) return report_error(fail_sys(errno, "fork").value(), context);
  if (child == 0) become(bed, spec.command, context);

  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    pollfd ready = {context.stop.fd(), POLLIN, 0};
    poll(&ready, 1, 20);
    if (context.stop.take().sent > 0) kill(child, SIGTERM);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

int demo(const plan::DemoSpec& spec, Context& context) {
  net::VethTestBedSpec bed_spec;
  bed_spec.queues = spec.queues;
  bed_spec.mtu = spec.mtu.value_or(std::max(1500U, spec.frame_size - kAroundPacket));
  bed_spec.gro = spec.gro;
  std::optional hold = context.stop.hold();
  auto bed = net::VethTestBed::create(bed_spec);
  if (!bed) {
    const auto error = std::move(bed.error()).context("make two namespaces and a veth pair");
    return reject_request(error, spec.output, context);
  }
  const auto undo = context.stop.before_exit([&bed] {
    (void)net::NetNs::remove_named(bed->near_ns_name());
    (void)net::NetNs::remove_named(bed->far_ns_name());
  });
  hold.reset();
  std::optional<xdp::DropSink> drop_sink;
  if (spec.far_drops) {
    auto attached = bed->far_ns().run([&bed] { return xdp::DropSink::attach(bed->far().ifindex); });
    if (!attached) return reject_request(attached.error(), spec.output, context);
    drop_sink.emplace(std::move(*attached));
  }
  return spec.command.empty() ? show(*bed, spec, context) : run_command(*bed, spec, context);
}

} // namespace xtg::app
