// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.h"

#include "cli/common_options.h"
#include "plan/rx_plan.h"

namespace xtg::cli {

RxCommand::RxCommand(CLI::App& root)
    : Command(root, "rx", "Receive test frames: count and time every one of them.") {
  declare_frames();
  declare_run();
  declare_output();
}

void RxCommand::declare_frames() {
  options_.group("Frames");
  options_.value(
      {"-i,--interface,interface", "INTERFACE", "where to receive; the same as the argument"},
      into(parse_interface, spec_.interface));
  add_mode(options_, spec_.mode);
  options_.value({"--session", "HEX", "only frames of this session: 8 hex digits", "any"},
                 into(parse_session, spec_.session));
  options_.value({"-p,--port", "PORT", "only frames to this UDP port, 0 to 65535", "any"},
                 into(whole_number<std::uint16_t>(0, 65535), spec_.port));
  options_.flag({"--observe", "", "let what was counted go on to the stack"},
                [this] { spec_.observe = true; });
  options_.list({"--match", "FILTER",
                 "count frames without a signature, too, as in 'udp dst port 10000'; repeatable"},
                [this](const std::string& text) -> Status {
                  auto words = take_zones(text, spec_.zone);
                  if (!words) return tl::unexpected<Error>(std::move(words.error()));
                  auto filter = packet::Filter::parse(*words);
                  if (!filter) return tl::unexpected<Error>(std::move(filter.error()));
                  spec_.match.push_back(std::move(*filter));
                  return {};
                });
  options_.flag({"--drop-matched", "", "take what --match counts instead of letting it pass"},
                [this] { spec_.drop_matched = true; });
  options_.flag({"--verify", "", "verify checksums; what is corrupt is counted apart"},
                [this] { spec_.verify = true; });
  add_window(options_, spec_.window);
  options_.value({"--streams", "N",
                  fmt::format("streams, times their receive queues, 1 to {}", plan::kMaxRxStreams),
                  std::to_string(spec_.streams)},
                 into(whole_number<std::uint32_t>(1, plan::kMaxRxStreams), spec_.streams));
}

void RxCommand::declare_run() {
  options_.group("End and verdict");
  options_.value({"-n,--num-packets", "N", "stop when so many frames were counted", "0, no limit"},
                 into(amount_of("packets"), spec_.num_packets));
  options_.value({"--duration", "TIME", "stop after this: seconds, or 500ms, 2m, 1h", "no limit"},
                 into(parse_positive_duration, spec_.duration));
  options_.value({"--drain", "TIME",
                  "after a run's announced end, wait this long for missing frames",
                  format_duration(spec_.drain)},
                 into(parse_duration, spec_.drain));
  options_.flag({"--ignore-announcements", "", "do not begin or end with announced runs"},
                [this] { spec_.ignore_announcements = true; });
  add_key(options_, spec_.key);
  options_.value({"--expect", "CONDITIONS",
                  "exit status 3 unless all hold, as in loss<0.001%,p99<50us,rx=10000"},
                 into(plan::parse_expect, spec_.expect));
}

void RxCommand::declare_output() {
  options_.group("Output");
  options_.value({"--write-pcap", "FILE", "write test frames as a capture for Wireshark"},
                 into(parse_path, spec_.pcap_path));
  options_.value({"--sample", "WHICH",
                  "1/1000, first:N, late, lost, duplicate, corrupt, with commas",
                  plan::to_string(spec_.sample)},
                 into(plan::parse_sample, spec_.sample));
  add_interval(options_, spec_.interval);
  add_json(options_, spec_.output);
  add_talk(options_, spec_.output);
}

Result<Request> RxCommand::request() {
  if (auto ok = options_.apply(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = check_json(spec_.output); !ok) return tl::unexpected<Error>(ok.error());
  if (spec_.pcap_path.empty() && options_.given("--sample"))
    return bad_usage(
        fmt::format("--sample {} goes with --write-pcap", plan::to_string(spec_.sample)));
  if (spec_.key && spec_.ignore_announcements)
    return bad_usage(
        "--key and --ignore-announcements exclude each other: the key only checks announcements");
  if (spec_.interface.empty())
    return bad_usage("rx: expected the name of an interface, such as \"rx eth0\"");
  return Request(spec_);
}

} // namespace xtg::cli
