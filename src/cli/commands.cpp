// SPDX-License-Identifier: BSD-2-Clause
// The smaller commands; `udp`, `tcp` and `rx` have files of their own.
#include "cli/commands.h"

#include <algorithm>

#include "cli/common_options.h"
#include "cli/completion.h"
#include "packet/frame.h"

namespace xtg::cli {
namespace {

constexpr std::uint64_t kMaxQueues = 64;
constexpr std::array<Choice<bool>, 2> kFarEnds = {{{"drop", true}, {"stack", false}}};
constexpr std::uint64_t kMinMtu = 68, kMaxMtu = 65535; // what a veth device takes

} // namespace

Command::Command(CLI::App& root, const std::string& name, const std::string& summary)
    : app_(*root.add_subcommand(name, summary)), options_(app_) {
  app_.get_help_ptr()->group(root.get_help_ptr()->get_group());
}

bool Command::given_short(std::string_view name) const {
  return std::any_of(args_.begin(), args_.end(), [&](const std::string& arg) {
    return arg.starts_with(name) && !arg.starts_with("--");
  });
}

ProbeCommand::ProbeCommand(CLI::App& root)
    : Command(root, "probe", "Show what this kernel, this user and an interface can do.") {
  options_.group("Options");
  options_.value({"-i,--interface,interface", "INTERFACE",
                  "look at this interface too; the same as the argument", "the host only"},
                 into(parse_interface, spec_.interface));
  options_.flag({"--json", "", "print one JSON document"}, [this] { spec_.json = true; });
}

Result<Request> ProbeCommand::request() {
  if (auto ok = options_.apply(); !ok) return tl::unexpected<Error>(ok.error());
  return Request(spec_);
}

DemoCommand::DemoCommand(CLI::App& root)
    : Command(root, "demo", "Send between two network namespaces made for it; needs no hardware.") {
  app_.footer("[-- COMMAND [ARGUMENT]...]");
  options_.group("Run");
  options_.value({"--duration", "TIME", "how long to send: seconds, or 500ms, 2m, 1h",
                  format_duration(spec_.duration)},
                 into(parse_positive_duration, spec_.duration));
  options_.value({"-s,--pkt-size", "BYTES",
                  fmt::format("frame with its FCS, {} to {}",
                              packet::min_frame_size(packet::Family::V4), packet::max_frame_size()),
                  std::to_string(spec_.frame_size)},
                 into(parse_frame_size, spec_.frame_size));
  add_rate(options_, spec_.rate);
  add_rate_burst(options_, spec_.rate);
  add_threads(options_, "-t,--threads", spec_.threads, spec_.cpus);
  options_.group("Output");
  add_interval(options_, spec_.interval);
  add_json(options_, spec_.output);
  options_.group("Wire (the veth pair between the namespaces)");
  options_.value({"--queues", "N", fmt::format("queues of each end, 1 to {}", kMaxQueues),
                  std::to_string(spec_.queues)},
                 into(whole_number<std::uint32_t>(1, kMaxQueues), spec_.queues));
  options_.value({"--mtu", "BYTES", fmt::format("MTU of each end, {} to {}", kMinMtu, kMaxMtu),
                  std::to_string(spec_.mtu)},
                 into(whole_number<std::uint32_t>(kMinMtu, kMaxMtu), spec_.mtu));
  options_.flag({"--no-gro", "", "leave GRO off at the far end: with --far stack nothing arrives"},
                [this] { spec_.gro = false; });
  options_.value({"--far", choice_names<bool>(kFarEnds),
                  "who receives: an XDP program that drops, or the ordinary stack",
                  choice_name<bool>(kFarEnds, spec_.far_drops)},
                 into(one_of<bool>(kFarEnds), spec_.far_drops));
}

void DemoCommand::set_command(std::vector<std::string> command, bool given) {
  spec_.command = std::move(command);
  command_given_ = given;
}

Result<Request> DemoCommand::request() {
  if (auto ok = options_.apply(); !ok) return tl::unexpected<Error>(ok.error());
  if (command_given_ && spec_.command.empty())
    return bad_usage("demo --: expected a command and its arguments behind --");
  if (command_given_) {
    for (const char* option : {"--duration", "--pkt-size", "--rate", "--rate-layer", "--burst",
                               "--threads", "--cpus", "--interval", "--json", "--json-stream"})
      if (options_.given(option))
        return bad_usage(fmt::format("{} does nothing for the command behind --: --queues, --mtu, "
                                     "--no-gro and --far are accepted with it",
                                     option));
  }
  if (auto ok = settle_threads(options_, spec_.threads, spec_.cpus); !ok)
    return tl::unexpected<Error>(ok.error());
  if (auto ok = check_rate_and_burst(options_, spec_.rate); !ok)
    return tl::unexpected<Error>(ok.error());
  if (auto ok = check_json(spec_.output); !ok) return tl::unexpected<Error>(ok.error());
  return Request(spec_);
}

CompletionCommand::CompletionCommand(CLI::App& root)
    : Command(root, "completion", "Print a completion script for a shell: bash, zsh or fish."),
      root_(root) {
  options_.value({"shell", "bash|zsh|fish", "the shell to complete for"},
                 [this](const std::string& text) -> Status {
                   shell_ = text;
                   return {};
                 });
}

Result<Request> CompletionCommand::request() {
  if (auto ok = options_.apply(); !ok) return tl::unexpected<Error>(ok.error());
  if (shell_ == "bash") return Request(TextRequest{bash_completion(root_)});
  if (shell_ == "zsh") return Request(TextRequest{zsh_completion(root_)});
  if (shell_ == "fish") return Request(TextRequest{fish_completion(root_)});
  return bad_value("completion", shell_, "expected bash, zsh or fish");
}

} // namespace xtg::cli
