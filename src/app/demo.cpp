// SPDX-License-Identifier: BSD-2-Clause
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
#include "core/text.h"
#include "core/units.h"
#include "net/interface.h"
#include "net/wire.h"
#include "xdp/drain.h"

namespace xtg::app {

namespace {

plan::TestSpec stream_over(const net::Wire& wire, const plan::DemoSpec& spec) {
  plan::StreamSpec stream;
  stream.dst_addr = packet::IpRange{wire.far().v4, 1};
  stream.dst_port = packet::PortRange{10'000, 16};
  stream.frame_size = spec.frame_size;
  stream.rate = spec.rate;

  plan::TestSpec test;
  test.ports.push_back({.interface = wire.near().name,
                        .streams = {std::move(stream)},
                        .threads = spec.threads,
                        .cpus = spec.cpus});
  test.duration = spec.duration;
  test.interval = spec.interval;
  test.output = spec.output;
  return test;
}

Result<net::LinkCounters> far_counters(const net::Wire& wire) {
  return wire.far_ns().run([&wire] { return net::link_counters(wire.far().ifindex); });
}

int show(const net::Wire& wire, const plan::DemoSpec& spec, Context& context) {
  const bool talk = for_people(spec.output);
  if (talk) {
    fmt::print(context.out,
               "Two network namespaces, joined by a veth pair:\n"
               "  {} has {} ({}), {} has {} ({})\n\n",
               wire.near_ns_name(), wire.near().name, wire.near().v4.to_string(),
               wire.far_ns_name(), wire.far().name, wire.far().v4.to_string());
    context.out.flush();
  }
  const auto before = far_counters(wire);
  // Everything from here on happens in the near namespace; main's own was only needed to make the
  // wire.
  if (auto entered = wire.near_ns().enter(); !entered)
    return report_error(entered.error(), context);
  const int status = udp(stream_over(wire, spec), context);
  const auto after = far_counters(wire);
  // Beside an error before anything was sent it would only distract.
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

void describe_wire(const net::Wire& wire) {
  const auto set = [](const char* name, const std::string& value) {
    setenv(name, value.c_str(), 1);
  };
  set("XTG_NEAR_NS", wire.near_ns_name());
  set("XTG_FAR_NS", wire.far_ns_name());
  set("XTG_NEAR_IF", wire.near().name);
  set("XTG_FAR_IF", wire.far().name);
  set("XTG_NEAR_MAC", wire.near().mac.to_string());
  set("XTG_FAR_MAC", wire.far().mac.to_string());
  set("XTG_NEAR_IP", wire.near().v4.to_string());
  set("XTG_FAR_IP", wire.far().v4.to_string());
  set("XTG_NEAR_IP6", wire.near().v6.to_string());
  set("XTG_FAR_IP6", wire.far().v6.to_string());
}

[[noreturn]] void become(const net::Wire& wire, const std::vector<std::string>& command,
                         const Context& context) {
  context.restore_signals();
  if (!wire.near_ns().enter()) _exit(126);
  describe_wire(wire);
  std::vector<char*> argv;
  for (const std::string& word : command)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  const int error = errno;
  fmt::print(stderr, "xdp-trafficgen: {}: {}\n", printable(command[0]), std::strerror(error));
  _exit(127);
}

/// Runs the command on the wire; a signal that a process sent us is handed on (the terminal's reach
/// it anyway), and the wire outlives it.
int run_command(const net::Wire& wire, const plan::DemoSpec& spec, Context& context) {
  const auto attended = context.stop.attend();
  const pid_t child = fork();
  if (child < 0) return report_error(fail_sys(errno, "fork").value(), context);
  if (child == 0) become(wire, spec.command, context);

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
  net::WireSpec wire_spec;
  wire_spec.queues = spec.queues;
  wire_spec.mtu = spec.mtu;
  wire_spec.gro = spec.gro;
  std::optional hold = context.stop.hold();
  auto wire = net::Wire::create(wire_spec);
  if (!wire) {
    const auto error = std::move(wire.error()).context("make two namespaces and a veth pair");
    return reject_request(error, spec.output, context);
  }
  const auto undo = context.stop.before_exit([&wire] {
    (void)net::NetNs::remove_named(wire->near_ns_name());
    (void)net::NetNs::remove_named(wire->far_ns_name());
  });
  hold.reset();
  std::optional<xdp::Drain> drain;
  if (spec.far_drops) {
    auto attached = wire->far_ns().run([&wire] { return xdp::Drain::attach(wire->far().ifindex); });
    if (!attached) return reject_request(attached.error(), spec.output, context);
    drain.emplace(std::move(*attached));
  }
  return spec.command.empty() ? show(*wire, spec, context) : run_command(*wire, spec, context);
}

} // namespace xtg::app
