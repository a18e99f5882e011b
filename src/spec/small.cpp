// SPDX-License-Identifier: BSD-2-Clause
// The options of `probe`, `demo`, `report` and `completion`.
#include <array>

#include "packet/frame.h"
#include "spec/tables.h"

namespace xtg::spec {
namespace {

using plan::DemoSpec;

constexpr std::uint64_t kMaxQueues = 64;
constexpr std::array<Choice<bool>, 2> kFarEnds = {{{"drop", true}, {"stack", false}}};
constexpr std::uint64_t kMinMtu = 68, kMaxMtu = 65535; // limits of a veth device

template <class T>
auto of_demo(T DemoSpec::*member) {
  return [member](Scope& s) -> T& { return s.get<DemoSpec>().*member; };
}

Status check_demo(const Test& test, const Asked& asked) {
  const auto& spec = std::get<DemoSpec>(test.of);
  if (!spec.command.empty())
    for (const char* option :
         {"--duration", "--pkt-size", "--rate", "--rate-layer", "--burst", "--report",
          "--prometheus", "--via", "--threads", "--cpus", "--interval", "--json", "--json-stream"})
      if (asked.has(option))
        return bad_usage(fmt::format("{} has no effect on the command after --: --queues, --mtu, "
                                     "--no-gro and --far are accepted with it",
                                     option));
  return check_rate_and_burst(asked, spec.rate);
}

} // namespace

CommandInfo probe_command() {
  Table table(Command::Probe, "probe", "Show what this kernel, this user and an interface can do.");
  interface_row(
      table, "-i,--interface,interface", "check this interface, too; the same as the argument",
      [](Scope& s) -> std::string& { return s.get<plan::ProbeSpec>().interface; }, "the host only");
  table.flag("--json", "print one JSON document",
             [](Scope& s) -> bool& { return s.get<plan::ProbeSpec>().json; });
  return table.done();
}

CommandInfo demo_command() {
  Table table(Command::Demo, "demo",
              "Send between two network namespaces made for it; needs no hardware.");
  table.info().profile = true;
  table.info().rest = "[-- COMMAND [ARGUMENT]...]";
  const std::uint32_t least = packet::min_frame_size(packet::Family::V4);
  table.group("Run");
  table.value({"--duration", "TIME", "how long to send: seconds, or 500ms, 2m, 1h"},
              of_demo(&DemoSpec::duration), parse_positive_duration);
  table.value({"-s,--pkt-size", "BYTES",
               fmt::format("frame with its FCS, {} to {}", least, packet::longest_frame_size())},
              of_demo(&DemoSpec::frame_size),
              whole_number<std::uint32_t>(least, packet::longest_frame_size()));
  rate_rows(table, of_demo(&DemoSpec::rate));
  burst_row(table, of_demo(&DemoSpec::rate));
  table.choice("--via", "transmit path", of_demo(&DemoSpec::via), kTxPaths);
  thread_rows(table, "-t,--threads", of_demo(&DemoSpec::threads), of_demo(&DemoSpec::cpus));
  table.group("Output");
  interval_row(table, of_demo(&DemoSpec::interval));
  json_rows(table, of_demo(&DemoSpec::output));
  table.group("Wire (the veth pair between the namespaces)");
  table.value({"--queues", "N", fmt::format("queues of each end, 1 to {}", kMaxQueues)},
              of_demo(&DemoSpec::queues), whole_number<std::uint32_t>(1, kMaxQueues));
  table.value({"--mtu", "BYTES", fmt::format("MTU of each end, {} to {}", kMinMtu, kMaxMtu),
               "1500, or what the frames need"},
              of_demo(&DemoSpec::mtu), whole_number<std::uint32_t>(kMinMtu, kMaxMtu));
  table.flag("--no-gro", "leave GRO off at the far end; with --far stack nothing arrives",
             of_demo(&DemoSpec::gro), false);
  table.choice("--far", "receiver: an XDP program that drops, or the ordinary stack",
               of_demo(&DemoSpec::far_drops), kFarEnds);
  table.info().check = check_demo;
  return table.done();
}

CommandInfo report_command() {
  Table table(Command::Report, "report",
              "Make an HTML report of results of --json or --json-stream.");
  Option& files =
      table.add({"files", "FILE...", "results; - for the standard input", ""}, Kind::Text);
  files.many = true;
  files.clear = [](Scope& s) { s.get<plan::ReportSpec>().files.clear(); };
  files.read = [](Scope& s, const std::string& text) -> Status {
    auto path = parse_path(text);
    if (!path) return tl::unexpected<Error>(std::move(path.error()));
    s.get<plan::ReportSpec>().files.push_back(std::move(*path));
    return {};
  };
  table.value(
      {"-o,--output", "FILE", "write the report here; - for the standard output"},
      [](Scope& s) -> std::string& { return s.get<plan::ReportSpec>().output; }, parse_output_file);
  table.info().check = [](const Test& test, const Asked&) -> Status {
    if (std::get<plan::ReportSpec>(test.of).files.empty())
      return bad_usage("report: expected files with results of --json or --json-stream");
    return {};
  };
  return table.done();
}

CommandInfo completion_command() {
  Table table(Command::Completion, "completion",
              "Print a completion script for a shell: bash, zsh or fish.");
  table.value(
      {"shell", "bash|zsh|fish", "the shell to complete for", ""},
      [](Scope& s) -> std::string& { return s.get<Completion>().shell; },
      [](std::string_view text) -> Result<std::string> { return std::string(text); });
  return table.done();
}

} // namespace xtg::spec
