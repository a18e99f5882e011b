// SPDX-License-Identifier: BSD-2-Clause
// The options of `udp` that make it see both ends: --rx, --port and what goes with them.
#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "cli/commands.h"
#include "cli/common_options.h"
#include "core/text.h"
#include "plan/rx_plan.h"

namespace xtg::cli {
namespace {

/// What a port may have of its own: all that says which frames it sends, and how fast.
constexpr std::array kOfAPort = {"--dst-mac",     "--src-mac",  "--dst-addr",   "--src-addr",
                                 "--dst-port",    "--src-port", "--dyn-ports",  "--hop-limit",
                                 "--tos",         "--pkt-size", "--payload",    "--no-udp-checksum",
                                 "--vary",        "--seed",     "--stamp",      "--round-trip",
                                 "--num-packets", "--rate",     "--rate-layer", "--burst",
                                 "--pace",        "--threads",  "--cpus",       "--once"};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

/// "dst-addr=10.0.0.1" as a word of the command line.
Result<std::string> port_word(const std::string& part) {
  if (part.empty()) return fail(Errc::InvalidArgument, "nothing stands behind one of its commas");
  const std::string word = "--" + part, name = word.substr(0, word.find('='));
  if (std::ranges::find(kOfAPort, name) == kOfAPort.end())
    return fail(Errc::InvalidArgument,
                fmt::format("{} is not an option that a port has of its own: expected one of {}",
                            xtg::quoted(name.substr(2)), fmt::join(kOfAPort, ", ")));
  return word;
}

} // namespace

void UdpCommand::declare_ends() {
  options_.group("Both ends");
  options_.list(
      {"--rx", "INTERFACE", "receive there what is sent, and give account of every packet"},
      [this](const std::string& text) -> Status {
        auto name = parse_interface(text);
        if (!name) return tl::unexpected<Error>(std::move(name.error()));
        rx_.push_back(std::move(*name));
        return {};
      });
  options_.flag({"--bidir", "", "the receiving interface sends as well, the way back"},
                [this] { ends_.bidir = true; });
  options_.list({"--port", "INTERFACE[...]",
                 "a port that sends and receives, with options of its own as in eth1,rate=1Mpps"},
                [this](const std::string& text) -> Status {
                  ports_.push_back(text);
                  return {};
                });
  options_.value({"--drain", "TIME", "at the end, wait this long for frames in flight", "2s"},
                 into(parse_duration, ends_.drain));
  add_window(options_, ends_.window);
  options_.value({"--expect", "CONDITIONS",
                  "exit status 3 unless all hold, as in loss=0%,p99<50us,rx@eth2=10/11"},
                 into(plan::parse_expect, ends_.expect));
}

Status UdpCommand::check_ends() const {
  const bool both = !rx_.empty() || !ports_.empty();
  for (const char* name : {"--drain", "--window", "--expect"})
    if (!both && options_.given(name))
      return bad_usage(fmt::format("{} needs a receiver: --rx or --port", name));
  if (ends_.bidir && rx_.empty())
    return bad_usage("--bidir needs the interface that sends the way back: --rx");
  if (!both) return {};
  if (ends_.bidir && std::ranges::all_of(rx_, [&](const auto& n) { return n == spec_.interface; }))
    return bad_usage(fmt::format("--bidir: {} is the only interface, and sends already: --rx names "
                                 "the one that sends the way back",
                                 xtg::quoted(spec_.interface)));
  if (ends_.bidir && !ports_.empty())
    return bad_usage("--bidir and --port exclude each other: ports send both ways by themselves");
  if (!ports_.empty() && !spec_.interface.empty())
    return bad_usage(fmt::format("{} and --port both name where to send: with --port, all "
                                 "interfaces are ports",
                                 xtg::quoted(spec_.interface)));
  if (ports_.empty() && spec_.interface.empty())
    return bad_usage("--rx: expected the name of the sending interface, too, as in \"udp eth0 --rx "
                     "eth1\"");
  if (!spec_.streams.front().signature)
    return bad_usage("--no-signature and --rx exclude each other: the receiver knows frames by "
                     "their signatures");
  if (spec_.announce)
    return bad_usage("--announce goes without --rx and --port: one process knows both ends");
  if (spec_.session)
    return bad_usage("--session goes without --rx and --port: one process knows both ends");
  if (spec_.streams.front().clock == plan::StampClock::Tai)
    return bad_usage("--clock tai goes without --rx and --port: both ends are on this host, where "
                     "one clock is right");
  if (!spec_.pcap_path.empty()) return bad_usage("--write-pcap goes without --rx and --port");
  const bool json = spec_.output.json || spec_.output.json_stream;
  if (spec_.dry_run && json && (ends_.bidir || ports_.size() > 1))
    return bad_usage("--dry-run shows several sending ports as text only");
  return {};
}

/// One --port, on top of what was given for all of them.
Result<plan::PortSpec> UdpCommand::port_spec(const std::string& text) const {
  const auto bad = [&](const Error& error) { return bad_value("--port", text, error.what); };
  auto parts = split(text);
  auto name = parse_interface(parts.front());
  if (!name) return bad(name.error());
  std::vector<std::string> words;
  bool own_threads = false;
  for (std::size_t i = parts.size() - 1; i > 0; --i) { // CLI11 takes them from the back
    auto word = port_word(parts[i]);
    if (!word) return bad(word.error());
    own_threads = own_threads || word->starts_with("--threads=");
    words.push_back(std::move(*word));
  }
  words.emplace_back("udp");
  CLI::App root;
  UdpCommand own(root);
  own.spec_ = spec_; // in place: the options hold on to the stream
  own.spec_.interface = *name;
  if (own_threads) own.spec_.cpus.clear(); // how many there are is the port's own
  try {
    root.parse(std::move(words));
  } catch (const CLI::Error& error) {
    return bad(Error{Errc::InvalidArgument, 0, error.what()});
  }
  auto spec = own.run_spec();
  if (!spec) return bad(spec.error());
  return plan::PortSpec{*name, std::move(*spec), true};
}

Result<plan::ExchangeSpec> UdpCommand::exchange_spec() const {
  plan::ExchangeSpec out = ends_;
  out.interval = spec_.interval;
  out.dry_run = spec_.dry_run;
  out.output = spec_.output;
  if (ports_.empty()) out.ports.push_back({spec_.interface, spec_, false});
  for (const std::string& text : ports_) {
    auto port = port_spec(text);
    if (!port) return tl::unexpected<Error>(std::move(port.error()));
    out.ports.push_back(std::move(*port));
  }
  for (const std::string& name : rx_) {
    const auto known = std::ranges::find(out.ports, name, &plan::PortSpec::interface);
    if (known != out.ports.end())
      known->receive = true;
    else
      out.ports.push_back({name, std::nullopt, true});
  }
  return out;
}

} // namespace xtg::cli
