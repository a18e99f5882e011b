// SPDX-License-Identifier: BSD-2-Clause
#include "rx_run.h"

#include <cmath>

#include <fmt/format.h>

#include "core/clock.h"
#include "interrupt.h"
#include "net/interface.h"

namespace xtg::bench {

namespace {

Result<std::uint64_t> arrived(const net::VethTestBed& bed) {
  auto counters = bed.far_ns().run([&bed] { return net::link_counters(bed.far().ifindex); });
  if (!counters) return tl::unexpected<Error>(counters.error());
  return counters->rx_packets;
}

} // namespace

Result<nlohmann::json> received(const net::VethTestBed& bed, const Options& options,
                                const std::vector<std::string>& arguments,
                                const std::function<Status()>& meanwhile) {
  std::vector<std::string> command = {options.binary, "rx", bed.far().name, "--json"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto receiver = Child::start(bed.far_ns(), command, {}, true);
  if (!receiver) return tl::unexpected<Error>(receiver.error());
  if (auto ok = pause(kAttach); !ok) return tl::unexpected<Error>(ok.error());
  const Status sent = meanwhile();
  receiver->interrupt();
  const ChildEnd end = receiver->wait();
  if (!sent) return tl::unexpected<Error>(sent.error());
  auto report = nlohmann::json::parse(end.output, nullptr, false);
  if (end.status != 0 || !report.is_object())
    return fail(Errc::System, fmt::format("the receiver ended with status {}", end.status));
  return report;
}

Result<Child> start_udp(const net::VethTestBed& bed, const Options& options,
                        const std::vector<std::string>& arguments) {
  const auto ms = std::lround((kWarmUp + options.seconds + kMargin) * 1e3);
  std::vector<std::string> command = {
      options.binary, "udp", bed.near().name, "--quiet",
      "--cpus",       "0",   "--duration",    fmt::format("{}ms", ms)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Child::start(bed.near_ns(), command, {}, false);
}

Status ended(Child& sender) {
  const ChildEnd end = sender.wait();
  if (interrupted()) return fail(Errc::System, "interrupted");
  if (end.status == 0) return {};
  return fail(Errc::System, fmt::format("the sender ended with status {}", end.status));
}

Result<double> arrival_rate(const net::VethTestBed& bed, const Options& options) {
  if (auto ok = pause(kWarmUp); !ok) return tl::unexpected<Error>(ok.error());
  const auto n0 = arrived(bed);
  const std::uint64_t t0 = monotonic_ns();
  if (auto ok = pause(options.seconds); !ok) return tl::unexpected<Error>(ok.error());
  const auto n1 = arrived(bed);
  const std::uint64_t t1 = monotonic_ns();
  if (!n0 || !n1) return fail(Errc::System, "the far end's counters cannot be read");
  return static_cast<double>(*n1 - *n0) * 1e3 / static_cast<double>(t1 - t0);
}

} // namespace xtg::bench
